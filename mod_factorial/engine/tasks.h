/*
 * Loops whose steps run on several threads at once: the calling thread and free ones of a pool.
 */
#ifndef MOD_FACTORIAL_ENGINE_TASKS_H
#define MOD_FACTORIAL_ENGINE_TASKS_H

#include "factorial.h"

/* One step of a loop: the index-th of all. */
typedef void (*tasks_step)(void *context, size_t index);

/* As job->threads, with the cases that count as 1 resolved. */
unsigned tasks_threads(const factorial_job *job);

/*
 * Calls step(context, i) for every i below count, in any order, on up to tasks_threads(job) threads
 * at once, and returns when all have returned. What the steps have written is visible to the
 * caller. Once the job is cancelled the remaining steps are left out. A step must not call
 * tasks_run itself.
 */
void tasks_run(const factorial_job *job, size_t count, tasks_step step, void *context);

#endif
