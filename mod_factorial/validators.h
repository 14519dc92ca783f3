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
 * True if the request has an If-Match that names other results only. Like If-None-Match, it may
 * name the tag with the suffix that mod_deflate or mod_brotli adds. False for subrequests, whose
 * headers are those of the main request, and for an ErrorDocument.
 */
bool validators_precondition_fails(const factorial_request *q);

/* True if its If-None-Match names this result. Sets ETag to the tag that the client has. */
bool validators_not_modified(const factorial_request *q);

#endif
