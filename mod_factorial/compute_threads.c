#include "compute_threads.h"

#include "clock.h"
#include "priority.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

enum { TICK_MS = 100 };

/*
 * One lock guards all fields and is held except while a task or the idle callback runs. Threads are
 * created one by one, when a task finds none idle, and end only when all are stopped.
 *
 * While nothing runs, one idle thread at a time calls the idle callback every TICK_MS: the thread
 * that became idle last, when all the others were idle already. An idle process must not wake up
 * for nothing: when the callback returns false, `ticking` ends until the next task has run.
 */
struct compute_threads {
    pthread_mutex_t lock;
    pthread_cond_t work;          /* a task was submitted, or the threads are to stop */
    pthread_cond_t done;          /* a task or a thread has ended */
    compute_task *first, **last;  /* the queue */
    unsigned queued;              /* tasks in it */
    unsigned most, started, idle; /* threads: allowed, created, waiting for work */
    unsigned ended;
    bool stopping;
    bool ticking; /* the idle callback still has something to do */
    int64_t ran;  /* when the last task ended; clock_now */
    bool (*idle_hook)(void *context, unsigned milliseconds);
    void *context;
    pthread_t thread[];
};

/* The time so many milliseconds from now, for pthread_cond_timedwait. */
static struct timespec after(unsigned milliseconds)
{
    int64_t then = clock_now() + (int64_t)milliseconds * CLOCK_MS;
    return (struct timespec){then / CLOCK_SECOND, then % CLOCK_SECOND * 1000};
}

compute_threads *compute_threads_create(unsigned most,
                                        bool (*idle)(void *context, unsigned milliseconds),
                                        void *context)
{
    pthread_condattr_t monotonic;
    compute_threads *r = calloc(1, sizeof *r + most * sizeof *r->thread);
    if (!r)
        return NULL;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->work, &monotonic);
    pthread_cond_init(&r->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    r->last = &r->first;
    r->most = most;
    r->idle_hook = idle;
    r->context = context;
    return r;
}

/* What a compute thread runs. The lock is released while a task or the idle callback runs. */
static void *run_tasks(void *argument)
{
    compute_threads *r = argument;
    priority_lower(NULL);
    pthread_mutex_lock(&r->lock);
    /* Submitted tasks are run even while stopping, because their callers wait for them. */
    while (r->first || !r->stopping) {
        compute_task *task = r->first;
        if (task) {
            r->first = task->next;
            if (!r->first)
                r->last = &r->first;
            r->queued--;
            pthread_mutex_unlock(&r->lock);
            task->run(task);
            pthread_mutex_lock(&r->lock);
            task->done = true;
            r->ran = clock_now();
            r->ticking = true;
            pthread_cond_broadcast(&r->done);
            continue;
        }

        bool ticks = ++r->idle == r->started && r->ticking;
        struct timespec until = after(TICK_MS);
        if (ticks)
            pthread_cond_timedwait(&r->work, &r->lock, &until);
        else
            pthread_cond_wait(&r->work, &r->lock);
        r->idle--;
        if (ticks && !r->first && !r->stopping) {
            int64_t ran = r->ran;
            pthread_mutex_unlock(&r->lock);
            bool again = r->idle_hook(r->context, (unsigned)((clock_now() - ran) / CLOCK_MS));
            pthread_mutex_lock(&r->lock);
            /* If a task has ended meanwhile, the idle time has begun again. */
            if (!again && r->ran == ran)
                r->ticking = false;
        }
    }
    r->ended++;
    pthread_cond_broadcast(&r->done);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* httpd's own threads handle its signals. The new thread inherits a mask that blocks all. */
static void start_thread(compute_threads *r)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&r->thread[r->started], NULL, run_tasks, r) == 0)
        r->started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- the callers */

bool compute_threads_submit(compute_threads *r, compute_task *task)
{
    pthread_mutex_lock(&r->lock);
    if (r->queued >= r->idle && r->started < r->most && !r->stopping)
        start_thread(r);
    bool accepted = r->started > 0 && !r->stopping;
    if (accepted) {
        task->done = false;
        task->next = NULL;
        *r->last = task;
        r->last = &task->next;
        r->queued++;
        pthread_cond_signal(&r->work);
    }
    pthread_mutex_unlock(&r->lock);
    return accepted;
}

bool compute_threads_wait(compute_threads *r, compute_task *task, unsigned milliseconds)
{
    struct timespec until = after(milliseconds);
    pthread_mutex_lock(&r->lock);
    int error = 0;
    while (!task->done && !error)
        error = pthread_cond_timedwait(&r->done, &r->lock, &until);
    bool done = task->done;
    pthread_mutex_unlock(&r->lock);
    return done;
}

bool compute_threads_stop(compute_threads *r, unsigned milliseconds)
{
    struct timespec until = after(milliseconds);
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_broadcast(&r->work);
    int error = 0;
    while (r->ended < r->started && !error)
        error = pthread_cond_timedwait(&r->done, &r->lock, &until);
    bool ended = r->ended == r->started;
    pthread_mutex_unlock(&r->lock);
    if (!ended)
        return false;
    for (unsigned i = 0; i < r->started; i++)
        pthread_join(r->thread[i], NULL);
    pthread_cond_destroy(&r->done);
    pthread_cond_destroy(&r->work);
    pthread_mutex_destroy(&r->lock);
    free(r);
    return true;
}
