#include "tasks.h"

#include "job.h"

#include <fenv.h>
#include <pthread.h>
#include <stdlib.h>

/* A loop in progress, on the stack of the thread that runs it. */
typedef struct loop loop;
struct loop {
    const factorial_job *job;
    tasks_step step;
    void *context;
    size_t count;
    atomic_size_t next; /* the first step that nobody has taken */
    unsigned room;      /* helpers that may still join */
    unsigned inside;    /* helpers that are in it */
    loop *below;
};

struct factorial_pool {
    pthread_mutex_t lock; /* guards all below, and the loops' room and inside */
    pthread_cond_t work;  /* there is a loop to join, or the end has come */
    pthread_cond_t left;  /* the last helper has left some loop */
    loop *top;            /* the loops that may be joined, newest first */
    bool ending;
    void (*started)(void *context);
    void *context;
    unsigned helpers;
    pthread_t thread[];
};

/* ---- the steps */

static void take_steps(loop *l)
{
    while (!job_cancelled(l->job)) {
        size_t index = atomic_fetch_add_explicit(&l->next, 1, memory_order_relaxed);
        if (index >= l->count)
            break;
        l->step(l->context, index);
    }
}

static bool worth_joining(const loop *l)
{
    return l->room > 0 && atomic_load_explicit(&l->next, memory_order_relaxed) < l->count &&
           !job_cancelled(l->job);
}

/* ---- the helpers */

/* The loop with the fewest helpers, so that computations share them evenly. Under the lock. */
static loop *choose(factorial_pool *pool)
{
    loop *best = NULL;
    for (loop *l = pool->top; l; l = l->below)
        if (worth_joining(l) && (!best || l->inside < best->inside))
            best = l;
    return best;
}

static void *help(void *argument)
{
    factorial_pool *pool = argument;
    if (pool->started)
        pool->started(pool->context);
    fesetenv(FE_DFL_ENV);

    pthread_mutex_lock(&pool->lock);
    while (!pool->ending) {
        loop *l = choose(pool);
        if (!l) {
            pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        l->room--;
        l->inside++;
        pthread_mutex_unlock(&pool->lock);
        take_steps(l);
        pthread_mutex_lock(&pool->lock);
        l->room++;
        if (--l->inside == 0)
            pthread_cond_broadcast(&pool->left);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

factorial_pool *factorial_pool_create(unsigned helpers, void (*started)(void *context),
                                      void *context)
{
    factorial_pool *pool = calloc(1, sizeof *pool + helpers * sizeof *pool->thread);
    if (!pool)
        return NULL;
    pool->started = started;
    pool->context = context;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->left, NULL);
    while (pool->helpers < helpers) {
        if (pthread_create(&pool->thread[pool->helpers], NULL, help, pool)) {
            factorial_pool_destroy(pool);
            return NULL;
        }
        pool->helpers++;
    }
    return pool;
}

void factorial_pool_destroy(factorial_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->helpers; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->left);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---- the loops */

unsigned tasks_threads(const factorial_job *job)
{
    return job->pool && job->threads > 1 ? job->threads : 1;
}

static void open_loop(factorial_pool *pool, loop *l)
{
    pthread_mutex_lock(&pool->lock);
    l->below = pool->top;
    pool->top = l;
    for (unsigned i = 0; i < l->room && i < pool->helpers; i++)
        pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

static void close_loop(factorial_pool *pool, loop *l)
{
    pthread_mutex_lock(&pool->lock);
    loop **link = &pool->top;
    while (*link != l)
        link = &(*link)->below;
    *link = l->below;
    while (l->inside > 0)
        pthread_cond_wait(&pool->left, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void tasks_run(const factorial_job *job, size_t count, tasks_step step, void *context)
{
    loop l = {.job = job, .step = step, .context = context, .count = count};
    unsigned threads = tasks_threads(job);
    if (threads == 1 || count < 2) {
        take_steps(&l);
        return;
    }
    l.room = (unsigned)(count < threads ? count : threads) - 1;
    open_loop(job->pool, &l);
    take_steps(&l);
    close_loop(job->pool, &l);
}
