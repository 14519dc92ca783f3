/*
 * An HTTP client for tests: one request, the whole answer.
 */
#ifndef MOD_FACTORIAL_TESTS_CLIENT_H
#define MOD_FACTORIAL_TESTS_CLIENT_H

#include "server.h"

#include <stddef.h>

typedef struct {
    long status;   /* 0 if there was no answer */
    char *body;    /* ends with a NUL that is not counted */
    size_t length; /* of the body, bytes */
    char *headers; /* of the last response, as they came */
} answer;

/*
 * Sends one request on a connection of its own. `headers` are lines such as "Accept: text/plain",
 * separated by newlines; NULL for none. The answer is freed by answer_free.
 */
answer client_send(const server *s, const char *method, const char *target, const char *headers);

/* GET without headers of its own. */
answer client_get(const server *s, const char *target);

/* GET that accepts this content encoding alone and decodes it. */
answer client_get_encoded(const server *s, const char *target, const char *encoding);

/* The value of the answer's header of that name, NULL if there is none; valid until the next call.
 */
const char *answer_header(const answer *a, const char *name);

void answer_free(answer *a);

/*
 * A connection for what client_send does not do: the caller closes it. What it receives waits in so
 * many bytes of the kernel's, as many as that likes if 0; a receive gives up after 20 seconds.
 */
int client_connect(const server *s, int receive_buffer);

#endif
