/*
 * What a request asks for: the number in its query string, the representation in its Accept.
 *
 * Plain functions on strings: nothing is allocated, whatever the length of the input.
 */
#ifndef MOD_FACTORIAL_PARSE_H
#define MOD_FACTORIAL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    NUMBER_GIVEN,
    NUMBER_MISSING,   /* no parameter of that name */
    NUMBER_INVALID,   /* not a natural number in decimal digits */
    NUMBER_TOO_LARGE, /* a natural number above the maximum */
} number_outcome;

/*
 * Reads the first parameter called "number" of a query string as a URL has it: still escaped, NULL
 * if there is none. Names and values are decoded (RFC 3986 escapes, + for a blank); an escape that
 * is none stands for itself. ASCII blanks around the digits and one sign before them are taken, as
 * the service that this one replaces did. Sets *number if NUMBER_GIVEN is returned.
 */
number_outcome parse_number(const char *query, uint64_t maximum, uint64_t *number);

typedef enum {
    REPRESENTATION_JSON,
    REPRESENTATION_TEXT,
} representation;

typedef struct {
    representation representation; /* of a result */
    bool problem_details;          /* an error is to be RFC 9457's application/problem+json */
} preference;

/*
 * Content negotiation by an Accept field (RFC 9110 section 12.5.1), NULL if there is none. JSON
 * where nothing matches and where weights are equal. Problem details only for those who name them.
 */
preference parse_accept(const char *accept);

#endif
