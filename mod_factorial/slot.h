/*
 * The right of a request to keep the thread waiting that serves it: for the budget, for a
 * computation, for the client. A part of the threads is left for requests without a slot.
 *
 * httpd's workers and the threads that mod_http2 has for the streams of HTTP/2 are counted apart. A
 * request takes its slot before a long computation, or when more of its response is left than httpd
 * takes without waiting.
 */
#ifndef MOD_FACTORIAL_SLOT_H
#define MOD_FACTORIAL_SLOT_H

#include "module.h"

#include <stdbool.h>

/* Zeroed at first. It must live as long as the request's pool. */
typedef struct {
    bool taken;
    bool stream; /* one of the slots of HTTP/2 streams */
} slot;

/* True if the request has a slot now. It is returned with the request's pool at the latest. */
bool slot_take(slot *s, request_rec *r);

/* Does nothing if no slot was taken. To be called by the thread that serves the request. */
void slot_return(slot *s, request_rec *r);

#endif
