/*
 * Computes n! for a request, in one of three ways by the cost in the engine's plan. An instant or
 * short computation runs on the worker itself. A long one runs on a compute thread, within time
 * limits, while the worker checks that the client is still connected.
 */
#ifndef MOD_FACTORIAL_COMPUTE_H
#define MOD_FACTORIAL_COMPUTE_H

#include "factorial_request.h"

/*
 * Computes n! by q->plan within q->settings. To be called by the thread that serves the request.
 * Sets q->waited and q->computed, and takes q->slot for a long computation. Returns OUTCOME_OK and
 * sets q->digits, to be freed by result_free; or returns OUTCOME_BUSY,
 * OUTCOME_TIMEOUT, OUTCOME_MEMORY, OUTCOME_GONE, OUTCOME_STOPPING or OUTCOME_FAILED, with q->digits
 * NULL.
 */
outcome compute_digits(factorial_request *q);

#endif
