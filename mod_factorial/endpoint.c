#include "endpoint.h"

#include "directives.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>
#include <string.h>
#include <strings.h>

/*
 * Runs before all other modules and declines, so that mod_rewrite, mod_proxy and others translate
 * the address as usual. The address is noted because ap_process_request_internal replaces the
 * location's configuration by the server's before map_to_storage.
 */
static int note_endpoint(request_rec *r)
{
    if (directives_endpoint(r))
        ap_set_module_config(r->request_config, &factorial_module, apr_pstrdup(r->pool, r->uri));
    return DECLINED;
}

/*
 * Keeps httpd from walking the file system, because the endpoint is not a file. Declines if another
 * module has changed the address since, as mod_rewrite does with [PT]. A handler that has been
 * named by now, by a ScriptAlias for example, does not matter: name_handler overrules it.
 */
static int claim_endpoint(request_rec *r)
{
    const char *noted = ap_get_module_config(r->request_config, &factorial_module);
    bool ours = noted && !strcmp(noted, r->uri) && !r->proxyreq;
    return ours ? OK : DECLINED;
}

/* True if the merged handler comes from this section. Merging copies the pointers, so they tell. */
static bool names_handler(ap_conf_vector_t *section, const core_dir_config *merged)
{
    const core_dir_config *own = ap_get_core_module_config(section);
    return merged->expr_handler ? own->expr_handler == merged->expr_handler
                                : own->handler == merged->handler;
}

/*
 * True if the handler was set by a SetHandler that takes precedence over `Factorial On`: one in an
 * <If>, which httpd merges after all other sections; one in a section for the same address; or, if
 * one of the two sections is for a pattern of addresses, one in the later section.
 */
static bool is_set_nearer(const request_rec *r, const endpoint_rule *rule)
{
    const core_dir_config *merged = ap_get_core_module_config(r->per_dir_config);
    const core_server_config *server = ap_get_core_module_config(r->server->module_config);
    ap_conf_vector_t **sections = (ap_conf_vector_t **)server->sec_url->elts;
    bool later = false;
    if (!merged->expr_handler && (!merged->handler || !strcasecmp(merged->handler, "none")))
        return false;
    for (int i = 0; merged->sec_if && i < merged->sec_if->nelts; i++)
        if (names_handler(APR_ARRAY_IDX(merged->sec_if, i, ap_conf_vector_t *), merged))
            return true;
    for (int i = 0; i < server->sec_url->nelts; i++) {
        const core_dir_config *section = ap_get_core_module_config(sections[i]);
        later = later || sections[i] == rule->section;
        if (!names_handler(sections[i], merged))
            continue;
        bool is_pattern = section->r || section->d_is_fnmatch || !rule->location;
        return is_pattern ? later : !strcmp(section->d, rule->location);
    }
    return false;
}

/*
 * Also applies to requests that note_endpoint missed because another module gave them this address
 * later. Runs before mod_dir's fixup, which leaves a request alone that has a handler.
 */
static int name_handler(request_rec *r)
{
    const endpoint_rule *rule = r->proxyreq ? NULL : directives_endpoint(r);
    if (rule && !(r->handler && is_set_nearer(r, rule))) {
        r->handler = HANDLER_FACTORIAL;
        /* Tells mod_speling that the address exists, so that it looks for no similar name. */
        r->finfo.filetype = APR_UNKFILE;
    }
    return DECLINED;
}

void endpoint_register_hooks(void)
{
    ap_hook_translate_name(note_endpoint, NULL, NULL, APR_HOOK_REALLY_FIRST);
    /* After http_core has dealt with TRACE and OPTIONS *. */
    ap_hook_map_to_storage(claim_endpoint, NULL, NULL, APR_HOOK_LAST);
    ap_hook_fixups(name_handler, NULL, NULL, APR_HOOK_MIDDLE);
}
