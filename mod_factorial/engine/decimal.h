/*
 * Natural numbers in base LIMB_BASE, least significant limb first.
 */
#ifndef MOD_FACTORIAL_ENGINE_DECIMAL_H
#define MOD_FACTORIAL_ENGINE_DECIMAL_H

#include "kernel/convolution.h"

/* Bytes of scratch memory for any product of up to so many limbs. */
size_t decimal_scratch(const kernel *k, size_t limbs);

/* The least for that; see convolution_scratch_least. */
size_t decimal_scratch_least(const kernel *k, size_t limbs);

/*
 * product = a b, without leading zeros if a and b are; returns its limbs. The product's room is
 * a_limbs + b_limbs, none of the factors is 0. It may overlap both factors in any way. Undefined if
 * the job is cancelled.
 */
size_t decimal_multiply(const workspace *w, limb *product, const limb *a, size_t a_limbs,
                        const limb *b, size_t b_limbs);

/* An estimate of the time that decimal_multiply takes on one thread, in the unit of
 * convolution_time; `square` if both factors are the same. */
double decimal_time(const kernel *k, size_t a_limbs, size_t b_limbs, bool square);

/* a *= word < LIMB_BASE, word not 0; returns the limbs, for one more of which there is room. */
size_t decimal_multiply_word(limb *a, size_t limbs, limb word);

#endif
