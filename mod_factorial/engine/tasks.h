/*
 * Loops whose steps run on several threads at once: the calling thread and free ones of a pool.
 */
#ifndef MOD_FACTORIAL_ENGINE_TASKS_H
#define MOD_FACTORIAL_ENGINE_TASKS_H

#include "factorial.h"

/* One step of a loop: the index-th of all. */
typedef void (*tasks_step)(void *context, size_t index);

/* Calls step(context, i) for every i below count, in any order. */
typedef struct {
    size_t count;
    tasks_step step;
    void *context;
} tasks_loop;

/*
 * Delivers the next of several loops, false after the last. Called by one thread at a time, when
 * all steps of the loop before have returned, whose results that thread sees.
 */
typedef bool (*tasks_next)(void *context, tasks_loop *loop);

/* As job->threads, with the cases that count as 1 resolved. */
unsigned tasks_threads(const factorial_job *job);

/*
 * Runs the loop on up to tasks_threads(job) threads at once and returns when all steps have
 * returned. What they have written is visible to the caller. Once the job is cancelled the
 * remaining steps are left out. A step must not run loops itself.
 */
void tasks_run(const factorial_job *job, size_t count, tasks_step step, void *context);

/*
 * The same for loops one after another. No thread has to be woken between them for the work to go
 * on: whichever takes the last step of one begins the next.
 */
void tasks_run_in_turn(const factorial_job *job, tasks_next next, void *context);

#endif
