/*
 * Numbers modulo the prime 2^61 - 1, by which a result is checked apart from all that computed it:
 * n! as the product of all numbers up to n, by machine words, against the limbs that came out.
 *
 * All three are meaningless once the job is cancelled. `zeros` decimal zeros follow the number.
 */
#ifndef MOD_FACTORIAL_ENGINE_CHECKSUM_H
#define MOD_FACTORIAL_ENGINE_CHECKSUM_H

#include "factorial.h"
#include "limb.h"

/* n!, n being at most FACTORIAL_LIMIT. */
uint64_t checksum_of_factorial(const factorial_job *job, uint64_t n);

/* The number that so many limbs are, one at least, in base 10^18 with the lowest first. */
uint64_t checksum_of_limbs(const factorial_job *job, const limb *a, size_t limbs, uint64_t zeros);

/* The same in base 2^64, as GMP has them. */
uint64_t checksum_of_words(const factorial_job *job, const uint64_t *a, size_t words,
                           uint64_t zeros);

#endif
