/*
 * The client's end of the connection.
 */
#ifndef MOD_FACTORIAL_CONNECTION_H
#define MOD_FACTORIAL_CONNECTION_H

#include "module.h"

#include <stdbool.h>

/* All functions are for the thread that serves the connection. */

/*
 * Waits at most so many milliseconds for these events of poll(2) on the connection's own socket.
 * Returns the events that came, POLLHUP and POLLERR included; 0 if none came or there is no socket;
 * POLLNVAL if the socket has been closed.
 */
short connection_poll(conn_rec *c, short events, int milliseconds);

/*
 * Makes httpd send the responses that it buffers, as far as the socket takes them without waiting.
 * Afterwards c->data_in_output_filters tells if some data is left.
 */
apr_status_t connection_send_held(conn_rec *c);

/*
 * True if the client has closed its connection, or its HTTP/2 stream; nothing is read. A client
 * that has only closed its sending side counts as gone too, because the two cannot be told apart.
 */
bool connection_client_gone(const request_rec *r);

#endif
