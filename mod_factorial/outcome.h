/*
 * Everything that can become of a request to the endpoint: one row of a table each.
 */
#ifndef MOD_FACTORIAL_OUTCOME_H
#define MOD_FACTORIAL_OUTCOME_H

#include <stdbool.h>

typedef enum {
    OUTCOME_OK,      /* a result was sent, or a part of it */
    OUTCOME_HEADERS, /* 304, HEAD, OPTIONS: answered without computing */
    /* The client's fault. */
    OUTCOME_NUMBER_MISSING,
    OUTCOME_NUMBER_INVALID,
    OUTCOME_NUMBER_TOO_LARGE,
    OUTCOME_METHOD,       /* another method than GET, HEAD or OPTIONS */
    OUTCOME_PRECONDITION, /* If-Match names another result */
    /* The server's limits, or the client went away. */
    OUTCOME_BUSY,     /* no share of the budget in time */
    OUTCOME_TIMEOUT,  /* computing took too long */
    OUTCOME_MEMORY,   /* the system has no memory */
    OUTCOME_GONE,     /* the client disconnected before the result was there */
    OUTCOME_SLOW,     /* the client did not take the result in time */
    OUTCOME_STOPPING, /* the server was stopped, and not gracefully */
    OUTCOME_FAILED,   /* the engine's own check failed */
    OUTCOME_COUNT,
} outcome;

typedef struct {
    const char *counter;       /* its name in mod_status's ?auto form, behind "Factorial" */
    const char *counter_title; /* its name on the page; outcomes with one counter are neighbours */

    int status;          /* of the response; 0: what httpd or the request has set */
    const char *detail;  /* body of the error; NULL: there is no error to send */
    const char *problem; /* end of the `type` of problem details (RFC 9457) */
    const char *title;   /* their `title` */
    bool retry;          /* the same request may succeed a second later */

    const char *reason; /* the note factorial-reason, for the access log; NULL: none */
    int log_level;      /* of a line in the error log; used if there is a `log` */
    const char *log;    /* the line is "factorial of N" and this; NULL: no line */
} outcome_row;

/* By outcome. */
extern const outcome_row outcomes[OUTCOME_COUNT];

#endif
