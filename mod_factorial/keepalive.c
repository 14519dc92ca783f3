#include "keepalive.h"

#include "child.h"
#include "client.h"
#include "directives.h"

#include <apr_time.h>
#include <poll.h>
#include <scoreboard.h>
#include <util_filter.h>

#define FILTER "FACTORIAL_KEEPALIVE"

enum { KEPT_MOST_MS = 1000 };

/* What is known of a connection. */
typedef struct {
    apr_time_t answered;     /* when httpd last looked for a request and found none */
    apr_time_t kept;         /* since when it has kept its worker; 0: it has none */
    apr_interval_time_t due; /* how long to wait for the next request; 0: not at all */
} keepalive;

static atomic_int kept_workers; /* of this child */

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
    if (k->kept)
        return k->answered - k->kept < apr_time_from_msec(KEPT_MOST_MS);
    if (atomic_fetch_add(&kept_workers, 1) >= child.kept_most) {
        atomic_fetch_sub(&kept_workers, 1);
        return false;
    }
    k->kept = k->answered;
    return true;
}

/* Also true if the client has closed its connection: it is for httpd to read that. */
static bool next_comes(conn_rec *c, keepalive *k)
{
    if (client_send_held(c) != APR_SUCCESS || c->data_in_output_filters || !keep_worker(k))
        return false;
    ap_update_child_status(c->sbh, SERVER_BUSY_KEEPALIVE, NULL);
    return client_poll(c, POLLIN, (int)apr_time_as_msec(k->due)) != 0;
}

/* httpd's look, after an answer, whether another request is there already: says no a little later.
 */
static apr_status_t look(ap_filter_t *f, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                         apr_read_type_e block, apr_off_t bytes)
{
    keepalive *k = f->ctx;
    apr_status_t status = ap_get_brigade(f->next, brigade, mode, block, bytes);
    if (mode != AP_MODE_SPECULATIVE || block != APR_NONBLOCK_READ ||
        !(APR_STATUS_IS_EAGAIN(status) || (status == APR_SUCCESS && APR_BRIGADE_EMPTY(brigade))))
        return status;
    k->answered = apr_time_now();
    bool comes = k->due && next_comes(f->c, k);
    k->due = 0;
    if (comes)
        return ap_get_brigade(f->next, brigade, mode, block, bytes);
    let_worker_go(k);
    return status;
}

void keepalive_register(void)
{
    /* Above mod_ssl's filter: the look is for requests, not for bytes. */
    ap_register_input_filter(FILTER, look, NULL, AP_FTYPE_CONNECTION);
}

void keepalive_expect(request_rec *r)
{
    conn_rec *c = r->connection;
    apr_interval_time_t wait =
        apr_time_from_msec((apr_time_t)directives_get(r->per_dir_config, SETTING_KEEP_ALIVE_WAIT));
    if (!wait || !child.kept_most || c->master || r->main || c->keepalive == AP_CONN_CLOSE)
        return;
    keepalive *k = ap_get_module_config(c->conn_config, &factorial_module);
    if (k) {
        k->due = r->request_time - k->answered < wait ? wait : 0;
        return;
    }
    k = apr_pcalloc(c->pool, sizeof *k);
    ap_set_module_config(c->conn_config, &factorial_module, k);
    apr_pool_cleanup_register(c->pool, k, let_worker_go, apr_pool_cleanup_null);
    ap_add_input_filter(FILTER, k, NULL, c);
}
