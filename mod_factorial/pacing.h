/*
 * The time that a client has for taking a large answer.
 */
#ifndef MOD_FACTORIAL_PACING_H
#define MOD_FACTORIAL_PACING_H

#include "module.h"

#include <stdbool.h>
#include <stdint.h>

/* Answers of fewer bytes need no pacing: of any answer httpd itself holds as much, for as long as
 * its own Timeout. */
enum { PACING_FROM = 16384 };

/* Registers the filter. */
void pacing_register(void);

/*
 * From now on the answer, of so many bytes, is passed on to the connection in pieces, copies of the
 * digits: their block is free when the last piece has been passed on. It is given up together with
 * the connection (of HTTP/2: the stream) if it is not taken within send_timeout seconds and a
 * second for each 128 KiB. Until it takes some more httpd's Timeout holds, or the rest of that time
 * if it is less. The result of a subrequest is a part of another answer, which is not paced.
 */
void pacing_start(request_rec *r, uint64_t bytes, uint64_t send_timeout);

/* Has the answer been given up? */
bool pacing_expired(const request_rec *r);

#endif
