/*
 * Products of numbers in base LIMB_BASE, least significant limb first, by number-theoretic
 * transforms over three fields.
 */
#ifndef MOD_FACTORIAL_ENGINE_CONVOLUTION_H
#define MOD_FACTORIAL_ENGINE_CONVOLUTION_H

#include "factorial.h"
#include "kernel.h"

/* Limbs of the longest product: docs/engine.md shows that it is exact. */
#define CONVOLUTION_LIMBS_MAX ((size_t)1 << POINTS_LOG)

/* Bytes of scratch memory, to be aligned to 64, for a product of so many limbs; operands is 1 for a
 * square, 2 otherwise. At most 1.3 times as many for more limbs is monotone. */
size_t convolution_scratch(const kernel *k, size_t limbs, unsigned operands);

/*
 * product = a b, of a_limbs + b_limbs limbs, none of the three 0. The product may be where a or b
 * is; where a == b and a_limbs == b_limbs it is a square. In parallel on the threads of the job, if
 * that is asked for; meaningless once the job is cancelled.
 */
void convolution_multiply(const kernel *k, const factorial_job *job, bool parallel, limb *product,
                          const limb *a, size_t a_limbs, const limb *b, size_t b_limbs,
                          void *scratch);

#endif
