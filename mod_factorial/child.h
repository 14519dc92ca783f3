/*
 * What a child process has for computing: its account in the budget, its compute threads, the
 * limits that were configured when it was started.
 */
#ifndef MOD_FACTORIAL_CHILD_H
#define MOD_FACTORIAL_CHILD_H

#include "admission.h"
#include "engine/factorial.h"
#include "mod_factorial.h"
#include "runners.h"

/* Numbers up to here take less than a millisecond. */
#define CHILD_SMALL_MAX 8000

typedef struct {
    admission budget;
    admission_limits limits;
    bool joined;               /* has an account; without one no large number is computed */
    unsigned here, everywhere; /* workers that may be busy with large numbers */
    int small_most;            /* workers of this child that may compute small ones */
    unsigned threads;          /* for one computation */
    factorial_method method;
    uint64_t largest;     /* n that FactorialMemory has room for */
    runners *runners;     /* NULL under prefork: the worker itself computes */
    atomic_bool stopping; /* in haste: nothing is computed to its end */
} child_state;

/* Set by child_init, before the first request. */
extern child_state child;

/* post_config: makes the budget and the metrics; false, with a line in the log, if it cannot. */
bool child_prepare(server_rec *server);

void child_init(apr_pool_t *pool, server_rec *server);

/* To be called by a runner: the threads that help it, made when they are first asked for; may be
 * NULL. */
factorial_pool *child_pool(void);

/* child_stopping; perhaps in a signal handler, so it takes no lock. */
void child_stopping(apr_pool_t *pool, int graceful);

#endif
