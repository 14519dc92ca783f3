#include "directives.h"
#include "endpoint.h"
#include "fake_httpd.h"
#include "suite.h"

#include <http_core.h>
#include <http_request.h>

static ap_HOOK_translate_name_t *translate_name;
static ap_HOOK_map_to_storage_t *map_to_storage;
static ap_HOOK_fixups_t *fixups;

void ap_hook_translate_name(ap_HOOK_translate_name_t *hook, const char *const *before,
                            const char *const *after, int order)
{
    translate_name = hook;
}

void ap_hook_map_to_storage(ap_HOOK_map_to_storage_t *hook, const char *const *before,
                            const char *const *after, int order)
{
    map_to_storage = hook;
}

void ap_hook_fixups(ap_HOOK_fixups_t *hook, const char *const *before, const char *const *after,
                    int order)
{
    fixups = hook;
}

static ap_conf_vector_t *unmarked;

/* A request for /x, which is marked, before any handler was named. */
static request_rec *marked_request(void)
{
    request_rec *r = fake_request(NULL);
    void *record = directives_create(fake.pool, NULL);
    fake_directive(record, "Factorial", "On");
    unmarked = r->per_dir_config;
    r->per_dir_config = fake_configuration(record);
    r->handler = NULL;
    endpoint_register_hooks();
    return r;
}

START_TEST(a_marked_address_is_claimed_and_handled)
{
    request_rec *r = marked_request();
    ck_assert_int_eq(translate_name(r), DECLINED);
    /* httpd takes the location's configuration away in between. */
    ap_conf_vector_t *location = r->per_dir_config;
    r->per_dir_config = unmarked;
    ck_assert_int_eq(map_to_storage(r), OK);
    r->per_dir_config = location;
    ck_assert_int_eq(fixups(r), DECLINED);
    ck_assert_str_eq(r->handler, HANDLER_FACTORIAL);
}
END_TEST

START_TEST(any_other_address_is_left_alone)
{
    request_rec *r = marked_request();
    r->uri = apr_pstrdup(fake.pool, "/x/y");
    ck_assert_int_eq(translate_name(r), DECLINED);
    ck_assert_int_eq(map_to_storage(r), DECLINED);
    ck_assert_int_eq(fixups(r), DECLINED);
    ck_assert_ptr_null(r->handler);
}
END_TEST

START_TEST(what_is_proxied_stays_so)
{
    request_rec *r = marked_request();
    translate_name(r);
    r->proxyreq = PROXYREQ_REVERSE;
    ck_assert_int_eq(map_to_storage(r), DECLINED);
    fixups(r);
    ck_assert_ptr_null(r->handler);
}
END_TEST

/* tests/http/test_sites.c has the cases. */
START_TEST(a_handler_of_the_whole_site_is_overruled_and_one_of_the_address_is_not)
{
    request_rec *r = marked_request();
    translate_name(r);
    r->handler = "of a ScriptAlias";
    ck_assert_int_eq(map_to_storage(r), OK);
    fixups(r);
    ck_assert_str_eq(r->handler, HANDLER_FACTORIAL);

    ap_conf_vector_t *section = fake_configuration(NULL);
    core_dir_config *here = ap_get_core_module_config(section);
    core_dir_config *merged = ap_get_core_module_config(r->per_dir_config);
    core_server_config *server = ap_get_core_module_config(r->server->module_config);
    *(ap_conf_vector_t **)apr_array_push(server->sec_url) = section;
    r->handler = here->handler = merged->handler = "of a SetHandler";
    here->d = apr_pstrdup(fake.pool, "/");
    fixups(r);
    ck_assert_str_eq(r->handler, HANDLER_FACTORIAL);
    r->handler = merged->handler;
    here->d = apr_pstrdup(fake.pool, "/x");
    fixups(r);
    ck_assert_str_eq(r->handler, "of a SetHandler");
}
END_TEST

/*
 * The sections of a server in their order: F has Factorial On; the handler is named in S, for the
 * same address, in W, for the whole site, in P and R, for patterns, or in I, an <If>. N names
 * another handler.
 */
static const struct {
    const char *sections, *handler;
    bool is_pattern, expression; /* F is for a pattern; the handler is an expression */
    bool ours;
} orders[] = {
    {"FS", "other", false, false, false}, {"SF", "other", false, false, false},
    {"FW", "other", false, false, true},  {"WF", "other", false, false, true},
    {"FP", "other", false, false, false}, {"PF", "other", false, false, true},
    {"FR", "other", false, false, false}, {"RF", "other", false, false, true},
    {"FW", "other", true, false, false},  {"WF", "other", true, false, true},
    {"FS", "other", true, false, false},  {"SF", "other", true, false, true},
    {"FI", "other", false, false, false}, {"IF", "other", true, false, false},
    {"FN", "other", false, false, true},  {"NFS", "other", false, false, false},
    {"FNN", "other", true, false, true},  {"NFNP", "other", false, false, false},
    {"FS", "none", false, false, true},   {"FP", "None", false, false, true},
    {"FS", NULL, false, false, true},     {"FS", NULL, false, true, false},
    {"FW", NULL, false, true, true},      {"PF", NULL, false, true, true},
    {"FI", NULL, false, true, false},     {"FN", NULL, false, true, true},
};

static ap_conf_vector_t *add_section(request_rec *r, char kind, const core_dir_config *merged)
{
    static ap_regex_t pattern;
    ap_conf_vector_t *section = fake_configuration(NULL);
    core_dir_config *own = ap_get_core_module_config(section);
    own->d = apr_pstrdup(fake.pool, kind == 'W' ? "/" : "/x");
    own->r = kind == 'R' ? &pattern : NULL;
    own->d_is_fnmatch = kind == 'P';
    if (kind != 'F') {
        static ap_expr_info_t another;
        own->handler = kind == 'N' ? "another" : merged->handler;
        own->expr_handler = kind == 'N' ? &another : merged->expr_handler;
    }
    *(ap_conf_vector_t **)apr_array_push(kind == 'I' ? merged->sec_if : fake.core->sec_url) =
        section;
    return section;
}

START_TEST(a_handler_that_is_named_nearer_to_the_address_wins)
{
    static ap_expr_info_t expression;
    request_rec *r = marked_request();
    core_dir_config *merged = ap_get_core_module_config(r->per_dir_config);
    endpoint_rule *rule = (endpoint_rule *)directives_endpoint(r);
    merged->sec_if = apr_array_make(fake.pool, 4, sizeof(ap_conf_vector_t *));
    merged->handler = orders[_i].handler;
    merged->expr_handler = orders[_i].expression ? &expression : NULL;
    if (orders[_i].is_pattern)
        rule->location = NULL;
    for (const char *kind = orders[_i].sections; *kind; kind++) {
        ap_conf_vector_t *section = add_section(r, *kind, merged);
        if (*kind == 'F')
            rule->section = section;
    }
    r->handler = "named";
    ck_assert_int_eq(fixups(r), DECLINED);
    ck_assert_str_eq(r->handler, orders[_i].ours ? HANDLER_FACTORIAL : "named");
    ck_assert_int_eq(r->finfo.filetype, orders[_i].ours ? APR_UNKFILE : APR_NOFILE);
}
END_TEST

START_TEST(a_marked_address_changed_to_another_is_left_alone)
{
    request_rec *r = marked_request();
    translate_name(r);
    r->uri = apr_pstrdup(fake.pool, "/y");
    ck_assert_int_eq(map_to_storage(r), DECLINED);
}
END_TEST

START_TEST(an_address_changed_to_a_marked_one_is_handled)
{
    request_rec *r = marked_request();
    ck_assert_int_eq(map_to_storage(r), DECLINED);
    fixups(r);
    ck_assert_str_eq(r->handler, HANDLER_FACTORIAL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("endpoint");
    TCase *t = tcase_create("endpoint");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_test(t, a_marked_address_is_claimed_and_handled);
    tcase_add_test(t, any_other_address_is_left_alone);
    tcase_add_test(t, what_is_proxied_stays_so);
    tcase_add_test(t, a_handler_of_the_whole_site_is_overruled_and_one_of_the_address_is_not);
    tcase_add_loop_test(t, a_handler_that_is_named_nearer_to_the_address_wins, 0,
                        sizeof orders / sizeof *orders);
    tcase_add_test(t, a_marked_address_changed_to_another_is_left_alone);
    tcase_add_test(t, an_address_changed_to_a_marked_one_is_handled);
    suite_add_tcase(s, t);
    return s;
}
