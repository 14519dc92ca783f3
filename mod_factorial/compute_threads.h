/*
 * The compute threads of one server process: created on demand, at lower priority, with all signals
 * blocked. Any thread may call these functions.
 */
#ifndef MOD_FACTORIAL_COMPUTE_THREADS_H
#define MOD_FACTORIAL_COMPUTE_THREADS_H

#include <stdbool.h>

typedef struct compute_threads compute_threads;

/* A task to run, in the caller's memory. The caller must not touch it until it has been run. */
typedef struct compute_task {
    void (*run)(struct compute_task *task);
    bool done;                 /* private */
    struct compute_task *next; /* private */
} compute_task;

/*
 * Allows at most `most` threads; none is created yet. While no task runs, and as long as idle
 * returns true, one of the threads calls idle(context, milliseconds since the last task ended)
 * about ten times a second. NULL without memory.
 */
compute_threads *compute_threads_create(unsigned most,
                                        bool (*idle)(void *context, unsigned milliseconds),
                                        void *context);

/*
 * Runs the task on one of the threads: at once if one is idle or can be created, else in order of
 * submission. False if there is no thread and none can be created.
 */
bool compute_threads_submit(compute_threads *r, compute_task *task);

/* Waits at most so long. True once the task has been run. */
bool compute_threads_wait(compute_threads *r, compute_task *task, unsigned milliseconds);

/*
 * Makes the threads end after the tasks that were submitted, and waits at most so long for that.
 * True if all have ended; then everything is freed. Otherwise the memory stays allocated for the
 * threads that still run, until the process ends. No more tasks may be submitted.
 */
bool compute_threads_stop(compute_threads *r, unsigned milliseconds);

#endif
