#include "pacing.h"

#include "connection.h"

#include <apr_time.h>
#include <http_core.h>
#include <poll.h>
#include <string.h>
#include <util_filter.h>

#define FILTER "FACTORIAL_PACING"

enum {
    HELD_MOST = 60000,   /* from 64 KiB on httpd itself waits until the client has taken some */
    LEAST_RATE = 131072, /* bytes a second */
    LOOK_MS = 200        /* between two looks whether httpd has closed the socket */
};

typedef struct {
    apr_time_t deadline;
    apr_socket_t *socket;     /* NULL for a stream of HTTP/2 */
    apr_bucket_brigade *rest; /* what comes behind the piece in hand */
    apr_off_t held;           /* bytes that httpd may hold, at the most */
    bool expired;
} pacing;

static pacing *pacing_of(const request_rec *r)
{
    for (ap_filter_t *f = r->proto_output_filters; f; f = f->next)
        if (!strcmp(f->frec->name, "factorial_pacing"))
            return f->ctx;
    return NULL;
}

static apr_status_t give_up(ap_filter_t *f, pacing *p, apr_bucket_brigade *brigade)
{
    p->expired = true;
    f->c->aborted = 1;
    apr_brigade_cleanup(brigade);
    return APR_ECONNABORTED;
}

/*
 * Puts a copy in the place of the digits. httpd and mod_http2 may keep the last pieces back for as
 * long as the client likes: they must not keep the block of all digits with them, and the budget.
 */
static apr_status_t copy_digits(apr_bucket_brigade *piece)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(piece), *next; b != APR_BRIGADE_SENTINEL(piece);
         b = next) {
        const char *data;
        apr_size_t length;
        next = APR_BUCKET_NEXT(b);
        if (!APR_BUCKET_IS_HEAP(b))
            continue;
        apr_status_t status = apr_bucket_read(b, &data, &length, APR_BLOCK_READ);
        if (status != APR_SUCCESS)
            return status;
        APR_BUCKET_INSERT_BEFORE(b,
                                 apr_bucket_heap_create(data, length, NULL, piece->bucket_alloc));
        apr_bucket_delete(b);
    }
    return APR_SUCCESS;
}

/* httpd's Timeout from now on, or the deadline. */
static apr_time_t end_of_wait(const pacing *p)
{
    apr_interval_time_t timeout = -1;
    apr_time_t now = apr_time_now();
    apr_socket_timeout_get(p->socket, &timeout);
    return timeout >= 0 && timeout < p->deadline - now ? now + timeout : p->deadline;
}

/*
 * Until the client has taken what httpd holds of the pieces before. httpd would wait as well, but
 * not notice that event, ending in haste, closes the socket: its parent kills it after ten seconds.
 */
static apr_status_t wait_for_client(const ap_filter_t *f, const pacing *p)
{
    apr_time_t end = p->socket ? end_of_wait(p) : 0;
    apr_status_t status = APR_SUCCESS;
    while (p->socket && status == APR_SUCCESS && f->c->data_in_output_filters) {
        if (apr_time_now() >= end)
            return APR_TIMEUP;
        short ready = connection_poll(f->c, POLLOUT, LOOK_MS);
        if (ready & POLLNVAL)
            return APR_ECONNABORTED;
        if (ready & POLLOUT) /* it has taken some */
            end = end_of_wait(p);
        status = connection_send_held(f->c);
    }
    return status;
}

/* Leaves the first piece in the brigade, as long as httpd will take without waiting. */
static apr_status_t cut_piece(pacing *p, apr_bucket_brigade *brigade)
{
    apr_bucket *after;
    apr_off_t length;
    apr_status_t status = apr_brigade_partition(brigade, HELD_MOST - p->held, &after);
    if (status != APR_SUCCESS && status != APR_INCOMPLETE)
        return status;
    apr_brigade_split_ex(brigade, after, p->rest);
    status = apr_brigade_length(brigade, 1, &length);
    p->held += length;
    return status == APR_SUCCESS ? copy_digits(brigade) : status;
}

static apr_status_t pace(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    pacing *p = f->ctx;
    apr_status_t status = APR_SUCCESS;
    while (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(brigade)) {
        if (apr_time_now() >= p->deadline)
            return give_up(f, p, brigade);
        if (!f->c->data_in_output_filters)
            p->held = 0;
        if (p->held > HELD_MOST / 2) {
            status = wait_for_client(f, p);
            p->held = 0;
        }
        if (status == APR_SUCCESS)
            status = cut_piece(p, brigade);
        if (status == APR_SUCCESS)
            status = ap_pass_brigade(f->next, brigade);
        apr_brigade_cleanup(brigade);
        APR_BRIGADE_CONCAT(brigade, p->rest);
    }
    if (APR_STATUS_IS_TIMEUP(status) || (status != APR_SUCCESS && apr_time_now() >= p->deadline))
        return give_up(f, p, brigade);
    return status;
}

void pacing_register(void)
{
    /* Behind all filters of the request, so behind those that need the whole answer at once. */
    ap_register_output_filter(FILTER, pace, NULL, AP_FTYPE_CONNECTION - 1);
}

void pacing_start(request_rec *r, uint64_t bytes, uint64_t send_timeout)
{
    if (r->main || bytes < PACING_FROM)
        return;
    pacing *p = apr_pcalloc(r->pool, sizeof *p);
    uint64_t seconds = send_timeout + bytes / LEAST_RATE;
    p->deadline = apr_time_now() + apr_time_from_sec((apr_time_t)seconds);
    p->socket = r->connection->master ? NULL : ap_get_conn_socket(r->connection);
    p->rest = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    p->held = HELD_MOST; /* of an answer before this one, for all we know */
    ap_add_output_filter(FILTER, p, r, r->connection);
}

bool pacing_expired(const request_rec *r)
{
    const pacing *p = pacing_of(r);
    return p && p->expired;
}
