/*
 * The responses: results, errors, and the few others.
 *
 * Every function that sends returns what the handler has to return to httpd.
 */
#ifndef MOD_FACTORIAL_RESPONSE_H
#define MOD_FACTORIAL_RESPONSE_H

#include "factorial_request.h"

/* Registers the filter for results. */
void response_register(void);

/*
 * Sends the error of q->outcome, as plain text or, if q->problem_details, as RFC 9457's problem
 * details. The module sends it itself, so that an ErrorDocument does not change the contract. No
 * part of the request is in it; q->maximum is, if the number is too large. If the client is gone
 * there is nothing to send: the connection is marked as aborted.
 */
int response_send_error(const factorial_request *q);

/* Sends the empty response to OPTIONS, with the methods that are allowed. */
int response_send_options(request_rec *r);

/* Sends a constant text that must not be cached. */
int response_send_text(request_rec *r, const char *text);

/*
 * Sets type, validator, caching rules and length of the result, by form, n and plan. Sets
 * `before`, for which a summary is made.
 */
void response_set_headers(factorial_request *q);

/* Sends 304; to be called after response_set_headers and validators_not_modified. */
int response_send_not_modified(request_rec *r);

/*
 * Sends the result after response_set_headers. One bucket takes over q->digits and gives them to
 * result_free when they are sent, which may be after this function has returned, and on another
 * thread. It is paced: see pacing.h.
 *
 * For HEAD, where q->digits is NULL, as many zeros stand for the digits. The filters of other
 * modules see them and change headers as they do for GET; the client gets the headers alone.
 */
int response_send_result(factorial_request *q);

#endif
