/*
 * n! / 10^z from the products of primes.
 */
#ifndef MOD_FACTORIAL_ENGINE_POWERS_H
#define MOD_FACTORIAL_ENGINE_POWERS_H

#include "products.h"

/*
 * Computes the product of p->power[i]^(2^i) into `result` and returns its length in limbs. `result`
 * has room for that and p->bits limbs more. The workspace's scratch memory has at least
 * decimal_scratch_least for the result. Undefined if the job is cancelled.
 */
size_t powers_multiply(const products_by_bit *p, const workspace *w, limb *result);

#endif
