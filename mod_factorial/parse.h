/*
 * What a request asks for: the number in its query string, the form of the result in its Accept.
 *
 * These functions allocate nothing, and take time in proportion to the length of the input.
 */
#ifndef MOD_FACTORIAL_PARSE_H
#define MOD_FACTORIAL_PARSE_H

#include "outcome.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the first parameter called "number" of a query string as a URL has it: still escaped, NULL
 * if there is none. Names and values are decoded (RFC 3986 escapes, + for a blank); a percent sign
 * that begins no escape is kept. ASCII blanks around the digits and one sign before them are
 * accepted, because the service that this one replaces accepted them.
 *
 * Returns OUTCOME_OK and sets *number; or OUTCOME_NUMBER_MISSING if there is no such parameter,
 * OUTCOME_NUMBER_INVALID if it is not a natural number in decimal digits, OUTCOME_NUMBER_TOO_LARGE
 * if it is one above the maximum.
 */
outcome parse_number(const char *query, uint64_t maximum, uint64_t *number);

/* The forms of a result. */
typedef enum {
    FORM_NUMBER,  /* JSON; the factorial is a number */
    FORM_STRING,  /* JSON; the factorial is a string */
    FORM_TEXT,    /* the digits alone */
    FORM_SUMMARY, /* JSON; digit count, trailing zeros and first digits */
} response_form;

typedef struct {
    response_form form;   /* of a result: FORM_NUMBER or FORM_TEXT */
    bool problem_details; /* errors as application/problem+json (RFC 9457) */
} accept_preference;

/*
 * Content negotiation by an Accept field (RFC 9110 section 12.5.1), NULL if there is none. The form
 * is FORM_NUMBER if nothing matches and if weights are equal. Problem details are only for clients
 * that name their media type.
 */
accept_preference parse_accept(const char *accept);

#endif
