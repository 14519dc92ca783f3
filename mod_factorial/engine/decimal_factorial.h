/*
 * n! in decimal arithmetic from the beginning, so that its digits need no conversion.
 */
#ifndef MOD_FACTORIAL_ENGINE_DECIMAL_FACTORIAL_H
#define MOD_FACTORIAL_ENGINE_DECIMAL_FACTORIAL_H

#include "factorial.h"
#include "kernel.h"

/* As factorial_memory_need, for decimal_factorial. */
size_t decimal_memory_need(const kernel *k, uint64_t n);

/*
 * As factorial_compute, by this kernel. n! / 10^z (z the exponent of 5) is the product over the
 * bits i of the prime exponents of P_i^(2^i), P_i the product of the primes whose exponent has bit
 * i (A. Schönhage et al., "Fast Algorithms", 1994); 10^z is written as zeros. The result is checked
 * modulo 2^61 - 1 against the primes.
 */
factorial_status decimal_factorial(const kernel *k, const factorial_job *job, uint64_t n,
                                   char *digits);

#endif
