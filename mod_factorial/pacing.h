/*
 * Passes responses to the connection in chunks, and limits the time that a client has to read them.
 */
#ifndef MOD_FACTORIAL_PACING_H
#define MOD_FACTORIAL_PACING_H

#include "factorial_request.h"

/*
 * httpd buffers so many bytes for a connection without making the worker wait for the client; from
 * 64 KiB on the worker waits. mod_http2 takes a whole bucket as long as it has any room.
 */
enum { PACING_CHUNK = 60000 };

/* Registers the filter. */
void pacing_register(void);

/*
 * From now on the response is passed on in chunks of at most PACING_CHUNK bytes, which are copies:
 * the block of digits is freed when the last chunk has been passed on. Between two chunks only a
 * request with a slot waits for the client. A request without one takes a slot then; if there is
 * none, the response is aborted. So clients that do not read hold no more threads than there are
 * slots.
 *
 * The response is aborted, together with its connection (HTTP/2: its stream), and q->expired set,
 * when the client has not read it within send_timeout seconds and one more for each 128 KiB. As
 * long as the client reads nothing, httpd's Timeout applies too. The result of a subrequest is part
 * of another response and is not paced.
 *
 * Reads r, plan and settings of the request, and takes its slot. `q` must live as long as the
 * request's pool.
 */
void pacing_start(factorial_request *q);

#endif
