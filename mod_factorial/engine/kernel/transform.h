/*
 * What transform.c and residues.c share of one kernel.
 */
#ifndef MOD_FACTORIAL_ENGINE_TRANSFORM_H
#define MOD_FACTORIAL_ENGINE_TRANSFORM_H

#include "kernel.h"
#include "vector.h"

/* Coefficients of the polynomials that a leaf multiplies without transforming them further: the
 * inverse transform of n points delivers n / BASE times the product. */
enum { LEAF = LANES * LANES, BASE = LANES == 8 ? 4 : LANES, BASE_LOG = BASE == 4 ? 2 : 1 };

/* kernel.multiply, kernel.split and kernel.join */
void KERNEL_MULTIPLY(const field *f, double *a, double *b, size_t points, size_t j, unsigned levels,
                     const factorial_job *job);
void KERNEL_SPLIT(const field *f, double *a, size_t h, size_t count, size_t j);
void KERNEL_JOIN(const field *f, double *a, size_t h, size_t count, size_t j);

/* kernel.write_limbs and kernel.read_words */
void KERNEL_WRITE(char *end, const limb *a, size_t count);
void KERNEL_READ(uint64_t *word, const char *digits, size_t count);

#endif
