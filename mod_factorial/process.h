/*
 * What a child process has for computing: its account in the budget, its compute threads, the
 * limits that were configured when it was started.
 */
#ifndef MOD_FACTORIAL_PROCESS_H
#define MOD_FACTORIAL_PROCESS_H

#include "admission.h"
#include "compute_threads.h"
#include "engine_shim.h"
#include "module.h"

/* Numbers up to here are small, they take less than a millisecond: by decimal arithmetic, by GMP.
 */
enum { PROCESS_SMALL_DECIMAL = 15000, PROCESS_SMALL_GMP = 8000 };

typedef struct {
    admission budget;
    admission_limits limits;
    bool joined;               /* has an account; without one no large number is computed */
    unsigned here, everywhere; /* slots for workers: in this process, in all */
    unsigned streams;          /* slots for streams of HTTP/2 in this process */
    bool async;                /* a connection that only waits has no worker: event */
    uint64_t small_max;        /* one of these two: a worker computes small numbers itself */
    int small_most;            /* workers of this child that may do so at once */
    unsigned threads;          /* for one computation */
    factorial_method method;
    uint64_t largest;                 /* n that FactorialMemory has room for */
    compute_threads *compute_threads; /* NULL under prefork: the worker itself computes */
    /* Of large computations; kept for the next one where there are runners. */
    factorial_memory *memory;
    atomic_bool stopping; /* in haste: nothing is computed to its end */
} process_state;

/* Set by process_init, before the first request. */
extern process_state process;

/* post_config: makes the budget and the metrics; false, with a line in the log, if it cannot. */
bool process_prepare(server_rec *server);

void process_init(apr_pool_t *pool, server_rec *server);

/* To be called by a runner: the threads that help it, made when they are first asked for; may be
 * NULL. */
factorial_pool *process_pool(void);

/* Charges the memory that is kept between computations; to be called after each. */
void process_charge_kept(void);

/* Gives it back; true if there was any. From any thread. */
bool process_give_back(void);

/* process_stopping; perhaps in a signal handler, so it takes no lock. */
void process_stopping(apr_pool_t *pool, int graceful);

#endif
