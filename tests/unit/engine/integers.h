/*
 * Numbers in base LIMB_BASE, as GMP's integers: its arithmetic is the tests' reference.
 */
#ifndef MOD_FACTORIAL_TESTS_INTEGERS_H
#define MOD_FACTORIAL_TESTS_INTEGERS_H

#include "engine/limb.h"

#include <gmp.h>
#include <stddef.h>

/* x = a, which may have leading zeros. Fails the test if a limb is not below LIMB_BASE. */
void integer_from_limbs(mpz_t x, const limb *a, size_t limbs);

#endif
