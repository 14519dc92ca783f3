#include "compute.h"

#include "blocks.h"
#include "connection.h"
#include "digits.h"
#include "directives.h"
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
    case FACTORIAL_OUT_OF_MEMORY:
        return OUTCOME_MEMORY;
    case FACTORIAL_CANCELLED:
    case FACTORIAL_TOO_LARGE:
    case FACTORIAL_WRONG:
        break;
    }
    return OUTCOME_FAILED;
}

static granted_memory grant(factorial_memory *source, size_t bytes)
{
    return (granted_memory){{acquire, release}, source, (long long)bytes};
}

static outcome compute_small(uint64_t n, uint64_t count, computation *c)
{
    granted_memory granted = grant(&block_memory, factorial_memory_need(n, process.method, 1));
    factorial_job job = {.memory = &granted.memory, .threads = 1, .method = process.method};
    c->digits = digits_acquire(count, NULL);
    if (!c->digits)
        return OUTCOME_MEMORY;
    apr_time_t start = apr_time_now();
    factorial_status status = factorial_compute(&job, n, c->digits);
    c->computed = (uint64_t)(apr_time_now() - start);
    return outcome_of(status);
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
    apr_time_t deadline, next_look;
    outcome reason; /* OUTCOME_OK: there is none to stop */
} watch;

static watch start_watch(const request_rec *r, setting timeout)
{
    apr_time_t seconds = (apr_time_t)directives_get(r->per_dir_config, timeout);
    return (watch){.r = r, .deadline = apr_time_now() + apr_time_from_sec(seconds)};
}

/* Looks, if it is time to; the overrun outcome is what running out of time means here. */
static bool must_stop(watch *w, outcome overrun)
{
    apr_time_t now = apr_time_now();
    if (w->reason != OUTCOME_OK || now < w->next_look)
        return w->reason != OUTCOME_OK;
    w->next_look = now + apr_time_from_msec(TICK_MS);
    if (atomic_load(&process.stopping))
        w->reason = OUTCOME_STOPPING;
    else if (connection_client_gone(w->r))
        w->reason = OUTCOME_GONE;
    else if (now >= w->deadline)
        w->reason = overrun;
    return w->reason != OUTCOME_OK;
}

/* ---- large numbers: a share of the budget */

static outcome wait_for_budget(const request_rec *r, uint64_t bytes, computation *c)
{
    uint64_t ticket = 0;
    apr_time_t start = apr_time_now();
    watch w = start_watch(r, SETTING_QUEUE_TIMEOUT);
    for (;;) {
        admission_answer answer =
            admission_request(&process.budget, &process.limits, bytes, &ticket);
        c->waited = (uint64_t)(apr_time_now() - start);
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
    factorial_job job;
    uint64_t n;
    char *digits;
    factorial_status status;
} engine_task;

static void run_engine(compute_task *task)
{
    engine_task *e = (engine_task *)task;
    e->job.pool = process.compute_threads ? process_pool() : NULL;
    e->status = factorial_compute(&e->job, e->n, e->digits);
}

static bool interrupted(void *w)
{
    return must_stop(w, OUTCOME_TIMEOUT);
}

/* By a compute thread, watched by this one. */
static void run_watched(engine_task *e, watch *w)
{
    atomic_bool cancelled = false;
    e->job.cancelled = &cancelled;
    e->job.gives_way = true;
    if (!compute_threads_submit(process.compute_threads, &e->task)) {
        e->status = FACTORIAL_OUT_OF_MEMORY;
        return;
    }
    while (!compute_threads_wait(process.compute_threads, &e->task, TICK_MS))
        if (must_stop(w, OUTCOME_TIMEOUT))
            atomic_store(&cancelled, true);
}

/* By this thread, which looks up now and then. */
static void run_here(engine_task *e, watch *w)
{
    e->job.interrupted = interrupted;
    e->job.context = w;
    run_engine(&e->task);
}

static outcome run(const request_rec *r, uint64_t n, size_t memory, computation *c)
{
    watch w = start_watch(r, SETTING_TIMEOUT);
    granted_memory granted = grant(process.memory, memory);
    engine_task e = {
        .task.run = run_engine,
        .job = {.memory = &granted.memory, .threads = process.threads, .method = process.method},
        .n = n,
        .digits = c->digits,
    };
    apr_time_t start = apr_time_now();
    if (process.compute_threads)
        run_watched(&e, &w);
    else
        run_here(&e, &w);
    c->computed = (uint64_t)(apr_time_now() - start);
    if (e.status == FACTORIAL_CANCELLED)
        return w.reason;
    return outcome_of(e.status);
}

static outcome compute_large(const request_rec *r, uint64_t n, uint64_t count, computation *c)
{
    if (!process.joined || !admission_enter(&process.budget, process.here, process.everywhere))
        return OUTCOME_BUSY;
    c->large = true;
    size_t memory = factorial_memory_need(n, process.method, process.threads);
    size_t bytes = memory + digits_bytes(count);
    outcome how = wait_for_budget(r, bytes, c);
    if (how != OUTCOME_OK)
        return how;
    c->digits = digits_acquire(count, &process.budget);
    how = c->digits ? run(r, n, memory, c) : OUTCOME_MEMORY;
    process_charge_kept();
    admission_computed(&process.budget, bytes, c->digits ? digits_bytes(count) : 0);
    return how;
}

/* ---- the whole */

static void log_failure(request_rec *r, uint64_t n, outcome how)
{
    static const char *const reasons[OUTCOME_COUNT] = {
        [OUTCOME_BUSY] = "refused: too many large numbers at once",
        [OUTCOME_TIMEOUT] = "stopped: took longer than FactorialTimeout allows",
        [OUTCOME_MEMORY] = "refused: the system has no memory",
        [OUTCOME_GONE] = "stopped: the client has gone",
        [OUTCOME_STOPPING] = "stopped: so is the server",
        [OUTCOME_FAILED] = "withheld: the result did not pass its check",
    };
    int level = how == OUTCOME_GONE                              ? APLOG_INFO
                : how == OUTCOME_MEMORY || how == OUTCOME_FAILED ? APLOG_ERR
                                                                 : APLOG_WARNING;
    ap_log_rerror(APLOG_MARK, level, 0, r, "factorial of %" APR_UINT64_T_FMT " %s", n,
                  reasons[how]);
}

outcome compute_digits(request_rec *r, uint64_t n, uint64_t count, computation *c)
{
    outcome how;
    *c = (computation){0};
    if (n <= INSTANT_MAX) {
        how = compute_small(n, count, c);
    } else if (n <= process.small_max && enter_small()) {
        how = compute_small(n, count, c);
        atomic_fetch_sub(&small_ones, 1);
    } else {
        how = compute_large(r, n, count, c);
    }
    if (how == OUTCOME_OK) {
        metrics_computed(count, c->waited, c->computed);
        return how;
    }
    if (c->digits)
        digits_release(c->digits);
    c->digits = NULL;
    log_failure(r, n, how);
    return how;
}

void compute_finish(const computation *c)
{
    if (c->large)
        admission_leave(&process.budget);
}
