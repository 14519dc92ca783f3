#include "metrics.h"

#include "shared.h"

#include <apr_optional_hooks.h>
#include <http_protocol.h>
#include <mod_status.h>
#include <stdatomic.h>
#include <string.h>

typedef struct {
    atomic_uint_fast64_t requests[OUTCOME_COUNT];
    atomic_uint_fast64_t health_checks;
    atomic_uint_fast64_t computations, digits;
    atomic_uint_fast64_t waited, computed; /* microseconds */
} counters;

/* Set in the parent process, before it forks. */
static counters *shared;
static admission_ledger *budget;

bool metrics_create(server_rec *server, admission_ledger *ledger)
{
    bool fresh;
    budget = ledger;
    shared = shared_memory("mod_factorial metrics " MOD_FACTORIAL_VERSION, sizeof *shared, &fresh);
    if (!shared)
        ap_log_error(APLOG_MARK, APLOG_EMERG, errno, server, "no shared memory for the metrics");
    return shared;
}

static void add(atomic_uint_fast64_t *counter, uint64_t value)
{
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static uint64_t read_counter(atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_count(outcome how)
{
    add(&shared->requests[how], 1);
}

void metrics_count_health_check(void)
{
    add(&shared->health_checks, 1);
}

void metrics_computed(uint64_t digits, uint64_t waited, uint64_t computed)
{
    add(&shared->computations, 1);
    add(&shared->digits, digits);
    add(&shared->waited, waited);
    add(&shared->computed, computed);
}

/* ---- mod_status */

static void show_line(request_rec *r, bool plain, const char *label, const char *title,
                      uint64_t value)
{
    if (plain)
        ap_rprintf(r, "Factorial%s: %" APR_UINT64_T_FMT "\n", label, value);
    else
        ap_rprintf(r, "<dt>%s: %" APR_UINT64_T_FMT "</dt>\n", title, value);
}

static int show(request_rec *r, int flags)
{
    bool plain = flags & AP_STATUS_SHORT;
    admission_totals now = admission_sum(budget);
    if (!plain)
        ap_rputs("<hr />\n<h2>mod_factorial</h2>\n<dl>\n", r);
    for (int i = 0; i < OUTCOME_COUNT;) {
        const outcome_row *row = &outcomes[i];
        uint64_t requests = 0;
        for (; i < OUTCOME_COUNT && !strcmp(outcomes[i].counter.name, row->counter.name); i++)
            requests += read_counter(&shared->requests[i]);
        show_line(r, plain, row->counter.name, row->counter.title, requests);
    }
    show_line(r, plain, "HealthChecks", "health checks", read_counter(&shared->health_checks));
    show_line(r, plain, "Computations", "computations", read_counter(&shared->computations));
    show_line(r, plain, "Digits", "digits computed", read_counter(&shared->digits));
    show_line(r, plain, "ComputingMicroseconds", "microseconds of computing",
              read_counter(&shared->computed));
    show_line(r, plain, "WaitingMicroseconds", "microseconds of waiting",
              read_counter(&shared->waited));
    show_line(r, plain, "Computing", "large computations at this moment", now.computing);
    show_line(r, plain, "Waiting", "waiting at this moment", now.waiting);
    show_line(r, plain, "Busy", "workers busy with large numbers at this moment",
              now.busy[ADMISSION_WORKER]);
    show_line(r, plain, "Streams", "HTTP/2 streams busy with large numbers at this moment",
              now.busy[ADMISSION_STREAM]);
    show_line(r, plain, "MemoryBytes", "bytes of the budget in use at this moment", now.memory);
    if (!plain)
        ap_rputs("</dl>\n", r);
    return OK;
}

void metrics_register_hooks(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, show, NULL, NULL, APR_HOOK_MIDDLE);
}
