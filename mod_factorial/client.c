#include "client.h"

#include <apr_portable.h>
#include <http_core.h>
#include <poll.h>

bool client_gone(const request_rec *r)
{
    conn_rec *c = r->connection;
    if (c->aborted)
        return true;
    if (c->master) /* a stream of HTTP/2: it has no socket of its own */
        return c->master->aborted;

    apr_socket_t *socket = ap_get_conn_socket(c);
    apr_os_sock_t descriptor;
    if (!socket || apr_os_sock_get(&descriptor, socket) != APR_SUCCESS)
        return false;
    struct pollfd p = {.fd = descriptor, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLRDHUP | POLLNVAL));
}
