/*
 * The prime factorisation of n!.
 */
#ifndef MOD_FACTORIAL_ENGINE_PRIMES_H
#define MOD_FACTORIAL_ENGINE_PRIMES_H

#include "factorial.h"

typedef struct {
    uint32_t *prime; /* ascending; as many as `count` */
    size_t count;
    size_t room; /* how many the block holds, for primes_free */
} primes;

/*
 * The exponent of the prime p in n! (Legendre's formula).
 */
uint64_t primes_exponent(uint64_t n, uint64_t p);

/* An upper bound of the number of primes up to n. */
size_t primes_count_bound(uint64_t n);

/*
 * Bytes that primes_sieve has acquired at its peak for this n.
 */
size_t primes_memory_need(uint64_t n);

/*
 * All primes up to n, by a segmented sieve of Eratosthenes over the odd numbers. On FACTORIAL_OK
 * the caller owns `found` and gives it back by primes_free with the same memory; otherwise nothing
 * is held. n is at most FACTORIAL_LIMIT.
 */
factorial_status primes_sieve(const factorial_job *job, uint64_t n, primes *found);

void primes_free(const factorial_job *job, primes *found);

#endif
