/*
 * mod_factorial: the module record and its hooks.
 */
#include "module.h"

#include "directives.h"
#include "endpoint.h"
#include "handler.h"
#include "keepalive.h"
#include "metrics.h"
#include "pacing.h"
#include "process.h"
#include "response.h"

#include <gmp.h>
#include <http_core.h>
#include <mpm_common.h>

static int prepare(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    /* httpd reads the configuration twice when it starts, the first time to check it. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    if (!process_prepare(server))
        return HTTP_INTERNAL_SERVER_ERROR;
    factorial_prepare();
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, server,
                 "mod_factorial " MOD_FACTORIAL_VERSION " configured, kernel %s, GMP %s",
                 factorial_kernel(), gmp_version);
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    ap_hook_post_config(prepare, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(process_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(process_stopping, NULL, NULL, APR_HOOK_MIDDLE);
    metrics_register_hooks();
    keepalive_register();
    pacing_register();
    response_register();
    endpoint_register_hooks();
    ap_hook_handler(handler_factorial, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handler_health, NULL, NULL, APR_HOOK_MIDDLE);
}

/* Without AP_DECLARE_MODULE, which would define the log index that module.h defines. */
module AP_MODULE_DECLARE_DATA factorial_module = {
    STANDARD20_MODULE_STUFF,
    directives_create,
    directives_merge,
    NULL, /* there is no configuration for servers */
    NULL,
    directives_table,
    register_hooks,
    AP_MODULE_FLAG_NONE,
};
