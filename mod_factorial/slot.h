/*
 * A slot permits a request to make its thread wait: for the budget, for a computation, for the
 * client. There are fewer slots than threads, so some threads remain for requests without a slot.
 *
 * httpd's workers and mod_http2's threads for streams are counted separately. A request takes its
 * slot before a long computation, or when more of its response is left than httpd buffers without
 * waiting.
 */
#ifndef MOD_FACTORIAL_SLOT_H
#define MOD_FACTORIAL_SLOT_H

#include "module.h"

#include <stdbool.h>

/* Initially zero. It must live as long as the request's pool. */
typedef struct {
    bool taken;
    bool stream; /* one of the slots of HTTP/2 streams */
} slot;

/* True if the request has a slot now. It is returned with the request's pool at the latest. */
bool slot_take(slot *s, request_rec *r);

/* Does nothing if no slot was taken. To be called by the thread that serves the request. */
void slot_return(slot *s, request_rec *r);

#endif
