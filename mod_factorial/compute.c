#include "compute.h"

#include "blocks.h"
#include "clock.h"
#include "connection.h"
#include "digits.h"
#include "metrics.h"
#include "process.h"

#include <poll.h>

enum {
    INSTANT_MAX = 1000, /* computed in microseconds: never counted, never refused */
    TICK_MS = 20        /* between two looks at the clock and the client */
};

/* Small computations of this child at this moment. */
static atomic_int small_ones;

/* ---- the engine's memory, no more of it than has been granted */

typedef struct {
    factorial_memory memory; /* first, for it is found again by its address */
    factorial_memory *source;
    atomic_llong left;
} granted_memory;

static void *acquire(factorial_memory *memory, size_t bytes)
{
    granted_memory *granted = (granted_memory *)memory;
    void *block = NULL;
    if (atomic_fetch_sub(&granted->left, (long long)bytes) >= (long long)bytes)
        block = granted->source->acquire(granted->source, bytes);
    if (!block)
        atomic_fetch_add(&granted->left, (long long)bytes);
    return block;
}

static void release(factorial_memory *memory, void *block, size_t bytes)
{
    granted_memory *granted = (granted_memory *)memory;
    granted->source->release(granted->source, block, bytes);
    atomic_fetch_add(&granted->left, (long long)bytes);
}

/* ---- small numbers */

static outcome outcome_of(factorial_status status)
{
    switch (status) {
    case FACTORIAL_OK:
        return OUTCOME_OK;
    case FACTORIAL_CANCELLED:
    case FACTORIAL_WRONG:
        break;
    }
    return OUTCOME_FAILED;
}

static granted_memory grant(factorial_memory *source, size_t bytes)
{
    return (granted_memory){{acquire, release}, source, (long long)bytes};
}

static outcome compute_small(factorial_request *q)
{
    granted_memory granted = grant(&block_memory, q->plan.scratch + q->plan.gmp_heap);
    factorial_job job = {.threads = 1};
    factorial_status status = FACTORIAL_WRONG;
    q->digits = digits_acquire(q->plan.digits, NULL);
    if (!q->digits)
        return OUTCOME_MEMORY;
    int64_t start = clock_now();
    bool memory = factorial_compute_in(&granted.memory, &q->plan, &job, q->digits, &status);
    q->computed = (uint64_t)(clock_now() - start);
    return memory ? outcome_of(status) : OUTCOME_MEMORY;
}

/* False if half of the workers are at it: so many numbers at once are treated like large ones. */
static bool enter_small(void)
{
    if (atomic_fetch_add(&small_ones, 1) < process.small_most)
        return true;
    atomic_fetch_sub(&small_ones, 1);
    return false;
}

/* ---- large numbers: the worker's eye on clock, client and server */

typedef struct {
    const request_rec *r;
    int64_t deadline, next_look;
    outcome reason; /* OUTCOME_OK: there is none to stop */
} watch;

static watch start_watch(const request_rec *r, uint64_t seconds)
{
    return (watch){.r = r, .deadline = clock_now() + (int64_t)seconds * CLOCK_SECOND};
}

/* Looks, if it is time to; the overrun outcome is what running out of time means here. */
static bool must_stop(watch *w, outcome overrun)
{
    int64_t now = clock_now();
    if (w->reason != OUTCOME_OK || now < w->next_look)
        return w->reason != OUTCOME_OK;
    w->next_look = now + TICK_MS * CLOCK_MS;
    if (atomic_load(&process.stopping))
        w->reason = OUTCOME_STOPPING;
    else if (connection_client_gone(w->r))
        w->reason = OUTCOME_GONE;
    else if (now >= w->deadline)
        w->reason = overrun;
    return w->reason != OUTCOME_OK;
}

/* ---- large numbers: a share of the budget */

static outcome wait_for_budget(factorial_request *q, uint64_t bytes)
{
    uint64_t ticket = 0;
    int64_t start = clock_now();
    watch w = start_watch(q->r, q->settings.queue_timeout);
    for (;;) {
        admission_answer answer =
            admission_request(&process.budget, &process.limits, bytes, &ticket);
        q->waited = (uint64_t)(clock_now() - start);
        if (answer == ADMISSION_GRANTED)
            return OUTCOME_OK;
        /* What this process keeps for the next computation may be what is missing. */
        if (process_give_back())
            continue;
        if (answer == ADMISSION_REFUSED)
            return OUTCOME_BUSY;
        if (must_stop(&w, OUTCOME_BUSY)) {
            admission_withdraw(&process.budget, ticket);
            return w.reason;
        }
        poll(NULL, 0, TICK_MS / 2);
    }
}

/* ---- large numbers: computing */

typedef struct {
    compute_task task; /* first, for it is found again by its address */
    factorial_memory *memory;
    factorial_plan plan;
    factorial_job job;
    char *digits;
    bool no_memory;
    factorial_status status;
} engine_task;

static void run_engine(compute_task *task)
{
    engine_task *e = (engine_task *)task;
    e->job.pool = process.compute_threads ? process_pool() : NULL;
    e->no_memory = !factorial_compute_in(e->memory, &e->plan, &e->job, e->digits, &e->status);
}

static bool interrupted(void *w)
{
    return must_stop(w, OUTCOME_TIMEOUT);
}

static bool is_set(void *flag)
{
    return atomic_load_explicit((atomic_bool *)flag, memory_order_relaxed);
}

/* By a compute thread, watched by this one. */
static void run_watched(engine_task *e, watch *w)
{
    atomic_bool cancelled = false;
    e->job.cancelled = is_set;
    e->job.context = &cancelled;
    e->job.yield = true;
    if (!compute_threads_submit(process.compute_threads, &e->task)) {
        e->no_memory = true;
        return;
    }
    while (!compute_threads_wait(process.compute_threads, &e->task, TICK_MS))
        if (must_stop(w, OUTCOME_TIMEOUT))
            atomic_store(&cancelled, true);
}

/* By this thread, which looks up now and then. */
static void run_here(engine_task *e, watch *w)
{
    e->job.cancelled = interrupted;
    e->job.context = w;
    run_engine(&e->task);
}

static outcome run(factorial_request *q, size_t memory)
{
    watch w = start_watch(q->r, q->settings.timeout);
    granted_memory granted = grant(process.memory, memory);
    engine_task e = {
        .task.run = run_engine,
        .memory = &granted.memory,
        .plan = q->plan,
        .job = {.threads = process.threads},
        .digits = q->digits,
    };
    int64_t start = clock_now();
    if (process.compute_threads)
        run_watched(&e, &w);
    else
        run_here(&e, &w);
    q->computed = (uint64_t)(clock_now() - start);
    if (e.no_memory)
        return OUTCOME_MEMORY;
    if (e.status == FACTORIAL_CANCELLED)
        return w.reason;
    return outcome_of(e.status);
}

static outcome compute_large(factorial_request *q)
{
    if (!slot_take(&q->slot, q->r))
        return OUTCOME_BUSY;
    size_t memory = q->plan.scratch + q->plan.gmp_heap;
    size_t bytes = memory + digits_bytes(q->plan.digits);
    outcome how = wait_for_budget(q, bytes);
    if (how != OUTCOME_OK)
        return how;
    q->digits = digits_acquire(q->plan.digits, &process.budget);
    how = q->digits ? run(q, memory) : OUTCOME_MEMORY;
    process_charge_kept();
    admission_computed(&process.budget, bytes, q->digits ? digits_bytes(q->plan.digits) : 0);
    return how;
}

/* ---- the whole */

outcome compute_digits(factorial_request *q)
{
    outcome how;
    if (q->n <= INSTANT_MAX) {
        how = compute_small(q);
    } else if (q->n <= process.small_max && enter_small()) {
        how = compute_small(q);
        atomic_fetch_sub(&small_ones, 1);
    } else {
        how = compute_large(q);
    }
    if (how == OUTCOME_OK) {
        metrics_computed(q->plan.digits, q->waited, q->computed);
        return how;
    }
    if (q->digits)
        digits_release(q->digits);
    q->digits = NULL;
    return how;
}
