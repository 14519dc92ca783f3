/*
 * Products of numbers in base LIMB_BASE, least significant limb first, by number-theoretic
 * transforms over three fields.
 */
#ifndef MOD_FACTORIAL_ENGINE_CONVOLUTION_H
#define MOD_FACTORIAL_ENGINE_CONVOLUTION_H

#include "../factorial.h"
#include "kernel.h"

/* Limbs of the longest product: docs/engine.md shows that it is exact. */
#define CONVOLUTION_LIMBS_MAX ((size_t)1 << POINTS_LOG)

/* What products are computed with. */
typedef struct {
    const kernel *kernel;
    const factorial_job *job;
    char *scratch;       /* aligned to FACTORIAL_SCRATCH_ALIGNMENT */
    size_t scratch_size; /* bytes; at least convolution_scratch_least of the longest product */
} workspace;

/* Bytes of scratch memory for any product of so many limbs. */
size_t convolution_scratch(const kernel *k, size_t limbs);

/* The least for that. It costs no speed for a square, nor if one factor has at most a seventh of
 * the product's limbs; other products take longer. */
size_t convolution_scratch_least(const kernel *k, size_t limbs);

/* An estimate of the time for a product of so many limbs, whose shorter factor is so long. The unit
 * is about what schoolbook multiplication takes for each product of two limbs. */
double convolution_time(const kernel *k, size_t limbs, size_t shorter, bool square);

/*
 * product = a b, of a_limbs + b_limbs limbs, none of the three 0. The product may be where a or b
 * is; where a == b and a_limbs == b_limbs it is a square. Undefined if the job is cancelled.
 */
void convolution_multiply(const workspace *w, limb *product, const limb *a, size_t a_limbs,
                          const limb *b, size_t b_limbs);

#endif
