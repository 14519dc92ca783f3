/*
 * The engine on GMP: every n where nothing else is faster or possible, and the tests' oracle.
 */
#ifndef MOD_FACTORIAL_ENGINE_GMP_H
#define MOD_FACTORIAL_ENGINE_GMP_H

#include "factorial.h"

/*
 * As factorial_memory_need, for gmp_factorial. GMP takes its memory from malloc and aborts the
 * process where malloc fails, so gmp_factorial first acquires this much and gives it back: if that
 * is refused it asks nothing of GMP.
 */
size_t gmp_memory_need(uint64_t n);

/*
 * As factorial_compute. n! / 10^z (z the exponent of 5) is a product over the bits i of the prime
 * exponents of P_i^(2^i), P_i the product of the primes whose exponent has bit i (P. Borwein, "On
 * the complexity of calculating factorials", 1985); its digits come by divide and conquer (Brent
 * and Zimmermann, "Modern Computer Arithmetic", algorithm 1.26). The flag is looked at between
 * GMP's operations, of which none takes over a second up to n = 10^7.
 */
factorial_status gmp_factorial(const factorial_job *job, uint64_t n, char *digits);

#endif
