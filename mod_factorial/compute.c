#include "compute.h"

#include "clock.h"
#include "connection.h"
#include "memory.h"
#include "metrics.h"
#include "process.h"
#include "result.h"

#include <malloc.h>
#include <poll.h>
#include <stdatomic.h>

enum { CHECK_MS = 20 }; /* between two checks of time limit, client and server */

/* Short computations of this process at this moment. */
static atomic_int short_ones;

/* Computes on this thread. Too short to be cancelled. */
static outcome compute_here(factorial_request *q, void *scratch)
{
    const factorial_job job = {.threads = 1};
    int64_t start = clock_now();
    factorial_status status = factorial_compute(&q->plan, &job, q->digits, scratch);
    q->computed = (uint64_t)(clock_now() - start);
    return status == FACTORIAL_OK ? OUTCOME_OK : OUTCOME_FAILED;
}

/* ---- instant: nothing is charged, because httpd buffers as much of any response */

static outcome compute_instant(factorial_request *q)
{
    _Alignas(FACTORIAL_SCRATCH_ALIGNMENT) char scratch[FACTORIAL_INSTANT_SCRATCH];
    q->digits = result_allocate(q->plan.digits, NULL);
    return q->digits ? compute_here(q, scratch) : OUTCOME_MEMORY;
}

/* ---- short: the worker computes within the budget, without a queue */

/* False if half of the workers compute short numbers already, or the budget has no memory left:
 * then nothing is charged and the number is to be treated as a long one. */
static bool compute_short(factorial_request *q, outcome *how)
{
    /* A process without an account refuses long numbers only. */
    admission *budget = process->joined ? process->budget : NULL;
    size_t digits = result_size(q->plan.digits);
    size_t others = memory_size(q->plan.scratch) + q->plan.gmp_heap;
    if (atomic_fetch_add(&short_ones, 1) >= process->short_most ||
        (budget && !admission_charge(budget, &process->limits, digits + others))) {
        atomic_fetch_sub(&short_ones, 1);
        return false;
    }
    void *scratch = q->plan.scratch ? memory_allocate(q->plan.scratch) : NULL;
    q->digits = result_allocate(q->plan.digits, budget);
    *how = q->digits && (scratch || !q->plan.scratch) ? compute_here(q, scratch) : OUTCOME_MEMORY;
    memory_free(scratch, q->plan.scratch);
    if (budget)
        admission_return(budget, q->digits ? others : others + digits);
    atomic_fetch_sub(&short_ones, 1);
    return true;
}

/* ---- long: what ends it early */

typedef struct {
    const request_rec *r;
    int64_t deadline, next_check;
    outcome reason; /* OUTCOME_OK: none */
} deadline_check;

static deadline_check start_check(const request_rec *r, uint64_t seconds)
{
    return (deadline_check){.r = r, .deadline = clock_now() + (int64_t)seconds * CLOCK_SECOND};
}

/* True if the request must stop. It checks at most once in CHECK_MS. `overrun` is the outcome at
 * the deadline. */
static bool must_stop(deadline_check *c, outcome overrun)
{
    int64_t now = clock_now();
    if (c->reason != OUTCOME_OK || now < c->next_check)
        return c->reason != OUTCOME_OK;
    c->next_check = now + CHECK_MS * CLOCK_MS;
    if (process_is_stopping())
        c->reason = OUTCOME_STOPPING;
    else if (connection_client_gone(c->r))
        c->reason = OUTCOME_GONE;
    else if (now >= c->deadline)
        c->reason = overrun;
    return c->reason != OUTCOME_OK;
}

/* ---- long: computing */

typedef struct {
    compute_task task; /* first: run_engine gets the address of this member */
    const factorial_plan *plan;
    factorial_job job;
    char *digits;
    void *scratch;
    factorial_status status;
} engine_task;

static void run_engine(compute_task *task)
{
    engine_task *e = (engine_task *)task;
    e->job.pool = process->compute_threads ? process_pool() : NULL;
    e->status = factorial_compute(e->plan, &e->job, e->digits, e->scratch);
#ifdef __GLIBC__ /* musl returns memory at once */
    if (e->plan->gmp_heap)
        malloc_trim(0); /* before the charge for GMP's memory is returned */
#endif
}

static bool is_cancelled(void *flag)
{
    return atomic_load((atomic_bool *)flag);
}

static bool is_out_of_time(void *check)
{
    return must_stop(check, OUTCOME_TIMEOUT);
}

/* A compute thread computes, and this thread checks. Under prefork, without compute threads, this
 * thread does both. */
static outcome run_long(factorial_request *q, void *scratch)
{
    atomic_bool cancelled = false;
    deadline_check check = start_check(q->r, q->settings.timeout);
    engine_task e = {.task.run = run_engine,
                     .plan = &q->plan,
                     .job = {.threads = process->threads},
                     .digits = q->digits,
                     .scratch = scratch};
    int64_t start = clock_now();
    if (process->compute_threads) {
        e.job.cancelled = is_cancelled;
        e.job.context = &cancelled;
        e.job.yield = true;
        if (!compute_threads_submit(process->compute_threads, &e.task))
            return OUTCOME_MEMORY;
        while (!compute_threads_wait(process->compute_threads, &e.task, CHECK_MS))
            if (must_stop(&check, OUTCOME_TIMEOUT))
                atomic_store(&cancelled, true);
    } else {
        e.job.cancelled = is_out_of_time;
        e.job.context = &check;
        run_engine(&e.task);
    }
    q->computed = (uint64_t)(clock_now() - start);
    return e.status == FACTORIAL_OK          ? OUTCOME_OK
           : e.status == FACTORIAL_CANCELLED ? check.reason
                                             : OUTCOME_FAILED;
}

/* Waits in the queue for a computation and its memory. */
static outcome wait_for_budget(factorial_request *q, const admission_demand *demand,
                               admission_scratch *scratch)
{
    uint64_t ticket = 0;
    int64_t start = clock_now();
    deadline_check check = start_check(q->r, q->settings.queue_timeout);
    for (;;) {
        admission_answer answer =
            admission_request(process->budget, &process->limits, demand, &ticket, scratch);
        q->waited = (uint64_t)(clock_now() - start);
        if (answer == ADMISSION_GRANTED)
            return OUTCOME_OK;
        if (answer != ADMISSION_WAITING)
            return answer == ADMISSION_REFUSED ? OUTCOME_BUSY : OUTCOME_MEMORY;
        if (must_stop(&check, OUTCOME_BUSY)) {
            admission_withdraw(process->budget, ticket);
            return check.reason;
        }
        poll(NULL, 0, CHECK_MS / 2);
    }
}

/*
 * GMP ends the process if malloc fails, so its memory is allocated once beforehand, and freed
 * again. This detects that the system has no memory; another thread may still take it meanwhile.
 */
static bool gmp_finds_memory(size_t bytes)
{
    void *block = bytes ? memory_allocate(bytes) : NULL;
    memory_free(block, bytes);
    return block || !bytes;
}

static outcome compute_long(factorial_request *q)
{
    if (!slot_take(&q->slot, q->r))
        return OUTCOME_BUSY;
    size_t digits = result_size(q->plan.digits);
    admission_demand demand = {q->plan.scratch, digits + q->plan.gmp_heap};
    admission_scratch scratch;
    outcome how = wait_for_budget(q, &demand, &scratch);
    if (how != OUTCOME_OK)
        return how;
    q->digits = result_allocate(q->plan.digits, process->budget);
    how = q->digits && gmp_finds_memory(q->plan.gmp_heap) ? run_long(q, scratch.block)
                                                          : OUTCOME_MEMORY;
    admission_finish(process->budget, &process->limits, scratch);
    admission_return(process->budget, q->digits ? q->plan.gmp_heap : demand.others);
    return how;
}

/* ---- all three */

outcome compute_digits(factorial_request *q)
{
    outcome how;
    if (q->plan.cost == FACTORIAL_INSTANT)
        how = compute_instant(q);
    else if (q->plan.cost == FACTORIAL_LONG || !compute_short(q, &how))
        how = compute_long(q);
    if (how == OUTCOME_OK) {
        metrics_computed(q->plan.digits, q->waited, q->computed);
        return how;
    }
    if (q->digits)
        result_free(q->digits);
    q->digits = NULL;
    return how;
}
