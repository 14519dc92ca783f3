/*
 * n! by GMP: if no kernel can be used, if it is asked for, and as the oracle of the tests.
 */
#ifndef MOD_FACTORIAL_ENGINE_GMP_H
#define MOD_FACTORIAL_ENGINE_GMP_H

#include "factorial.h"

/* Bytes of scratch memory for gmp_factorial, from the plan's n and digits. */
size_t gmp_factorial_scratch(const factorial_plan *plan);

/* An upper bound of the bytes that GMP takes from malloc. If malloc fails, GMP ends the process. */
size_t gmp_factorial_heap(const factorial_plan *plan);

/*
 * As factorial_compute. With z the exponent of 5 in n!, n! / 10^z is the product over i of
 * P_i^(2^i), where P_i is the product of the primes whose exponent has bit i (P. Borwein, "On the
 * complexity of calculating factorials", 1985). It is converted to digits by divide and conquer
 * (Brent and Zimmermann, "Modern Computer Arithmetic", algorithm 1.26). Cancellation is checked
 * between GMP's operations, of which none takes over a second up to n = 10^7.
 */
factorial_status gmp_factorial(const factorial_plan *plan, const factorial_job *job, char *digits,
                               char *scratch);

#endif
