/*
 * The next request on a connection that is kept alive.
 *
 * Under event httpd hands a connection back to its listener after each answer, which hands it to a
 * worker again when the next request comes: for a small number that is a third of what the request
 * costs. Where a client asks in quick succession the worker waits for the next request itself.
 */
#ifndef MOD_FACTORIAL_KEEPALIVE_H
#define MOD_FACTORIAL_KEEPALIVE_H

#include "module.h"

#include <stdint.h>

/* Registers the filter and the hooks. */
void keepalive_register(void);

/*
 * To be called when the answer to this request has been passed on. If the request came within
 * wait_ms milliseconds of the answer before it, the worker waits as long for the next one. No
 * connection keeps a worker for longer than a second in this way before the listener has it again.
 * As long as the child's connections are no more than three quarters of its workers each of them
 * may keep one, else a quarter of the workers may be kept.
 */
void keepalive_expect(request_rec *r, uint64_t wait_ms);

#endif
