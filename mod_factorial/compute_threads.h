/*
 * The threads of a child that compute, apart from those that serve: started when they are first
 * needed, at lower priority, deaf to signals.
 */
#ifndef MOD_FACTORIAL_COMPUTE_THREADS_H
#define MOD_FACTORIAL_COMPUTE_THREADS_H

#include <stdbool.h>

typedef struct compute_threads compute_threads;

/* Something to run, in the caller's own memory until it has been run. */
typedef struct compute_task {
    void (*run)(struct compute_task *task);
    bool done;                 /* the runners' */
    struct compute_task *next; /* the runners' */
} compute_task;

/*
 * At most `most` threads. While nothing runs, and as long as it returns true, one of them calls
 * idle(context, milliseconds since something ran) about ten times a second. NULL if there is no
 * memory.
 */
compute_threads *compute_threads_create(unsigned most,
                                        bool (*idle)(void *context, unsigned milliseconds),
                                        void *context);

/*
 * Has the task run by one of the threads: at once if one is free or can be started, else in turn.
 * False if there is no thread at all and none can be started.
 */
bool compute_threads_submit(compute_threads *r, compute_task *task);

/* Waits, at most so long; true once the task has been run and is the caller's again. */
bool compute_threads_wait(compute_threads *r, compute_task *task, unsigned milliseconds);

/*
 * Tells the threads to end when they have run what they are at, and waits for that, at most so
 * long. True if all have ended, and then everything is freed; else it is left to those that still
 * run and to the end of the process. No task may be submitted any more.
 */
bool compute_threads_stop(compute_threads *r, unsigned milliseconds);

/* What a thread that computes does first, those of the engine's pool too: lower priority. */
void compute_threads_prepare_thread(void *unused);

#endif
