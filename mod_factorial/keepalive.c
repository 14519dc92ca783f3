#include "keepalive.h"

#include "connection.h"

#include <ap_mpm.h>
#include <apr_time.h>
#include <http_connection.h>
#include <mpm_common.h>
#include <poll.h>
#include <scoreboard.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <util_filter.h>

#define FILTER "FACTORIAL_KEEPALIVE"

enum {
    NO_RESPONSE = -1,
    KEPT_BY_FEW = 3 /* up to this many times kept_most connections, each may keep a worker */
};

static const apr_interval_time_t KEPT_MOST = APR_USEC_PER_SEC;

/*
 * The state of a connection. Its times are wall time, because they are compared with
 * r->request_time.
 */
typedef struct {
    apr_time_t answered; /* when httpd found no request after the last response */
    apr_time_t kept;     /* when the connection began to keep its worker; 0: it keeps none */
    /* How long to wait after the response that is being sent; NO_RESPONSE if there is none. */
    apr_interval_time_t due;
} keepalive;

/* For this process. */
static int kept_most; /* workers that may be kept if there are many connections; 0: not event */
static atomic_int connections, kept_workers;

static keepalive *keepalive_of(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &factorial_module);
}

static apr_status_t let_worker_go(void *record)
{
    keepalive *k = record;
    if (k->kept)
        atomic_fetch_sub(&kept_workers, 1);
    k->kept = 0;
    return APR_SUCCESS;
}

/* False if too many workers are kept already. */
static bool keep_worker(keepalive *k)
{
    bool few = atomic_load(&connections) <= KEPT_BY_FEW * kept_most;
    if (k->kept)
        return few || atomic_load(&kept_workers) <= kept_most;
    if (atomic_fetch_add(&kept_workers, 1) >= kept_most && !few) {
        atomic_fetch_sub(&kept_workers, 1);
        return false;
    }
    k->kept = k->answered;
    return true;
}

/*
 * Waits for the next request, `due` microseconds at most. True if it has arrived, and also if the
 * client has closed the connection, which httpd finds out by reading.
 */
static bool wait_for_request(conn_rec *c, keepalive *k, apr_interval_time_t due)
{
    if (connection_send_held(c) != APR_SUCCESS || c->data_in_output_filters || !keep_worker(k))
        return false;
    apr_interval_time_t so_far = k->answered - k->kept;
    if (so_far < 0 || so_far >= KEPT_MOST) /* negative if the clock was set back */
        return false;
    if (due > KEPT_MOST - so_far)
        due = KEPT_MOST - so_far;
    ap_update_child_status(c->sbh, SERVER_BUSY_KEEPALIVE, NULL);
    return connection_poll(c, POLLIN, (int)apr_time_as_msec(due)) != 0;
}

/* The input filter: delays the answer to httpd's speculative read after a response. */
static apr_status_t read_request(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                                 apr_read_type_e block, apr_off_t bytes)
{
    keepalive *k = f->ctx;
    apr_interval_time_t due = NO_RESPONSE;
    if (mode == AP_MODE_SPECULATIVE && block == APR_NONBLOCK_READ) {
        due = k->due;
        k->due = NO_RESPONSE;
    }
    apr_status_t status = ap_get_brigade(f->next, brigade, mode, block, bytes);
    bool nothing =
        APR_STATUS_IS_EAGAIN(status) || (status == APR_SUCCESS && APR_BRIGADE_EMPTY(brigade));
    if (due == NO_RESPONSE || !nothing)
        return status;
    k->answered = apr_time_now();
    if (due == 0)
        return status;
    bool found = wait_for_request(f->c, k, due);
    /* mod_status must not count the wait as time of the request. */
    worker_score *worker = ap_extended_status ? ap_get_scoreboard_worker(f->c->sbh) : NULL;
    if (worker)
        worker->start_time += apr_time_now() - k->answered;
    return found ? ap_get_brigade(f->next, brigade, mode, block, bytes) : status;
}

/* ---- hooks */

/* httpd hands the connection over to the listener. */
static void suspend(conn_rec *c, request_rec *r)
{
    keepalive *k = keepalive_of(c);
    if (k)
        let_worker_go(k);
}

static apr_status_t count_out(void *unused)
{
    (void)unused;
    atomic_fetch_sub(&connections, 1);
    return APR_SUCCESS;
}

/* Connections that httpd itself opens, and HTTP/2 streams, keep no worker. */
static int count_in(conn_rec *c, void *socket)
{
    if (kept_most && !c->master && !c->outgoing) {
        atomic_fetch_add(&connections, 1);
        apr_pool_cleanup_register(c->pool, NULL, count_out, apr_pool_cleanup_null);
    }
    return OK;
}

/*
 * Another quarter of the workers may be busy with large numbers. Half of the workers must remain,
 * because event closes idle connections when no worker is idle.
 */
static void start_process(apr_pool_t *pool, server_rec *server)
{
    int is_async = 0, workers = 0;
    ap_mpm_query(AP_MPMQ_IS_ASYNC, &is_async);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &workers);
    kept_most = is_async > 0 ? workers / 4 : 0;
}

void keepalive_register(void)
{
    ap_hook_child_init(start_process, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_connection(count_in, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_suspend_connection(suspend, NULL, NULL, APR_HOOK_MIDDLE);
    /* Above mod_ssl's filter, where the bytes read are those of a request. */
    ap_register_input_filter(FILTER, read_request, NULL, AP_FTYPE_CONNECTION);
}

void keepalive_expect(request_rec *r, uint64_t wait_ms)
{
    conn_rec *c = r->connection;
    apr_interval_time_t wait = apr_time_from_msec((apr_time_t)wait_ms);
    bool wanted = wait && kept_most && !c->master && !r->main && c->keepalive != AP_CONN_CLOSE;
    keepalive *k = keepalive_of(c);
    if (!k && wanted) {
        k = apr_pcalloc(c->pool, sizeof *k);
        ap_set_module_config(c->conn_config, &factorial_module, k);
        apr_pool_cleanup_register(c->pool, k, let_worker_go, apr_pool_cleanup_null);
        ap_add_input_filter(FILTER, k, NULL, c);
    }
    if (k)
        k->due = wanted && r->request_time - k->answered < wait ? wait : 0;
}
