/*
 * Runs the engine for requests: small numbers at once, large ones within the shared budget, on the
 * child's compute threads, with an eye on the clock and on the client.
 */
#ifndef MOD_FACTORIAL_COMPUTE_H
#define MOD_FACTORIAL_COMPUTE_H

#include "metrics.h"
#include "module.h"

typedef struct {
    char *digits;      /* the caller's, who gives them back by digits_release */
    uint64_t waited;   /* for the budget, microseconds */
    uint64_t computed; /* microseconds */
    bool large;        /* occupies one of the places of busy workers, until compute_finish */
} computation;

/*
 * Computes n!, which has `count` digits. OUTCOME_OK: c->digits is a block of that many. Otherwise
 * there is none, and the outcome says why: OUTCOME_BUSY, OUTCOME_TIMEOUT, OUTCOME_MEMORY,
 * OUTCOME_GONE, OUTCOME_STOPPING or OUTCOME_FAILED; what is the server's fault is in the log. In
 * both cases compute_finish is to be called when the request has been answered. By the request's
 * own thread.
 */
outcome compute_digits(request_rec *r, uint64_t n, uint64_t count, computation *c);
void compute_finish(const computation *c);

#endif
