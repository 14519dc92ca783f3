#include "connection.h"

#include <apr_portable.h>
#include <http_core.h>
#include <poll.h>
#include <util_filter.h>

short connection_poll(conn_rec *c, short events, int milliseconds)
{
    apr_socket_t *socket = ap_get_conn_socket(c);
    apr_os_sock_t descriptor;
    if (!socket)
        return 0;
    if (apr_os_sock_get(&descriptor, socket) != APR_SUCCESS || descriptor < 0)
        return POLLNVAL;
    struct pollfd p = {.fd = descriptor, .events = events};
    return poll(&p, 1, milliseconds) > 0 ? p.revents : 0;
}

apr_status_t connection_send_held(conn_rec *c)
{
    ap_filter_t *core = c->output_filters;
    while (core->next)
        core = core->next;
    return core->frec->filter_func.out_func(core, NULL); /* as event does it */
}

bool connection_client_gone(const request_rec *r)
{
    conn_rec *c = r->connection;
    if (c->aborted)
        return true;
    if (c->master) /* a stream of HTTP/2: it has no socket of its own */
        return c->master->aborted;
    return connection_poll(c, POLLRDHUP, 0) & (POLLHUP | POLLERR | POLLRDHUP | POLLNVAL);
}
