/*
 * The record of one request to the endpoint. handler.c creates it and passes it from step to step.
 * The header of each step says which fields it reads and which it sets.
 */
#ifndef MOD_FACTORIAL_FACTORIAL_REQUEST_H
#define MOD_FACTORIAL_FACTORIAL_REQUEST_H

#include "directives.h"
#include "module.h"
#include "outcome.h"
#include "parse.h"
#include "slot.h"

typedef struct {
    request_rec *r;
    location_settings settings; /* in force for this request */
    response_form form;         /* of the result */
    bool problem_details;       /* errors are application/problem+json, not text/plain */
    uint64_t maximum;           /* the largest n that is answered here */
    uint64_t n;
    factorial_plan plan; /* of n!; zero for a summary, which has none of the digits */
    char *digits;        /* plan.digits of them, owned by the response in the end; NULL for HEAD */
    const char *before;  /* the body up to the digits; for a summary, up to its last bytes */
    uint64_t waited;     /* for the budget, microseconds */
    uint64_t computed;   /* microseconds */
    slot slot;           /* taken by a long computation, or where sending has to wait */
    bool expired;        /* the client did not read the response in time */
    outcome outcome;     /* how the request ended */
} factorial_request;

#endif
