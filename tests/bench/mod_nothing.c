/*
 * mod_nothing: what httpd itself costs. Its handler sends as many constant bytes as the query says,
 * 18 if it says nothing: those of {"factorial":120} and a newline.
 */
#include <httpd.h>

#include <http_config.h>
#include <http_protocol.h>
#include <stdlib.h>
#include <string.h>
#include <util_filter.h>

static const char body[1 << 16];

static int handle(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, "nothing") != 0)
        return DECLINED;
    int discarded = ap_discard_request_body(r);
    if (discarded != OK)
        return discarded;

    size_t asked = r->args ? strtoul(r->args, NULL, 10) : 18;
    size_t length = asked < sizeof body ? asked : sizeof body;
    apr_bucket_alloc_t *allocator = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, allocator);
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_immortal_create(body, length, allocator));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(allocator));
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)length);
    apr_status_t status = ap_pass_brigade(r->output_filters, brigade);
    return status == APR_SUCCESS || r->connection->aborted ? OK : AP_FILTER_ERROR;
}

static void register_hooks(apr_pool_t *pool)
{
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}

extern module AP_MODULE_DECLARE_DATA nothing_module __attribute__((visibility("default")));

module AP_MODULE_DECLARE_DATA nothing_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, AP_MODULE_FLAG_NONE,
};
