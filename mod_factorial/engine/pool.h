/*
 * Loops whose iterations run on several threads at once: the calling thread and free threads of a
 * pool.
 */
#ifndef MOD_FACTORIAL_ENGINE_POOL_H
#define MOD_FACTORIAL_ENGINE_POOL_H

#include "factorial.h"

/* One iteration of a loop. */
typedef void (*pool_iteration)(void *context, size_t index);

/* Calls run(context, i) for every i below count, in any order. */
typedef struct {
    size_t count;
    pool_iteration run;
    void *context;
} pool_loop;

/*
 * Provides the next loop of a sequence; false after the last. It is called by one thread at a time,
 * when all iterations of the previous loop have returned, and sees their results.
 */
typedef bool (*pool_next)(void *context, pool_loop *loop);

/* The number of threads that may run the job's loops at once: job->threads, or 1 without a pool. */
unsigned pool_threads(const factorial_job *job);

/*
 * Runs the loop on up to pool_threads(job) threads at once and returns when all iterations have
 * returned; the caller sees what they have written. Once the job is cancelled, the remaining
 * iterations are skipped. An iteration must not run loops itself.
 */
void pool_run(const factorial_job *job, size_t count, pool_iteration run, void *context);

/*
 * The same for a sequence of loops. The thread that finishes the last iteration of a loop starts
 * the next one, so the work never waits for a thread to wake up.
 */
void pool_run_sequence(const factorial_job *job, pool_next next, void *context);

#endif
