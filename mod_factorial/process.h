/*
 * The state of one server process: its account in the budget, its compute threads, and the limits
 * that were configured when it was started.
 */
#ifndef MOD_FACTORIAL_PROCESS_H
#define MOD_FACTORIAL_PROCESS_H

#include "admission.h"
#include "compute_threads.h"
#include "engine/factorial.h"
#include "module.h"

#include <stdbool.h>

typedef struct {
    admission *budget; /* this process's account */
    admission_limits limits;
    bool joined;               /* has an account; without one it refuses long computations */
    unsigned here, everywhere; /* slots for workers: in this process, in all */
    unsigned streams;          /* slots for streams of HTTP/2 in this process */
    bool async;                /* event: a connection that waits occupies no worker */
    int short_most;            /* workers of this process that compute short numbers at once */
    unsigned threads;          /* for one computation */
    factorial_method method;
    uint64_t largest;                 /* n for which FactorialMemory has room */
    compute_threads *compute_threads; /* NULL under prefork: the worker itself computes */
} process_state;

/* Written only by process_init, before the first request. */
extern const process_state *const process;

/* True after an ungraceful stop has begun: running computations are to be cancelled. */
bool process_is_stopping(void);

/* For post_config: creates the budget and the metrics. Logs why and returns false if it fails. */
bool process_prepare(server_rec *server);

/* The child_init hook. */
void process_init(apr_pool_t *pool, server_rec *server);

/*
 * The engine's pool, whose threads help the compute threads: created when a compute thread first
 * calls this. NULL if there is none.
 */
factorial_pool *process_pool(void);

/* The child_stopping hook. A signal handler may call it, so it takes no lock. */
void process_stopping(apr_pool_t *pool, int graceful);

#endif
