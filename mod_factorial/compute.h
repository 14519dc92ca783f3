/*
 * Runs the engine for requests: small numbers at once, large ones within the shared budget, on the
 * child's compute threads, with an eye on the clock and on the client.
 */
#ifndef MOD_FACTORIAL_COMPUTE_H
#define MOD_FACTORIAL_COMPUTE_H

#include "factorial_request.h"

/*
 * Computes n! for q->n, q->plan and q->settings, on the request's own thread or watched by
 * it. Sets q->waited and q->computed, and takes q->slot for a long computation. Returns OUTCOME_OK
 * and sets q->digits, a block that is to be freed by digits_release; or OUTCOME_BUSY,
 * OUTCOME_TIMEOUT, OUTCOME_MEMORY, OUTCOME_GONE, OUTCOME_STOPPING or OUTCOME_FAILED, with q->digits
 * NULL.
 */
outcome compute_digits(factorial_request *q);

#endif
