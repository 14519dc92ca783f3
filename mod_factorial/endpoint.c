#include "endpoint.h"

#include "directives.h"

#include <apr_strings.h>
#include <http_request.h>
#include <string.h>

/*
 * First of all, and declining, so that mod_rewrite, mod_proxy and others translate the address as
 * ever. The mark is read here because ap_process_request_internal puts the server's own
 * configuration in the location's place before map_to_storage.
 */
static int note_endpoint(request_rec *r)
{
    if (directives_marks(r->per_dir_config, r->uri))
        ap_set_module_config(r->request_config, &factorial_module, apr_pstrdup(r->pool, r->uri));
    return DECLINED;
}

/* Nothing of a noted address lies on disk: httpd need not walk the file system for it. Unless it
 * has another address by now, mod_rewrite's [PT] having changed it. */
static int claim_endpoint(request_rec *r)
{
    const char *noted = ap_get_module_config(r->request_config, &factorial_module);
    bool ours = noted && !strcmp(noted, r->uri) && !r->proxyreq && !r->handler;
    return ours ? OK : DECLINED;
}

/*
 * Also for requests that could not be noted, another module having changed their address to ours.
 * Before mod_dir's fixup, so that a FallbackResource sees that the request has its handler.
 */
static int name_handler(request_rec *r)
{
    if (!r->handler && !r->proxyreq && directives_marks(r->per_dir_config, r->uri))
        r->handler = HANDLER_FACTORIAL;
    return DECLINED;
}

void endpoint_register_hooks(void)
{
    ap_hook_translate_name(note_endpoint, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* After http_core's answers to TRACE and OPTIONS *. */
    ap_hook_map_to_storage(claim_endpoint, NULL, NULL, APR_HOOK_LAST);
    ap_hook_fixups(name_handler, NULL, NULL, APR_HOOK_MIDDLE);
}
