#include "endpoint.h"

#include "directives.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>
#include <string.h>
#include <strings.h>

/*
 * First of all, and declining, so that mod_rewrite, mod_proxy and others translate the address as
 * ever. The rule is looked up here because ap_process_request_internal replaces the location's
 * configuration by the server's before map_to_storage.
 */
static int note_endpoint(request_rec *r)
{
    if (directives_endpoint(r))
        ap_set_module_config(r->request_config, &factorial_module, apr_pstrdup(r->pool, r->uri));
    return DECLINED;
}

/*
 * The endpoint is not on disk: httpd need not walk the file system. Declines if the address is
 * another one by now, changed by mod_rewrite's [PT]. A handler that is named here already is that
 * of a ScriptAlias or the like, which name_handler overrules.
 */
static int claim_endpoint(request_rec *r)
{
    const char *noted = ap_get_module_config(r->request_config, &factorial_module);
    bool ours = noted && !strcmp(noted, r->uri) && !r->proxyreq;
    return ours ? OK : DECLINED;
}

/*
 * Was the handler named by a SetHandler that is nearer to the address than `Factorial On`? It is,
 * if it stands in a section for the same address, or in a later one if one of the two is for a
 * pattern of addresses.
 */
static bool is_set_nearer(const request_rec *r, const endpoint_rule *rule)
{
    const core_dir_config *merged = ap_get_core_module_config(r->per_dir_config);
    const core_server_config *server = ap_get_core_module_config(r->server->module_config);
    ap_conf_vector_t **sections = (ap_conf_vector_t **)server->sec_url->elts;
    bool later = false;
    if (!merged->expr_handler && (!merged->handler || !strcasecmp(merged->handler, "none")))
        return false;
    for (int i = 0; i < server->sec_url->nelts; i++) {
        const core_dir_config *section = ap_get_core_module_config(sections[i]);
        later = later || sections[i] == rule->section;
        /* Merging copies the pointers, so they tell from which section they came. */
        if (merged->expr_handler ? section->expr_handler != merged->expr_handler
                                 : section->handler != merged->handler)
            continue;
        bool is_pattern = section->r || section->d_is_fnmatch || !rule->location;
        return is_pattern ? later : !strcmp(section->d, rule->location);
    }
    return false;
}

/*
 * Also for requests that could not be noted, because another module changed their address to ours.
 * Before mod_dir's fixup, so that a FallbackResource sees that the request has its handler.
 */
static int name_handler(request_rec *r)
{
    const endpoint_rule *rule = r->proxyreq ? NULL : directives_endpoint(r);
    if (rule && !(r->handler && is_set_nearer(r, rule))) {
        r->handler = HANDLER_FACTORIAL;
        /* It exists, although not as a file: mod_speling must not look for similar names. */
        r->finfo.filetype = APR_UNKFILE;
    }
    return DECLINED;
}

void endpoint_register_hooks(void)
{
    ap_hook_translate_name(note_endpoint, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* After http_core's answers to TRACE and OPTIONS *. */
    ap_hook_map_to_storage(claim_endpoint, NULL, NULL, APR_HOOK_LAST);
    ap_hook_fixups(name_handler, NULL, NULL, APR_HOOK_MIDDLE);
}
