/*
 * The independent check of a result: n! modulo the prime 2^61 - 1, as the product of all numbers up
 * to n in machine words, is compared with the value of the result's characters.
 *
 * Both functions run on the threads of the job, and are undefined if it is cancelled.
 */
#ifndef MOD_FACTORIAL_ENGINE_CHECKSUM_H
#define MOD_FACTORIAL_ENGINE_CHECKSUM_H

#include "factorial.h"
#include "kernel/kernel.h"

/* n!, n <= FACTORIAL_LIMIT. */
uint64_t checksum_of_factorial(const factorial_job *job, uint64_t n);

/* The value of `count` decimal digits. Any single wrong character changes it. k reads the digits;
 * it may be NULL, which is slower. */
uint64_t checksum_of_text(const kernel *k, const factorial_job *job, const char *digits,
                          size_t count);

#endif
