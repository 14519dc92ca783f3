/*
 * What goes back: results with their validators, errors, the few other answers.
 *
 * Every function that sends returns what the handler has to return to httpd.
 */
#ifndef MOD_FACTORIAL_RESPONSE_H
#define MOD_FACTORIAL_RESPONSE_H

#include "module.h"
#include "parse.h"

/* Registers the filter for 304. */
void response_register(void);

typedef enum {
    ERROR_NUMBER_MISSING,
    ERROR_NUMBER_INVALID,
    ERROR_NUMBER_TOO_LARGE, /* for response_send_too_large */
    ERROR_METHOD,
    ERROR_PRECONDITION,
    ERROR_BUSY,
    ERROR_TIMEOUT,
    ERROR_MEMORY,
    ERROR_INTERNAL,
} response_error;

/*
 * Sends the error by this module itself, so that an ErrorDocument does not change the contract: as
 * plain text, or as problem details (RFC 9457) if they are wanted. No part of the request is in it.
 */
int response_send_error(request_rec *r, response_error error, bool problem_details);

/* The same for ERROR_NUMBER_TOO_LARGE, which tells the maximum in force. */
int response_send_too_large(request_rec *r, uint64_t maximum, bool problem_details);

/* Sends the empty answer to OPTIONS. */
int response_send_options(request_rec *r);

/* Sends a constant text that nobody may cache. */
int response_send_text(request_rec *r, const char *text);

/* Sets type, validator, caching rules and length of n!, which has so many digits. */
void response_describe(request_rec *r, uint64_t n, uint64_t digits, representation as);

/*
 * Conditions on n! in this representation, by If-Match and If-None-Match; those on dates are
 * ignored, a result having none (RFC 9110 section 13.1). A tag also counts with the suffix that
 * mod_deflate or mod_brotli gave it. The second is to be called after response_describe: it sends
 * the tag back that the client has.
 */
bool response_precondition_fails(request_rec *r, uint64_t n, representation as);
bool response_not_modified(request_rec *r, uint64_t n, representation as);

/* Sends the headers of 304, when that is so. */
int response_send_not_modified(request_rec *r);

/*
 * Sends the headers that response_describe has set, to HEAD: without the length if a filter such
 * as a compressing one is going to change the body of GET.
 */
int response_send_headers(request_rec *r);

/*
 * Sends the digits after response_describe, in one bucket that takes them over and gives them to
 * `release` once they are sent: perhaps after this has returned, and on another thread. A large
 * answer is paced, see pacing.h.
 */
int response_send_result(request_rec *r, char *digits, uint64_t count, representation as,
                         void (*release)(void *digits));

#endif
