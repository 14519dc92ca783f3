/*
 * The functions of factorial.h for a given algorithm and kernel, for factorial.c, tests and
 * measurements.
 */
#ifndef MOD_FACTORIAL_ENGINE_FACTORIAL_BY_H
#define MOD_FACTORIAL_ENGINE_FACTORIAL_BY_H

#include "factorial.h"
#include "kernel/kernel.h"

/*
 * As factorial_make_plan. FACTORIAL_BY_TABLE needs n <= INSTANT_MAX and table_prepare;
 * FACTORIAL_BY_TRANSFORM needs n >= 2 and a kernel that dispatch_try or dispatch_prepare has
 * prepared; the others ignore the kernel.
 */
factorial_plan factorial_plan_by(factorial_algorithm algorithm, const kernel *k, uint64_t n);

/* As factorial_compute; k is the kernel that the plan was made for. */
factorial_status factorial_compute_by(const kernel *k, const factorial_plan *plan,
                                      const factorial_job *job, char *digits, void *scratch);

#endif
