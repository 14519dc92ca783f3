/*
 * Counters that all server processes share, and their display by mod_status. They count from the
 * start of the server.
 */
#ifndef MOD_FACTORIAL_METRICS_H
#define MOD_FACTORIAL_METRICS_H

#include "admission.h"
#include "module.h"
#include "outcome.h"

/*
 * Creates the counters, or finds them again after a reload; `ledger` is shown beside them. To be
 * called in post_config. False, with a line in the log, if there is no shared memory.
 */
bool metrics_create(server_rec *server, admission_ledger *ledger);

/* Registers the display on mod_status's page and in its ?auto form. */
void metrics_register_hooks(void);

/* Counts a request that ended with this outcome. From any thread. */
void metrics_count(outcome how);

/* Counts a health check that was answered UP. metrics_count does not count it. From any thread. */
void metrics_count_health_check(void);

/* Counts a computation: its digits, its microseconds of waiting and computing. From any thread. */
void metrics_computed(uint64_t digits, uint64_t waited, uint64_t computed);

#endif
