#include "process.h"

#include "directives.h"
#include "memory.h"
#include "metrics.h"
#include "priority.h"
#include "result.h"
#include "shared.h"

#include <ap_mpm.h>
#include <apr_optional.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    STOP_MS = 2000,      /* how long a stop waits for compute threads */
    CACHE_IDLE_MS = 5000 /* after so long without a computation, cached blocks are freed */
};

static admission account;
static process_state state = {.budget = &account, .largest = FACTORIAL_LIMIT};
const process_state *const process = &state;

static atomic_bool stopping;

bool process_is_stopping(void)
{
    return atomic_load(&stopping);
}

static unsigned mpm_query(int what)
{
    int value = 0;
    ap_mpm_query(what, &value);
    return value > 0 ? (unsigned)value : 0;
}

/* For the child processes. The ledger survives a restart; this pointer is set again. */
static admission_ledger *ledger;

static bool may_schedule; /* the system lets threads lower their priority and move */

bool process_prepare(server_rec *server)
{
    /* A process that is ending and its successor may share a slot of the scoreboard. */
    unsigned processes = 2 * mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS);
    bool fresh;
    ledger = shared_memory("mod_factorial budget " MOD_FACTORIAL_VERSION,
                           admission_ledger_size(processes), &fresh);
    int error = !ledger ? errno : fresh ? admission_ledger_init(ledger, processes) : 0;
    if (error)
        ap_log_error(APLOG_MARK, APLOG_EMERG, error, server, "no shared memory for the budget");
    may_schedule = priority_probe();
    if (!may_schedule)
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, server,
                     "compute threads keep the normal priority: the system does not let them "
                     "lower it");
    return !error && metrics_create(server, ledger);
}

/* A binary search: the memory for n! grows with n. */
static uint64_t largest_that_fits(void)
{
    uint64_t low = 0, high = FACTORIAL_LIMIT;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        factorial_plan plan = factorial_make_plan(middle, state.method);
        if (memory_size(plan.scratch) + plan.gmp_heap + result_size(plan.digits) <=
            state.limits.memory)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static unsigned at_least_one(unsigned number)
{
    return number > 1 ? number : 1;
}

/* Declared as in mod_http2.h, which httpd does not install if it is built without mod_http2. */
APR_DECLARE_OPTIONAL_FN(void, http2_get_num_workers, (server_rec *, int *, int *));

/* The number of mod_http2's threads for streams in this process; 0 without that module. */
static unsigned stream_threads(const server_rec *server)
{
    APR_OPTIONAL_FN_TYPE(http2_get_num_workers) *query =
        APR_RETRIEVE_OPTIONAL_FN(http2_get_num_workers);
    int least = 0, most = 0;
    if (query)
        query((server_rec *)server, &least, &most);
    return most > 0 ? (unsigned)most : 0;
}

static void configure(const server_rec *server)
{
    unsigned workers = mpm_query(AP_MPMQ_MAX_THREADS);
    unsigned processes = mpm_query(AP_MPMQ_MAX_DAEMONS);
    server_settings settings = directives_server(server->lookup_defaults);
    state.limits = (admission_limits){
        .memory = settings.memory,
        .computations = settings.concurrency,
        .waiting = settings.max_waiting,
    };
    state.threads = settings.threads;
    state.method = settings.method;
    factorial_prepare();
    state.largest = largest_that_fits();
    /* The other workers remain for small numbers. */
    state.here = at_least_one(workers / 4);
    state.everywhere = at_least_one(workers * processes / 4);
    state.streams = at_least_one(stream_threads(server) / 4 * 3);
    state.async = mpm_query(AP_MPMQ_IS_ASYNC);
    state.short_most = (int)at_least_one(workers / 2);
}

/* Compute threads may outlast an ungraceful stop: their code must stay mapped. */
static void stay_mapped(void)
{
    Dl_info here;
    if (dladdr((void *)&factorial_module, &here))
        dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

static pthread_once_t helpers_once = PTHREAD_ONCE_INIT;
static factorial_pool *helpers;

/* The pool's threads inherit a mask that blocks all signals from the compute thread that calls. */
static void create_helpers(void)
{
    helpers = factorial_pool_create(state.threads - 1, may_schedule, priority_lower, NULL);
}

factorial_pool *process_pool(void)
{
    if (state.threads > 1)
        pthread_once(&helpers_once, create_helpers);
    return helpers;
}

/* Called by an idle compute thread. False once nothing is cached. */
static bool idle(void *unused, unsigned milliseconds)
{
    (void)unused;
    if (milliseconds < CACHE_IDLE_MS && !admission_memory_wanted(&account))
        return true;
    admission_drop_cached(&account);
    return false;
}

static apr_status_t stop_compute_threads(void *unused)
{
    atomic_store(&stopping, true);
    if (compute_threads_stop(state.compute_threads, STOP_MS)) {
        factorial_pool_destroy(helpers);
        admission_drop_cached(&account);
    }
    return APR_SUCCESS;
}

void process_stopping(apr_pool_t *pool, int graceful)
{
    if (!graceful)
        atomic_store(&stopping, true);
}

void process_init(apr_pool_t *pool, server_rec *server)
{
    configure(server);
    state.joined = admission_join(&account, ledger);
    if (!state.joined)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "no account in the budget: this process refuses large numbers");
    if (!mpm_query(AP_MPMQ_IS_THREADED))
        return;
    unsigned most = state.limits.computations < state.here ? state.limits.computations : state.here;
    state.compute_threads = compute_threads_create(most, idle, NULL);
    if (state.compute_threads) {
        state.limits.cached = most;
        stay_mapped();
        apr_pool_pre_cleanup_register(pool, NULL, stop_compute_threads);
    }
}
