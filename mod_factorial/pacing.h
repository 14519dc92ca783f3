/*
 * Passes responses on to the connection in chunks, and sets a limit to the time that a client has
 * for receiving them.
 */
#ifndef MOD_FACTORIAL_PACING_H
#define MOD_FACTORIAL_PACING_H

#include "factorial_request.h"

/*
 * httpd holds as many bytes of a response, and of what came before it on the connection, without
 * making the worker wait for the client: from 64 KiB on it waits. mod_http2 takes a whole bucket as
 * long as it has any room.
 */
enum { PACING_CHUNK = 60000 };

/* Registers the filter. */
void pacing_register(void);

/*
 * From now on the response is passed on in chunks of at most PACING_CHUNK bytes, which are copies:
 * the block of digits is free when the last chunk has been passed on. Only a request with a slot
 * waits for the client in between. One without takes a slot then, and is given up if there is none.
 * So clients that do not read hold no more threads than there are slots.
 *
 * The response is given up together with its connection (HTTP/2: its stream), and q->expired set,
 * when the client has not taken it within send_timeout seconds and one more for each 128 KiB. As
 * long as it takes nothing, httpd's Timeout holds, or the rest of that time if that is less. The
 * result of a subrequest is part of another response, which is not paced.
 *
 * Reads r, plan and settings of the request, and takes its slot. `q` must live as long as the
 * request's pool.
 */
void pacing_start(factorial_request *q);

#endif
