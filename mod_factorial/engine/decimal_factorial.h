/*
 * n! in decimal arithmetic from the beginning, so that its digits need no conversion.
 */
#ifndef MOD_FACTORIAL_ENGINE_DECIMAL_FACTORIAL_H
#define MOD_FACTORIAL_ENGINE_DECIMAL_FACTORIAL_H

#include "factorial.h"
#include "kernel/kernel.h"

/* Bytes of scratch memory for decimal_factorial, from the plan's n and digits. */
size_t decimal_factorial_scratch(const kernel *k, const factorial_plan *plan);

/*
 * As factorial_compute, by this kernel, n >= 2. With z the exponent of 5 in n!, n! / 10^z is the
 * product over i of P_i^(2^i), where P_i is the product of the primes whose exponent in n! / 10^z
 * has bit i (A. Schönhage et al., "Fast Algorithms", 1994); 10^z is written as zeros. The result is
 * checked modulo 2^61 - 1.
 */
factorial_status decimal_factorial(const kernel *k, const factorial_plan *plan,
                                   const factorial_job *job, char *digits, char *scratch);

#endif
