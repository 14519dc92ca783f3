/*
 * What every stage of the engine asks of its job: memory, and whether to go on.
 */
#ifndef MOD_FACTORIAL_ENGINE_JOB_H
#define MOD_FACTORIAL_ENGINE_JOB_H

#include "factorial.h"

#include <sched.h>

static inline bool job_cancelled(const factorial_job *job)
{
    return (job->cancelled && atomic_load_explicit(job->cancelled, memory_order_relaxed)) ||
           (job->interrupted && job->interrupted(job->context));
}

/* Between steps that take long enough for others to wait. */
static inline void job_give_way(const factorial_job *job)
{
    if (job->gives_way)
        sched_yield();
}

/* NULL if refused. */
static inline void *job_acquire(const factorial_job *job, size_t bytes)
{
    return job->memory->acquire(job->memory, bytes);
}

/* A NULL block is nothing to release. */
static inline void job_release(const factorial_job *job, void *block, size_t bytes)
{
    if (block)
        job->memory->release(job->memory, block, bytes);
}

#endif
