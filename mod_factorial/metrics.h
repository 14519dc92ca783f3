/*
 * Counters of all server processes together, from the server's start on, and how mod_status shows
 * them.
 */
#ifndef MOD_FACTORIAL_METRICS_H
#define MOD_FACTORIAL_METRICS_H

#include "admission.h"
#include "module.h"
#include "outcome.h"

/* To be called in post_config. False, with a line in the log, if there is no shared memory. */
bool metrics_create(server_rec *server, admission_ledger *ledger);

/* Shows the metrics on mod_status's page and in its ?auto form, where that module is loaded. */
void metrics_register_hooks(void);

/* One more request that ended so. From any thread. */
void metrics_count(outcome how);

/* One more computation: its digits, and the microseconds it waited and took. From any thread. */
void metrics_computed(uint64_t digits, uint64_t waited, uint64_t computed);

#endif
