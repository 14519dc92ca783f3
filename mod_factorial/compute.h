/*
 * Computes for requests, in three ways: instant, short and long, as the engine's plan says. The
 * worker itself computes the first two; a compute thread the third, within limits of time, while
 * the worker checks that the client is still there.
 */
#ifndef MOD_FACTORIAL_COMPUTE_H
#define MOD_FACTORIAL_COMPUTE_H

#include "factorial_request.h"

/*
 * Computes n! by q->plan within q->settings. To be called by the thread that serves the request.
 * Sets q->waited and q->computed, and takes q->slot for a long computation. Returns OUTCOME_OK
 * and sets q->digits, a block that is to be freed by result_free; or OUTCOME_BUSY,
 * OUTCOME_TIMEOUT, OUTCOME_MEMORY, OUTCOME_GONE, OUTCOME_STOPPING or OUTCOME_FAILED, with q->digits
 * NULL.
 */
outcome compute_digits(factorial_request *q);

#endif
