/*
 * A shortcut for the event MPM, apart from everything else in this module: the worker waits briefly
 * for its client's next request.
 *
 * After each response event hands the connection to its listener thread, which hands it to a worker
 * again when the next request comes. That takes four system calls and two thread switches, a third
 * of what a request for a small number costs. If a client sends its requests in quick succession,
 * its worker therefore waits for the next one itself, as it would under the worker MPM.
 *
 * An input filter does this: after a response httpd makes a speculative, non-blocking read to find
 * out whether another request has arrived, and the filter waits before it reports that none has.
 */
#ifndef MOD_FACTORIAL_KEEPALIVE_H
#define MOD_FACTORIAL_KEEPALIVE_H

#include "module.h"

#include <stdint.h>

/* Registers the filter and the hooks. Under other MPMs than event they do nothing. */
void keepalive_register(void);

/*
 * To be called when the response to this request has been passed on. If the request came within
 * wait_ms milliseconds after the previous response, the worker waits for the next request, again up
 * to wait_ms; 0: it does not wait.
 *
 * A connection keeps its worker for a second at most; then it goes back to the listener. While a
 * process has no more connections than three quarters of its workers, each of them may keep one;
 * with more connections, a quarter of the workers may be kept.
 */
void keepalive_expect(request_rec *r, uint64_t wait_ms);

#endif
