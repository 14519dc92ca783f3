#include "keepalive.h"

#include "connection.h"
#include "process.h"

#include <apr_time.h>
#include <http_connection.h>
#include <mpm_common.h>
#include <poll.h>
#include <scoreboard.h>
#include <util_filter.h>

#define FILTER "FACTORIAL_KEEPALIVE"

enum {
    NO_ANSWER = -1,
    KEPT_BY_FEW = 3 /* times as many workers, where there are no more connections */
};

static const apr_interval_time_t KEPT_MOST = APR_USEC_PER_SEC;

/* What is known of a connection. */
typedef struct {
    apr_time_t answered;     /* when httpd last looked for a request and found none */
    apr_time_t kept;         /* since when it has kept its worker; 0: it has none */
    apr_interval_time_t due; /* how long to wait after the answer under way; or NO_ANSWER */
} keepalive;

static atomic_int connections, kept_workers; /* of this child */

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

static bool keep_worker(keepalive *k)
{
    bool few = atomic_load(&connections) <= KEPT_BY_FEW * process.kept_most;
    if (k->kept)
        return few || atomic_load(&kept_workers) <= process.kept_most;
    if (atomic_fetch_add(&kept_workers, 1) >= process.kept_most && !few) {
        atomic_fetch_sub(&kept_workers, 1);
        return false;
    }
    k->kept = k->answered;
    return true;
}

/* Waits; also true if the client has closed its connection: it is for httpd to read that. */
static bool next_comes(conn_rec *c, keepalive *k, apr_interval_time_t due)
{
    if (connection_send_held(c) != APR_SUCCESS || c->data_in_output_filters || !keep_worker(k))
        return false;
    apr_interval_time_t so_far = k->answered - k->kept;
    if (so_far < 0 || so_far >= KEPT_MOST) /* the clock may be set back */
        return false;
    if (due > KEPT_MOST - so_far)
        due = KEPT_MOST - so_far;
    ap_update_child_status(c->sbh, SERVER_BUSY_KEEPALIVE, NULL);
    return connection_poll(c, POLLIN, (int)apr_time_as_msec(due)) != 0;
}

/* httpd takes the request's time after the look: the wait is not to count in mod_status. */
static void discount_wait(const conn_rec *c, apr_interval_time_t waited)
{
    worker_score *worker = ap_extended_status ? ap_get_scoreboard_worker(c->sbh) : NULL;
    if (worker)
        worker->start_time += waited;
}

/* httpd's look, after an answer, whether another request is there: says no a little later. */
static apr_status_t look(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                         apr_read_type_e block, apr_off_t bytes)
{
    keepalive *k = f->ctx;
    apr_interval_time_t due = NO_ANSWER;
    if (mode == AP_MODE_SPECULATIVE && block == APR_NONBLOCK_READ) {
        due = k->due;
        k->due = NO_ANSWER;
    }
    apr_status_t status = ap_get_brigade(f->next, brigade, mode, block, bytes);
    bool nothing =
        APR_STATUS_IS_EAGAIN(status) || (status == APR_SUCCESS && APR_BRIGADE_EMPTY(brigade));
    if (due == NO_ANSWER || !nothing)
        return status;
    k->answered = apr_time_now();
    if (due == 0)
        return status;
    bool comes = next_comes(f->c, k, due);
    discount_wait(f->c, apr_time_now() - k->answered);
    return comes ? ap_get_brigade(f->next, brigade, mode, block, bytes) : status;
}

/* The connection leaves its worker. */
static void leave_worker(conn_rec *c, request_rec *r)
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

/* Those that httpd itself opens, and HTTP/2's streams, have no worker that could be kept. */
static int count_in(conn_rec *c, void *socket)
{
    if (process.kept_most && !c->master && !c->outgoing) {
        atomic_fetch_add(&connections, 1);
        apr_pool_cleanup_register(c->pool, NULL, count_out, apr_pool_cleanup_null);
    }
    return OK;
}

void keepalive_register(void)
{
    ap_hook_pre_connection(count_in, NULL, NULL, APR_HOOK_MIDDLE);
    /* Above mod_ssl's filter: the look is for requests, not for bytes. */
    ap_register_input_filter(FILTER, look, NULL, AP_FTYPE_CONNECTION);
    ap_hook_suspend_connection(leave_worker, NULL, NULL, APR_HOOK_MIDDLE);
}

static keepalive *create_record(conn_rec *c)
{
    keepalive *k = apr_pcalloc(c->pool, sizeof *k);
    ap_set_module_config(c->conn_config, &factorial_module, k);
    apr_pool_cleanup_register(c->pool, k, let_worker_go, apr_pool_cleanup_null);
    ap_add_input_filter(FILTER, k, NULL, c);
    return k;
}

void keepalive_expect(request_rec *r, uint64_t wait_ms)
{
    conn_rec *c = r->connection;
    apr_interval_time_t wait = apr_time_from_msec((apr_time_t)wait_ms);
    bool wanted =
        wait && process.kept_most && !c->master && !r->main && c->keepalive != AP_CONN_CLOSE;
    keepalive *k = keepalive_of(c);
    if (!k && wanted)
        k = create_record(c);
    if (k)
        k->due = wanted && r->request_time - k->answered < wait ? wait : 0;
}
