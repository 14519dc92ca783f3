/*
 * Counters of all server processes together, from the server's start on, and how mod_status shows
 * them.
 */
#ifndef MOD_FACTORIAL_METRICS_H
#define MOD_FACTORIAL_METRICS_H

#include "admission.h"
#include "module.h"

/* What can become of a request. */
typedef enum {
    OUTCOME_OK,          /* a result was sent, or a part of it */
    OUTCOME_HEADERS,     /* 304, HEAD, OPTIONS: answered without computing */
    OUTCOME_BAD_REQUEST, /* the client's fault */
    OUTCOME_BUSY,        /* no place in the budget */
    OUTCOME_TIMEOUT,     /* computing took too long */
    OUTCOME_MEMORY,      /* no memory */
    OUTCOME_GONE,        /* the client left before it had the whole result */
    OUTCOME_SLOW,        /* the client did not take the result in time */
    OUTCOME_STOPPING,    /* the server was stopped, not gracefully */
    OUTCOME_FAILED,      /* the engine's own check failed */
    OUTCOME_COUNT,
} outcome;

/* To be called in post_config. False, with a line in the log, if there is no shared memory. */
bool metrics_create(server_rec *server, admission_ledger *ledger);

/* Shows the metrics on mod_status's page and in its ?auto form, where that module is loaded. */
void metrics_register_hooks(void);

/* One more request that ended so. From any thread. */
void metrics_count(outcome how);

/* One more computation: its digits, and the microseconds it waited and took. From any thread. */
void metrics_computed(uint64_t digits, uint64_t waited, uint64_t computed);

/* The outcome's name, as the note factorial-reason and the log have it. */
const char *metrics_name(outcome how);

#endif
