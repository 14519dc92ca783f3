#include "process.h"

#include "blocks.h"
#include "digits.h"
#include "directives.h"
#include "keeper.h"
#include "metrics.h"
#include "priority.h"
#include "shared.h"

#include <ap_mpm.h>
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <mod_http2.h>
#include <pthread.h>

enum {
    STOP_MS = 2000,      /* what an end waits for compute threads */
    KEEP_IDLE_MS = 5000, /* what is kept for the next computation is given back after so long */
};

/* What small computations of a child may take together: it is not charged to the budget. */
static const size_t SMALL_MEMORY = (size_t)32 << 20;

process_state process = {.largest = FACTORIAL_LIMIT,
                         .small_max = PROCESS_SMALL_GMP,
                         .small_most = 1,
                         .memory = &block_memory};

/* What is in `process.memory` and `process.compute_threads` where computations have threads of
 * their own. */
static factorial_keeper *keeper;

static unsigned mpm_query(int what)
{
    int value = 0;
    return ap_mpm_query(what, &value) == APR_SUCCESS && value > 0 ? (unsigned)value : 1;
}

/* The ledger's address for children to be; statics do not survive a restart, it does. */
static admission_ledger *ledger;

bool process_prepare(server_rec *server)
{
    /* Each place of the scoreboard may have a process that has just ended and its successor. */
    unsigned processes = 2 * mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS);
    bool fresh;
    ledger = shared_memory("mod_factorial budget " MOD_FACTORIAL_VERSION,
                           admission_ledger_size(processes), &fresh);
    int error = !ledger ? errno : fresh ? admission_ledger_init(ledger, processes) : 0;
    if (error)
        ap_log_error(APLOG_MARK, APLOG_EMERG, error, server, "no shared memory for the budget");
    if (!priority_probe())
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, server,
                     "compute threads keep the normal priority: the system does not let them "
                     "lower it");
    return !error && metrics_create(server, ledger);
}

static uint64_t memory_of(uint64_t n)
{
    return factorial_memory_need(n, process.method) + digits_bytes(factorial_digit_count(n));
}

/* The need grows with n. */
static uint64_t largest_that_fits(void)
{
    uint64_t low = process.small_max, high = FACTORIAL_LIMIT;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (memory_of(middle) <= process.limits.memory)
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

/* Threads of this process that mod_http2 has for streams; 0 without that module. */
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
    process.limits = (admission_limits){
        .memory = settings.memory,
        .computations = settings.concurrency,
        .waiting = settings.max_waiting,
    };
    process.threads = settings.threads;
    process.method = settings.method;
    bool decimal = process.method == FACTORIAL_AUTO && factorial_prepare();
    process.small_max = decimal ? PROCESS_SMALL_DECIMAL : PROCESS_SMALL_GMP;
    process.largest = largest_that_fits();
    /* The others are for those whose number is small. */
    process.here = at_least_one(workers / 4);
    process.everywhere = at_least_one(workers * processes / 4);
    process.streams = at_least_one(stream_threads(server) / 4 * 3);
    int async = 0;
    process.async = ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) == APR_SUCCESS && async > 0;
    uint64_t small_most = SMALL_MEMORY / memory_of(process.small_max);
    process.small_most =
        (int)at_least_one(workers / 2 < small_most ? workers / 2 : (unsigned)small_most);
}

/* Compute threads may outlast an end in haste: their code must not be unmapped under them. */
static void stay_mapped(void)
{
    Dl_info here;
    if (dladdr((void *)&factorial_module, &here))
        dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

static pthread_once_t helpers_once = PTHREAD_ONCE_INIT;
static factorial_pool *helpers;

/* Its threads inherit from the runner that comes first here that they are deaf to signals. */
static void create_helpers(void)
{
    helpers = factorial_pool_create(process.threads - 1, compute_threads_prepare_thread, NULL);
}

factorial_pool *process_pool(void)
{
    if (process.threads > 1)
        pthread_once(&helpers_once, create_helpers);
    return helpers;
}

void process_charge_kept(void)
{
    static pthread_mutex_t charging = PTHREAD_MUTEX_INITIALIZER;
    if (!keeper)
        return;
    /* Who charges last has looked last. */
    pthread_mutex_lock(&charging);
    admission_hold(&process.budget, factorial_keeper_idle(keeper));
    pthread_mutex_unlock(&charging);
}

bool process_give_back(void)
{
    bool any = keeper && factorial_keeper_give_back(keeper) > 0;
    if (any)
        process_charge_kept();
    return any;
}

/* For the runners, while nothing is computed; false once nothing is kept any more. */
static bool idle(void *unused, unsigned milliseconds)
{
    if (milliseconds < KEEP_IDLE_MS && !admission_wanted(&process.budget))
        return true;
    process_give_back();
#ifdef __GLIBC__
    malloc_trim(0); /* what GMP had; musl returns it without being asked */
#endif
    return false;
}

static apr_status_t stop_runners(void *unused)
{
    atomic_store(&process.stopping, true);
    if (compute_threads_stop(process.compute_threads, STOP_MS)) {
        factorial_pool_destroy(helpers);
        factorial_keeper_destroy(keeper);
    }
    return APR_SUCCESS;
}

void process_stopping(apr_pool_t *pool, int graceful)
{
    if (!graceful)
        atomic_store(&process.stopping, true);
}

void process_init(apr_pool_t *pool, server_rec *server)
{
    int threaded = AP_MPMQ_NOT_SUPPORTED;
    configure(server);
    process.joined = admission_join(&process.budget, ledger);
    if (!process.joined)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "no account in the budget: this process refuses large numbers");
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    if (threaded == AP_MPMQ_NOT_SUPPORTED)
        return;
    unsigned most =
        process.limits.computations < process.here ? process.limits.computations : process.here;
    process.compute_threads = compute_threads_create(most, idle, NULL);
    /* GMP has its memory from elsewhere: nothing to keep. */
    if (process.small_max == PROCESS_SMALL_DECIMAL)
        keeper = factorial_keeper_create(&block_memory, process.limits.memory / 4);
    if (keeper)
        process.memory = factorial_keeper_memory(keeper);
    if (process.compute_threads) {
        stay_mapped();
        apr_pool_pre_cleanup_register(pool, NULL, stop_runners);
    }
}
