/*
 * The validator of a result, its entity tag, and the conditions that requests put on it (RFC 9110
 * section 13). Conditions on dates are ignored, because a result has no date.
 *
 * All functions read r, n and form of the request.
 */
#ifndef MOD_FACTORIAL_VALIDATORS_H
#define MOD_FACTORIAL_VALIDATORS_H

#include "factorial_request.h"

/* The strong tag of the result, in quotes; allocated in the request's pool. */
const char *validators_tag(const factorial_request *q);

/*
 * Does the request have an If-Match that names other results only? Like If-None-Match, it may name
 * the tag with the suffix that mod_deflate or mod_brotli gave it. The conditions of a subrequest's
 * request are on the main result, and an ErrorDocument has none: false for both.
 */
bool validators_precondition_fails(const factorial_request *q);

/* Does its If-None-Match name this result? If so, sets ETag to the tag that the client has. */
bool validators_not_modified(const factorial_request *q);

#endif
