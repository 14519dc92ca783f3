/*
 * The ways in which a request to the endpoint can end, one row of a table each.
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
    OUTCOME_BUSY,     /* no slot, or no share of the budget in time */
    OUTCOME_TIMEOUT,  /* computing took too long */
    OUTCOME_MEMORY,   /* the system has no memory */
    OUTCOME_GONE,     /* the client disconnected before the result was there */
    OUTCOME_SLOW,     /* the client did not read the result in time */
    OUTCOME_STOPPING, /* the server was stopped, and not gracefully */
    OUTCOME_FAILED,   /* the engine's own check failed */
    OUTCOME_COUNT,
} outcome;

typedef struct {
    /* In mod_status: the name after "Factorial" in the ?auto form, and the text on the page.
     * Outcomes that share a counter are neighbours. */
    struct {
        const char *name, *title;
    } counter;
    int status; /* of the response; 0: what httpd or the request has set */
    /* The error: its body is `detail`, or problem details (RFC 9457) with all three. NULL: no error
     * is sent. */
    struct {
        const char *type, *title, *detail;
    } problem;
    /* The note factorial-reason for the access log, and the line "factorial of N" and `text` for
     * the error log. NULL: none. */
    struct {
        const char *reason;
        int level;
        const char *text;
    } log;
} outcome_row;

/* By outcome. */
extern const outcome_row outcomes[OUTCOME_COUNT];

#endif
