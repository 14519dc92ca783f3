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
 * Sends the error of q->outcome, as plain text or, if q->problem_details, as problem details (RFC
 * 9457). The module sends it itself, so that an ErrorDocument does not change the contract. It
 * contains no part of the request; if the number is too large, it contains q->maximum. If the
 * client has disconnected, nothing is sent and the connection is marked as aborted.
 */
int response_send_error(const factorial_request *q);

/* Sends the empty response to OPTIONS, with the methods that are allowed. */
int response_send_options(request_rec *r);

/* Sends a constant text that must not be cached. */
int response_send_text(request_rec *r, const char *text);

/*
 * Sets type, validator, caching rules and length of the result, by form, n and plan; and `before`,
 * which for a summary means that it is computed here.
 */
void response_set_headers(factorial_request *q);

/* Sends 304; to be called after response_set_headers and validators_not_modified. */
int response_send_not_modified(request_rec *r);

/*
 * Sends the result after response_set_headers. One bucket takes over q->digits and frees them by
 * result_free when they are sent, which may be after this function has returned, and on another
 * thread. The response is paced: see pacing.h.
 *
 * For HEAD, where q->digits is NULL, as many zeros stand for the digits. The filters of other
 * modules see them and change headers as they do for GET; the client gets the headers alone.
 */
int response_send_result(factorial_request *q);

#endif
