#define _GNU_SOURCE /* sched_getcpu, sched_setaffinity */
#include "pool.h"

#include "job.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * The pool has a list of sequences in progress. A thread that takes part in one is "inside" it. It
 * claims iterations one by one, each by an atomic increment of `taken`; everything else happens
 * under the pool's lock. When no iteration is left, the thread goes outside again, unless it is the
 * last one inside: that thread starts the next loop. So when a loop is started, no iteration runs,
 * the results of all are visible, and the work goes on although no other thread has woken up yet.
 *
 * The owner of a sequence is the thread that asked for it. It may be outside while helpers still
 * run the last iterations; then it waits until it can join the next loop or the sequence is over.
 *
 * A thread that waits for the next loop polls LOOKS times before it sleeps. Most loops begin within
 * microseconds, and to wake a thread takes longer than that.
 */
enum { LOOKS = 100 }; /* each gives the processor to other threads that want it */

/* A sequence in progress, on its owner's stack. The owner returns when it is over and unlinked. */
typedef struct sequence sequence;
struct sequence {
    const factorial_job *job;
    pool_next next;
    void *context;
    pool_loop loop;      /* the current loop */
    atomic_size_t taken; /* its iterations that have been claimed; all, if not below its count */
    unsigned most;       /* threads that may be inside at once */
    unsigned inside;     /* threads that run iterations or start the next loop */
    bool owner_waits;    /* for `changed` */
    bool over;
    pthread_cond_t changed; /* wakes the owner: it can join, or the sequence is over */
    sequence *below;
};

struct factorial_pool {
    pthread_mutex_t lock; /* guards the members below, and all sequences except `taken` */
    pthread_cond_t work;  /* wakes a helper: a loop can be joined, or the pool ends */
    sequence *top;        /* newest first */
    atomic_uint changes;  /* counts what a thread may wait for */
    unsigned sleeping;    /* threads that wait for `work` or for `changed` of a sequence */
    int waker;            /* the processor of the thread that woke others last */
    bool ending;
    bool may_move;
    void (*started)(void *context);
    void *context;
    unsigned helpers;
    pthread_t thread[];
};

/*
 * Linux may wake or start a thread on the processor of the thread that wakes it, although another
 * one is idle. There it would wait for the end of that thread's time slice, some milliseconds. So a
 * thread yields once when it has woken others or started one, and one that runs on the processor of
 * its waker moves. It will not use processors that are added to a cpuset later. Called with the
 * lock held, which is released meanwhile.
 */
static void move_away(factorial_pool *pool)
{
    cpu_set_t allowed, others;
    int here = sched_getcpu();
    if (!pool->may_move || here != pool->waker)
        return;
    pthread_mutex_unlock(&pool->lock);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        others = allowed;
        CPU_CLR((size_t)here, &others);
        if (sched_setaffinity(0, sizeof others, &others) == 0) /* fails if there is no other */
            sched_setaffinity(0, sizeof allowed, &allowed);
    }
    pthread_mutex_lock(&pool->lock);
}

/* Waits for something to change, or returns although nothing has. Called with the lock held, which
 * is released meanwhile. */
static void wait_for_change(factorial_pool *pool, pthread_cond_t *condition)
{
    unsigned seen = atomic_load(&pool->changes);
    if (pool->top) {
        pthread_mutex_unlock(&pool->lock);
        for (int look = 0; look < LOOKS && atomic_load(&pool->changes) == seen; look++)
            sched_yield();
        pthread_mutex_lock(&pool->lock);
    }
    if (atomic_load(&pool->changes) == seen) {
        pool->sleeping++;
        pthread_cond_wait(condition, &pool->lock);
        pool->sleeping--;
        move_away(pool);
    }
}

/* ---- iterations */

/* Called without the lock. Returns when no iteration is left to claim; others may still run. */
static void run_iterations(sequence *s)
{
    while (!job_cancelled(s->job)) {
        size_t index = atomic_fetch_add_explicit(&s->taken, 1, memory_order_relaxed);
        if (index >= s->loop.count)
            return;
        s->loop.run(s->loop.context, index);
        job_yield(s->job);
    }
    /* Cancelled: no thread may claim another iteration. */
    atomic_store_explicit(&s->taken, s->loop.count, memory_order_relaxed);
}

/* Called with the lock held. */
static bool can_be_joined(const sequence *s)
{
    return s->inside < s->most &&
           atomic_load_explicit(&s->taken, memory_order_relaxed) < s->loop.count;
}

/*
 * Starts the next loop, called by the only thread inside, and wakes as many others as can join it.
 * False if there is no loop left: then the sequence is over. Called with the lock held, which is
 * released while `next` runs. The lock also orders memory: each thread that ran iterations of the
 * previous loop has released it since.
 */
static bool advance(factorial_pool *pool, sequence *s)
{
    pool_loop loop = {0};
    pthread_mutex_unlock(&pool->lock);
    bool more = !job_cancelled(s->job) && s->next(s->context, &loop);
    pthread_mutex_lock(&pool->lock);
    s->over = !more;
    s->loop = more ? loop : (pool_loop){0};
    atomic_store_explicit(&s->taken, 0, memory_order_relaxed);
    atomic_fetch_add(&pool->changes, 1);
    pool->waker = sched_getcpu();
    bool sleeping = pool->sleeping > 0;
    bool wake_owner = s->owner_waits && (s->over || loop.count > 1);
    if (wake_owner)
        pthread_cond_signal(&s->changed);
    for (unsigned i = 1 + wake_owner; i < loop.count && i < s->most; i++)
        pthread_cond_signal(&pool->work);
    if (sleeping && pool->may_move && loop.count > 1) {
        pthread_mutex_unlock(&pool->lock);
        sched_yield();
        pthread_mutex_lock(&pool->lock);
    }
    return more;
}

/* Runs iterations until none are left; the last thread to finish starts the next loop. Called with
 * the lock held, which is released while iterations run. */
static void take_part(factorial_pool *pool, sequence *s)
{
    s->inside++;
    do {
        pthread_mutex_unlock(&pool->lock);
        run_iterations(s);
        pthread_mutex_lock(&pool->lock);
    } while (s->inside == 1 && advance(pool, s));
    s->inside--;
}

/* ---- helpers */

/* The sequence to join: the one with the fewest threads, so that computations share them evenly.
 * Called with the lock held. */
static sequence *choose(factorial_pool *pool)
{
    sequence *best = NULL;
    for (sequence *s = pool->top; s; s = s->below)
        if (can_be_joined(s) && !(best && best->inside <= s->inside))
            best = s;
    return best;
}

static void *help(void *argument)
{
    factorial_pool *pool = argument;
    if (pool->started)
        pool->started(pool->context);
    fesetenv(FE_DFL_ENV); /* the kernels need rounding to nearest */

    pthread_mutex_lock(&pool->lock);
    move_away(pool);
    while (!pool->ending) {
        sequence *s = choose(pool);
        if (s)
            take_part(pool, s);
        else
            wait_for_change(pool, &pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

factorial_pool *factorial_pool_create(unsigned helpers, bool may_move,
                                      void (*started)(void *context), void *context)
{
    factorial_pool *pool = calloc(1, sizeof *pool + helpers * sizeof *pool->thread);
    if (!pool)
        return NULL;
    pool->waker = sched_getcpu();
    pool->may_move = may_move;
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
        if (may_move)
            sched_yield();
    }
    return pool;
}

void factorial_pool_destroy(factorial_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    atomic_fetch_add(&pool->changes, 1);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->helpers; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---- owners */

unsigned pool_threads(const factorial_job *job)
{
    return job->pool && job->threads > 1 ? job->threads : 1;
}

/* Links the sequence, takes part in it until it is over, and unlinks it. */
static void run_shared(factorial_pool *pool, sequence *s)
{
    pthread_cond_init(&s->changed, NULL);
    pthread_mutex_lock(&pool->lock);
    s->below = pool->top;
    pool->top = s;
    take_part(pool, s);
    s->owner_waits = true;
    while (!s->over) {
        if (can_be_joined(s)) {
            s->owner_waits = false;
            take_part(pool, s);
            s->owner_waits = true;
        } else {
            wait_for_change(pool, &s->changed);
        }
    }
    sequence **link = &pool->top;
    while (*link != s)
        link = &(*link)->below;
    *link = s->below;
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_destroy(&s->changed);
}

void pool_run_sequence(const factorial_job *job, pool_next next, void *context)
{
    sequence s = {.job = job, .next = next, .context = context, .most = pool_threads(job)};
    if (s.most > 1) {
        run_shared(job->pool, &s);
        return;
    }
    while (!job_cancelled(job) && next(context, &s.loop)) {
        atomic_store_explicit(&s.taken, 0, memory_order_relaxed);
        run_iterations(&s);
    }
}

/* The pool_next of a sequence of one loop. */
static bool only_once(void *context, pool_loop *loop)
{
    pool_loop *only = context;
    *loop = *only;
    only->count = 0;
    return loop->count > 0;
}

void pool_run(const factorial_job *job, size_t count, pool_iteration run, void *context)
{
    factorial_job alone = job_alone(job);
    pool_loop only = {count, run, context};
    pool_run_sequence(count > 1 ? job : &alone, only_once, &only);
}
