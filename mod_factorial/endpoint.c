#include "endpoint.h"

#include "directives.h"

#include <http_request.h>

/*
 * Runs after every other module has had its chance to translate the address (mod_rewrite,
 * mod_proxy, mod_alias): whatever one of them took is not ours. The mark is read here because
 * ap_process_request_internal puts the server's own configuration back before map_to_storage.
 */
static int note_endpoint(request_rec *r)
{
    if (directives_marks(r->per_dir_config, r->uri))
        ap_set_module_config(r->request_config, &factorial_module, r);
    return DECLINED;
}

/* Nothing lies on disk at a noted address, so httpd need not walk the file system for it. */
static int claim_endpoint(request_rec *r)
{
    bool noted = ap_get_module_config(r->request_config, &factorial_module);
    return noted && !r->proxyreq && !r->handler ? OK : DECLINED;
}

/*
 * Also for requests that were not noted because another module changed the address on the way.
 * Before mod_dir's own fixup, so that a FallbackResource sees that the request has its handler.
 */
static int name_handler(request_rec *r)
{
    if (!r->handler && !r->proxyreq && directives_marks(r->per_dir_config, r->uri))
        r->handler = HANDLER_FACTORIAL;
    return DECLINED;
}

void endpoint_register_hooks(void)
{
    ap_hook_translate_name(note_endpoint, NULL, NULL, APR_HOOK_LAST);
    /* After http_core's answers to TRACE and OPTIONS *. */
    ap_hook_map_to_storage(claim_endpoint, NULL, NULL, APR_HOOK_LAST);
    ap_hook_fixups(name_handler, NULL, NULL, APR_HOOK_MIDDLE);
}
