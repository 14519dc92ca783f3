#include "tasks.h"

#include "job.h"

#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Loops in progress, on the stack of the thread that wants them run: their owner. */
typedef struct series series;
struct series {
    const factorial_job *job;
    tasks_next next;
    void *context;
    tasks_loop loop;     /* the present one */
    atomic_size_t taken; /* of its steps; count or more: it cannot be joined */
    unsigned most;       /* threads that may be in it at once */
    unsigned inside;     /* threads that are */
    bool owner_waits;
    bool over;
    pthread_cond_t turn; /* the owner has something to do, or is done */
    series *below;
};

struct factorial_pool {
    pthread_mutex_t lock; /* guards all below, and the series but for `taken` */
    pthread_cond_t work;  /* there is a loop to join, or the end has come */
    series *top;          /* newest first */
    bool ending;
    void (*started)(void *context);
    void *context;
    unsigned helpers;
    pthread_t thread[];
};

/* ---- the steps */

static void take_steps(series *s)
{
    while (!job_cancelled(s->job)) {
        size_t index = atomic_fetch_add_explicit(&s->taken, 1, memory_order_relaxed);
        if (index >= s->loop.count)
            break;
        s->loop.step(s->loop.context, index);
        job_yield(s->job);
    }
}

/* Under the lock. */
static bool worth_joining(const series *s)
{
    return s->inside < s->most &&
           atomic_load_explicit(&s->taken, memory_order_relaxed) < s->loop.count &&
           !job_cancelled(s->job);
}

/* Fetches the next loop, by the only thread inside, and wakes as many others as can help. Under the
 * lock, but for the fetching. */
static bool advance(factorial_pool *pool, series *s)
{
    tasks_loop loop = {0};
    pthread_mutex_unlock(&pool->lock);
    bool more = !job_cancelled(s->job) && s->next(s->context, &loop);
    pthread_mutex_lock(&pool->lock);
    s->over = !more;
    s->loop = loop;
    atomic_store_explicit(&s->taken, 0, memory_order_relaxed);
    unsigned wanted = (unsigned)(loop.count < s->most ? loop.count : s->most);
    bool owner = s->owner_waits && (s->over || wanted > 1);
    if (owner)
        pthread_cond_signal(&s->turn);
    for (unsigned i = 1 + owner; i < wanted && i <= pool->helpers; i++)
        pthread_cond_signal(&pool->work);
    return more;
}

/* Takes steps while there are any. The last thread to leave a loop goes on with the next. Under the
 * lock, but for the steps. */
static void take_part(factorial_pool *pool, series *s)
{
    s->inside++;
    do {
        pthread_mutex_unlock(&pool->lock);
        take_steps(s);
        pthread_mutex_lock(&pool->lock);
    } while (s->inside == 1 && advance(pool, s));
    s->inside--;
}

/* ---- the helpers */

/* The series with the fewest threads, so that computations share them evenly. Under the lock. */
static series *choose(factorial_pool *pool)
{
    series *best = NULL;
    for (series *s = pool->top; s; s = s->below)
        if (worth_joining(s) && (!best || s->inside < best->inside))
            best = s;
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
        series *s = choose(pool);
        if (s)
            take_part(pool, s);
        else
            pthread_cond_wait(&pool->work, &pool->lock);
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
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---- the owners */

unsigned tasks_threads(const factorial_job *job)
{
    return job->pool && job->threads > 1 ? job->threads : 1;
}

static void run_alone(series *s)
{
    while (!job_cancelled(s->job) && s->next(s->context, &s->loop)) {
        s->taken = 0;
        take_steps(s);
    }
}

static void unlink_series(factorial_pool *pool, series *s)
{
    series **link = &pool->top;
    while (*link != s)
        link = &(*link)->below;
    *link = s->below;
}

static void run_shared(factorial_pool *pool, series *s)
{
    pthread_cond_init(&s->turn, NULL);
    pthread_mutex_lock(&pool->lock);
    s->below = pool->top;
    pool->top = s;
    take_part(pool, s);
    s->owner_waits = true;
    while (!s->over) {
        if (worth_joining(s)) {
            s->owner_waits = false;
            take_part(pool, s);
            s->owner_waits = true;
        } else {
            pthread_cond_wait(&s->turn, &pool->lock);
        }
    }
    unlink_series(pool, s);
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_destroy(&s->turn);
}

void tasks_run_in_turn(const factorial_job *job, tasks_next next, void *context)
{
    series s = {.job = job, .next = next, .context = context, .most = tasks_threads(job)};
    if (s.most == 1)
        run_alone(&s);
    else
        run_shared(job->pool, &s);
}

static bool only_once(void *context, tasks_loop *loop)
{
    tasks_loop *only = context;
    *loop = *only;
    only->count = 0;
    return loop->count > 0;
}

void tasks_run(const factorial_job *job, size_t count, tasks_step step, void *context)
{
    factorial_job alone = job_alone(job);
    tasks_loop only = {count, step, context};
    tasks_run_in_turn(count > 1 ? job : &alone, only_once, &only);
}
