/*
 * The prime factorisation of n!.
 */
#ifndef MOD_FACTORIAL_ENGINE_PRIMES_H
#define MOD_FACTORIAL_ENGINE_PRIMES_H

#include "factorial.h"

typedef struct {
    uint32_t *prime; /* ascending */
    size_t count;
} primes;

/*
 * The exponent of the prime p in n! (Legendre's formula).
 */
uint64_t primes_exponent(uint64_t n, uint64_t p);

/* An upper bound of the number of primes up to n. */
size_t primes_count_bound(uint64_t n);

/* Bytes of scratch memory for primes_sieve, which has to be aligned to 8 bytes. */
size_t primes_scratch(uint64_t n);

/*
 * All primes up to n <= FACTORIAL_LIMIT, by a segmented sieve of Eratosthenes over the odd
 * numbers on the job's threads. They are written to `room`, which has primes_count_bound(n) places.
 * Undefined if the job is cancelled.
 */
primes primes_sieve(const factorial_job *job, uint64_t n, uint32_t *room, void *scratch);

#endif
