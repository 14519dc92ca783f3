/*
 * Computations by every algorithm, into guarded memory: what the suites of n! share.
 */
#ifndef MOD_FACTORIAL_TESTS_COMPUTING_H
#define MOD_FACTORIAL_TESTS_COMPUTING_H

#include "engine/factorial_by.h"

/* How a test computes: its loop's index. */
enum { BY_GMP, BY_AUTO, BY_FIRST_KERNEL, BY_SECOND_KERNEL, WAYS };

extern int way;
extern const kernel *used; /* of BY_AUTO, or the forced one */
extern factorial_job job;  /* two threads of a pool that has more; a test may change it */

/* Bytes that GMP holds, and the most that it has held; counted because the plan's bound must cover
 * it. gmp_taken is the sum of all that it has asked for. */
extern size_t gmp_used, gmp_peak, gmp_taken;

/* Checked fixtures. The latter also finds what GMP has not given back. */
void computing_set_up(void);
void computing_tear_down(void);

/* False where there is no such kernel. */
bool choose(int index);

/* A kernel computes from n = 2 on. */
factorial_plan plan_for(uint64_t n);

size_t block_size(const factorial_plan *plan);

/* Computes into buffers which end at pages that cannot be touched, and expects this status. The
 * part of the scratch block that was used goes to *fraction, unless that is NULL. The digits are
 * the caller's to release by guarded_scratch_delete. */
char *compute_guarded(const factorial_plan *plan, factorial_status expected, double *fraction);

/* The same, of which nothing but the status is of interest. */
void compute_expecting(const factorial_plan *plan, factorial_status expected);

/* The digits of n! as a string. The caller frees it. */
char *compute(uint64_t n);

#endif
