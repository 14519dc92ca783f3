#include "compute_threads.h"

#include "priority.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum {
    TICK_MS = 100,
    MS = 1000000 /* nanoseconds */
};

struct compute_threads {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work;  /* there is a task, or the end has come */
    pthread_cond_t done;  /* a task has been run, or a thread has ended */
    compute_task *first, **last;
    unsigned queued;                     /* tasks */
    unsigned most, started, ended, idle; /* threads; idle ones wait for work */
    bool stopping, ticking;              /* one of the idle ones looks after the idle time */
    struct timespec ran;                 /* when something ran last */
    bool (*idle_hook)(void *context, unsigned milliseconds);
    void *context;
    pthread_t thread[];
};

static struct timespec now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

static struct timespec after(struct timespec t, unsigned milliseconds)
{
    t.tv_sec += milliseconds / 1000;
    t.tv_nsec += (long)(milliseconds % 1000) * MS;
    if (t.tv_nsec >= 1000L * MS) {
        t.tv_sec++;
        t.tv_nsec -= 1000L * MS;
    }
    return t;
}

static unsigned milliseconds_since(struct timespec then)
{
    struct timespec t = now();
    return (unsigned)((t.tv_sec - then.tv_sec) * 1000 + (t.tv_nsec - then.tv_nsec) / MS);
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

/* ---- a thread; all with the lock but for what runs */

static void run_first(compute_threads *r)
{
    compute_task *task = r->first;
    r->first = task->next;
    if (!r->first)
        r->last = &r->first;
    r->queued--;
    pthread_mutex_unlock(&r->lock);
    task->run(task);
    pthread_mutex_lock(&r->lock);
    task->done = true;
    r->ran = now();
    r->ticking = true;
    pthread_cond_broadcast(&r->done);
}

static void tick(compute_threads *r)
{
    unsigned idle_time = milliseconds_since(r->ran);
    pthread_mutex_unlock(&r->lock);
    bool again = r->idle_hook(r->context, idle_time);
    pthread_mutex_lock(&r->lock);
    /* If something has run meanwhile, its idle time has only begun. */
    if (!again && milliseconds_since(r->ran) >= idle_time)
        r->ticking = false;
}

static void wait_for_work(compute_threads *r)
{
    r->idle++;
    if (r->ticking && r->idle == r->started) {
        struct timespec until = after(now(), TICK_MS);
        pthread_cond_timedwait(&r->work, &r->lock, &until);
        r->idle--;
        if (!r->first && !r->stopping)
            tick(r);
        return;
    }
    pthread_cond_wait(&r->work, &r->lock);
    r->idle--;
}

static void *run_tasks(void *argument)
{
    compute_threads *r = argument;
    compute_threads_prepare_thread(NULL);
    pthread_mutex_lock(&r->lock);
    /* What has been submitted is run even now: somebody waits for it. */
    while (r->first || !r->stopping) {
        if (r->first)
            run_first(r);
        else
            wait_for_work(r);
    }
    r->ended++;
    pthread_cond_broadcast(&r->done);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

void compute_threads_prepare_thread(void *unused)
{
    (void)unused;
    priority_lower();
}

/* Signals are for httpd's own threads: the new one inherits a mask that blocks them all. */
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
    struct timespec until = after(now(), milliseconds);
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
    struct timespec until = after(now(), milliseconds);
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
