/*
 * Numbers in base 10^18 to text.
 */
#ifndef MOD_FACTORIAL_ENGINE_DECIMAL_WRITE_H
#define MOD_FACTORIAL_ENGINE_DECIMAL_WRITE_H

#include "factorial.h"
#include "limb.h"

/* Writes x < LIMB_BASE as LIMB_DIGITS digits, leading zeros included. */
void decimal_write_limb(char *digits, limb x);

/*
 * Writes the digits of a, most significant first, on the threads of the job: those of the highest
 * limb, which is not 0, and LIMB_DIGITS of each other limb. Undefined if the job is cancelled.
 */
void decimal_write(const factorial_job *job, char *digits, const limb *a, size_t limbs);

#endif
