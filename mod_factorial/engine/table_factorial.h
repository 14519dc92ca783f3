/*
 * n! for small n, from a table of every 32nd factorial.
 */
#ifndef MOD_FACTORIAL_ENGINE_TABLE_FACTORIAL_H
#define MOD_FACTORIAL_ENGINE_TABLE_FACTORIAL_H

#include "factorial.h"

/* Builds the table, 370 KB of constants, in a millisecond. Further calls do nothing. */
void table_prepare(void);

/*
 * As factorial_compute, for n up to INSTANT_MAX once table_prepare has returned. Needs no scratch
 * memory and ends too soon to be cancelled. The next smaller factorial in the table is multiplied,
 * in base 10^18, by the numbers between it and n, and each limb is written as soon as it is known.
 */
factorial_status table_factorial(const factorial_plan *plan, char *digits);

#endif
