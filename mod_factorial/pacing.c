#include "pacing.h"

#include "clock.h"
#include "connection.h"
#include "process.h"

#include <http_core.h>
#include <poll.h>
#include <stdlib.h>
#include <util_filter.h>

enum {
    CHUNK_MIN = 1024,
    LEAST_RATE = 131072, /* bytes a second */
    CHECK_MS = 200       /* between two checks if httpd has closed the socket */
};

typedef struct {
    factorial_request *q;
    int64_t deadline;         /* by clock_now */
    apr_socket_t *socket;     /* NULL for a stream of HTTP/2 */
    apr_bucket_brigade *rest; /* the part that has not been passed on yet */
    apr_off_t most;           /* bytes in a chunk */
    apr_off_t held;           /* upper bound of the bytes that httpd buffers */
} pacing;

static ap_filter_rec_t *filter;

/* ---- waiting for the client */

/* The end of httpd's Timeout, if it begins now; at most the deadline. */
static int64_t end_of_wait(const pacing *p)
{
    apr_interval_time_t timeout;
    int64_t now = clock_now();
    apr_socket_timeout_get(p->socket, &timeout);
    return timeout >= 0 && timeout < p->deadline - now ? now + timeout : p->deadline;
}

/*
 * Waits until the client has read what was passed before. httpd would block too, but would miss
 * that the event MPM closes the socket in an ungraceful stop, and be killed after ten seconds.
 */
static apr_status_t wait_for_client(const ap_filter_t *f, const pacing *p)
{
    int64_t end = end_of_wait(p);
    apr_status_t status = APR_SUCCESS;
    while (status == APR_SUCCESS && f->c->data_in_output_filters) {
        if (clock_now() >= end)
            return APR_TIMEUP;
        short ready = connection_poll(f->c, POLLOUT, CHECK_MS);
        if (ready & POLLNVAL)
            return APR_ECONNABORTED;
        if (ready & POLLOUT) /* the client has read some */
            end = end_of_wait(p);
        status = connection_send_held(f->c);
    }
    return status;
}

/*
 * Waits until httpd can buffer the next chunk without blocking. The wait needs a slot under event
 * and for streams of HTTP/2; under the other MPMs each connection occupies a worker anyway. `held`
 * is only an upper bound, so half a chunk is allowed to remain.
 */
static apr_status_t make_room(ap_filter_t *f, pacing *p)
{
    if (p->socket && !f->c->data_in_output_filters)
        p->held = 0;
    if (p->held <= p->most / 2)
        return APR_SUCCESS;
    if ((!p->socket || process->async) && !slot_take(&p->q->slot, f->r))
        return APR_TIMEUP;
    p->held = 0;
    return p->socket ? wait_for_client(f, p) : APR_SUCCESS;
}

/* ---- chunks */

static bool is_end(const apr_bucket *b)
{
    return APR_BUCKET_IS_EOS(b) || APR_BUCKET_IS_FLUSH(b);
}

/*
 * Finds the end of the next chunk: at most p->most bytes with the metadata that follows them, or up
 * to the first flush or end of stream. NULL if the brigade ends before the chunk does, or if a
 * bucket cannot be read.
 */
static apr_bucket *end_of_chunk(const pacing *p, apr_status_t *status)
{
    apr_bucket *end, *b = APR_BRIGADE_FIRST(p->rest);
    *status = apr_brigade_partition(p->rest, p->most, &end);
    if (*status == APR_INCOMPLETE)
        *status = APR_SUCCESS; /* all of it is shorter than a chunk */
    if (*status != APR_SUCCESS)
        return NULL;
    while (b != end && !is_end(b))
        b = APR_BUCKET_NEXT(b);
    while (b != APR_BRIGADE_SENTINEL(p->rest) && APR_BUCKET_IS_METADATA(b)) {
        if (is_end(b))
            return APR_BUCKET_NEXT(b);
        b = APR_BUCKET_NEXT(b);
    }
    return b == APR_BRIGADE_SENTINEL(p->rest) ? NULL : b;
}

/*
 * Replaces the chunk's data by one bucket, a copy. httpd and mod_http2 keep that bucket until the
 * client has read it. The block of all digits, and its share of the budget, must not wait for that.
 */
static apr_status_t copy_data(apr_bucket_brigade *chunk, apr_off_t *length)
{
    apr_brigade_length(chunk, 0, length); /* of buckets that end_of_chunk has read */
    if (*length == 0)
        return APR_SUCCESS;
    apr_size_t size = (apr_size_t)*length;
    char *copy = malloc(size);
    if (!copy)
        return APR_ENOMEM;
    apr_bucket *whole = apr_bucket_heap_create(copy, size, free, chunk->bucket_alloc);
    apr_status_t status = apr_brigade_flatten(chunk, copy, &size);
    apr_bucket *b = APR_BRIGADE_FIRST(chunk);
    while (APR_BUCKET_IS_METADATA(b))
        b = APR_BUCKET_NEXT(b);
    APR_BUCKET_INSERT_BEFORE(b, whole);
    for (apr_bucket *next; b != APR_BRIGADE_SENTINEL(chunk); b = next) {
        next = APR_BUCKET_NEXT(b);
        if (!APR_BUCKET_IS_METADATA(b))
            apr_bucket_delete(b);
    }
    return status;
}

/* ---- the filter */

static apr_status_t pace(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    pacing *p = f->ctx;
    apr_off_t length;
    apr_bucket *end;
    apr_status_t status = ap_save_brigade(f, &p->rest, &brigade, f->r->pool);
    while (status == APR_SUCCESS && (end = end_of_chunk(p, &status))) {
        status = clock_now() < p->deadline ? make_room(f, p) : APR_TIMEUP;
        if (status != APR_SUCCESS)
            break;
        brigade = apr_brigade_split_ex(p->rest, end, brigade); /* what follows the chunk */
        status = copy_data(p->rest, &length);
        p->held += length;
        if (status == APR_SUCCESS)
            status = ap_pass_brigade(f->next, p->rest);
        apr_brigade_cleanup(p->rest);
        APR_BRIGADE_CONCAT(p->rest, brigade);
    }
    if (status == APR_SUCCESS)
        return status;
    apr_brigade_cleanup(p->rest);
    if (!APR_STATUS_IS_TIMEUP(status) && clock_now() < p->deadline)
        return status;
    p->q->expired = true;
    f->c->aborted = 1;
    return APR_ECONNABORTED;
}

void pacing_register(void)
{
    /* After all filters of the request, because some of them need the whole response at once. */
    filter = ap_register_output_filter("FACTORIAL_PACING", pace, NULL, AP_FTYPE_CONNECTION - 1);
}

/* From FlushMaxThreshold on httpd makes the worker wait; TLS adds less than a twelfth. */
static apr_off_t chunk_of(const request_rec *r)
{
    const core_server_config *core =
        ap_get_core_module_config(r->connection->base_server->module_config);
    apr_off_t most = (apr_off_t)(core->flush_max_threshold - core->flush_max_threshold / 12);
    return most > PACING_CHUNK ? PACING_CHUNK : most < CHUNK_MIN ? CHUNK_MIN : most;
}

void pacing_start(factorial_request *q)
{
    request_rec *r = q->r;
    if (r->main)
        return;
    pacing *p = apr_pcalloc(r->pool, sizeof *p);
    uint64_t seconds = q->settings.send_timeout + q->plan.digits / LEAST_RATE;
    p->q = q;
    p->deadline = clock_now() + (int64_t)seconds * CLOCK_SECOND;
    p->socket = r->connection->master ? NULL : ap_get_conn_socket(r->connection);
    p->rest = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    p->most = p->socket ? chunk_of(r) : PACING_CHUNK;
    p->held = p->socket ? p->most : 0; /* an earlier response may still be buffered */
    ap_add_output_filter_handle(filter, p, r, r->connection);
}
