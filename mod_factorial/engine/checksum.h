/*
 * Numbers modulo the prime 2^61 - 1, by which a result is checked apart from all that computed it.
 */
#ifndef MOD_FACTORIAL_ENGINE_CHECKSUM_H
#define MOD_FACTORIAL_ENGINE_CHECKSUM_H

#include "decimal.h"
#include "primes.h"

/* n! / 10^zeros from its prime powers. `found` are all primes up to n. */
uint64_t checksum_of_primes(const factorial_job *job, const primes *found, uint64_t n,
                            uint64_t zeros);

/* The number that the limbs are. Both are meaningless once the job is cancelled. */
uint64_t checksum_of_limbs(const factorial_job *job, const limb *a, size_t limbs);

#endif
