/*
 * What one server process has for computing: its account in the budget, its compute threads, the
 * limits that were configured when it was started.
 */
#ifndef MOD_FACTORIAL_PROCESS_H
#define MOD_FACTORIAL_PROCESS_H

#include "admission.h"
#include "compute_threads.h"
#include "engine/factorial.h"
#include "module.h"

#include <stdatomic.h>

typedef struct {
    admission budget;
    admission_limits limits;
    bool joined;               /* has an account; without one no long number is computed */
    unsigned here, everywhere; /* slots for workers: in this process, in all */
    unsigned streams;          /* slots for streams of HTTP/2 in this process */
    bool async;                /* a connection that only waits has no worker: event */
    int short_most;            /* workers of this process that compute short numbers at once */
    unsigned threads;          /* for one computation */
    factorial_method method;
    uint64_t largest;                 /* n that FactorialMemory has room for */
    compute_threads *compute_threads; /* NULL under prefork: the worker itself computes */
    atomic_bool stopping;             /* ungraceful stop: running computations are cancelled */
} process_state;

/* Set by process_init, before the first request. */
extern process_state process;

static inline bool process_is_stopping(void)
{
    return atomic_load(&process.stopping);
}

/* post_config: makes the budget and the metrics; false, with a line in the log, if it cannot. */
bool process_prepare(server_rec *server);

void process_init(apr_pool_t *pool, server_rec *server);

/* The threads that help a compute thread, which is to call this: created at the first call; NULL if
 * there are none. */
factorial_pool *process_pool(void);

/* process_stopping; perhaps in a signal handler, so it takes no lock. */
void process_stopping(apr_pool_t *pool, int graceful);

#endif
