/*
 * Cancellation of a job, and yielding.
 */
#ifndef MOD_FACTORIAL_ENGINE_JOB_H
#define MOD_FACTORIAL_ENGINE_JOB_H

#include "factorial.h"

#include <sched.h>

static inline bool job_cancelled(const factorial_job *job)
{
    return job->cancelled && job->cancelled(job->context);
}

/* Called between iterations, because a loop may be too long for other threads to wait for. */
static inline void job_yield(const factorial_job *job)
{
    if (job->yield)
        sched_yield();
}

/* The same job on the calling thread only, for work that is short enough for others to wait. */
static inline factorial_job job_alone(const factorial_job *job)
{
    factorial_job alone = *job;
    alone.pool = NULL;
    alone.yield = false;
    return alone;
}

#endif
