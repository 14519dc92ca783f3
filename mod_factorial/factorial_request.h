/*
 * The record of one request to the endpoint. handler.c creates it and hands it from step to step;
 * each step's header says which fields it reads and which it sets.
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
    char *digits;        /* plan.digits of them, taken over by the response; NULL for HEAD */
    const char *before;  /* what precedes the digits in the body; in a summary all of it */
    uint64_t waited;     /* for the budget, microseconds */
    uint64_t computed;   /* microseconds */
    slot slot;           /* taken by a long computation, or where sending has to wait */
    bool expired;        /* the client has not taken the response in time */
    outcome outcome;     /* what has become of the request */
} factorial_request;

#endif
