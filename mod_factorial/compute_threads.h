/*
 * The threads of one server process that compute, apart from those that serve requests: created on
 * demand, at lower priority, with all signals blocked. Any thread may call these functions.
 */
#ifndef MOD_FACTORIAL_COMPUTE_THREADS_H
#define MOD_FACTORIAL_COMPUTE_THREADS_H

#include <stdbool.h>

typedef struct compute_threads compute_threads;

/* A task to run. It is the caller's memory, and must not be touched until it has been run. */
typedef struct compute_task {
    void (*run)(struct compute_task *task);
    bool done;                 /* private */
    struct compute_task *next; /* private */
} compute_task;

/*
 * At most `most` threads; none is created yet. While nothing runs, and as long as idle returns
 * true, one of the threads calls idle(context, milliseconds since a task ended) about ten times a
 * second. NULL without memory.
 */
compute_threads *compute_threads_create(unsigned most,
                                        bool (*idle)(void *context, unsigned milliseconds),
                                        void *context);

/*
 * Runs the task on one of the threads: at once if one is idle or can be created, else in order of
 * submission. False if there is no thread and none can be created.
 */
bool compute_threads_submit(compute_threads *r, compute_task *task);

/* Waits at most so long. True once the task has been run; then it is the caller's again. */
bool compute_threads_wait(compute_threads *r, compute_task *task, unsigned milliseconds);

/*
 * Tells the threads to end after the tasks that were submitted, and waits for that at most so long.
 * True if all have ended; then everything is freed. Otherwise the memory stays with the threads
 * that still run, until the process ends. No task may be submitted any more.
 */
bool compute_threads_stop(compute_threads *r, unsigned milliseconds);

#endif
