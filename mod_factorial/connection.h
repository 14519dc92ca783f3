/*
 * The client's end of the connection.
 */
#ifndef MOD_FACTORIAL_CONNECTION_H
#define MOD_FACTORIAL_CONNECTION_H

#include "module.h"

#include <stdbool.h>

/* All of these are for the thread that serves the connection. */

/*
 * Waits so many milliseconds at the most for these events of poll(2) on the connection's own
 * socket. The events that came, POLLHUP and POLLERR among them; 0 if none did or there is no
 * socket; POLLNVAL if it has been closed.
 */
short connection_poll(conn_rec *c, short events, int milliseconds);

/*
 * Has httpd send what it holds of answers, as much as the socket takes without waiting; afterwards
 * c->data_in_output_filters tells whether there is a rest.
 */
apr_status_t connection_send_held(conn_rec *c);

/*
 * True if the client has closed its connection, or its HTTP/2 stream; nothing is read. A client
 * that has only closed its sending side counts as gone too, for nobody can tell the difference.
 */
bool connection_client_gone(const request_rec *r);

#endif
