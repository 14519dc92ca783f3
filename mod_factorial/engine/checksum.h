/*
 * Numbers modulo the prime 2^61 - 1, to check a result independently of all that computed it: n! as
 * the product of all numbers up to n, in machine words, against the characters of the result.
 *
 * Both functions run on the threads of the job, and are undefined if it is cancelled.
 */
#ifndef MOD_FACTORIAL_ENGINE_CHECKSUM_H
#define MOD_FACTORIAL_ENGINE_CHECKSUM_H

#include "factorial.h"
#include "kernel/kernel.h"

/* n!, n <= FACTORIAL_LIMIT. */
uint64_t checksum_of_factorial(const factorial_job *job, uint64_t n);

/* The number that `count` characters are. Any single character that is not what it should be
 * changes it. k reads the characters; NULL is slower. */
uint64_t checksum_of_text(const kernel *k, const factorial_job *job, const char *digits,
                          size_t count);

#endif
