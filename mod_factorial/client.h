/*
 * Whether somebody still waits for the answer.
 */
#ifndef MOD_FACTORIAL_CLIENT_H
#define MOD_FACTORIAL_CLIENT_H

#include "mod_factorial.h"

#include <stdbool.h>

/*
 * True if the client has closed its connection, or its HTTP/2 stream; nothing is read. A client
 * that has only closed its sending side counts as gone too, for nobody can tell the difference.
 * To be called by the request's own thread.
 */
bool client_gone(const request_rec *r);

#endif
