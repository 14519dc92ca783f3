/*
 * Writes numbers in base 10^18 as text.
 */
#ifndef MOD_FACTORIAL_ENGINE_DECIMAL_WRITE_H
#define MOD_FACTORIAL_ENGINE_DECIMAL_WRITE_H

#include "factorial.h"
#include "kernel/kernel.h"

/* Writes x < LIMB_BASE as LIMB_DIGITS digits, leading zeros included. */
void decimal_write_limb(char *digits, limb x);

/*
 * Writes the last `count` digits of a, most significant first, on the threads of the job. a has as
 * many limbs as so many digits need. Undefined if the job is cancelled.
 */
void decimal_write(const kernel *k, const factorial_job *job, char *digits, size_t count,
                   const limb *a, size_t limbs);

#endif
