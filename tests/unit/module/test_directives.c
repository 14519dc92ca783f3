#include "cgroup.h"
#include "directives.h"
#include "engine/factorial.h"
#include "fake_httpd.h"
#include "suite.h"

#include <http_core.h>
#include <string.h>

/* The machine, in place of cgroup.c. */
static unsigned processors = 2;
static uint64_t memory = (uint64_t)24 << 30;

unsigned cgroup_processors(const char *root)
{
    return processors;
}

uint64_t cgroup_memory(const char *root)
{
    return memory;
}

static void *record(void)
{
    return directives_create(fake.pool, NULL);
}

enum { NOWHERE_BUT_LOCATION = NOT_IN_DIRECTORY | NOT_IN_FILES | NOT_IN_HTACCESS };

/* A request for this address, under these directives. */
static request_rec *request_for(void *directives, const char *uri)
{
    request_rec *r = fake_request(NULL);
    r->uri = apr_pstrdup(fake.pool, uri);
    r->per_dir_config = fake_configuration(directives);
    return r;
}

static bool marks(void *directives, const char *uri)
{
    return directives_endpoint(request_for(directives, uri)) != NULL;
}

static response_form form(void *directives, const char *uri)
{
    return directives_location(request_for(directives, uri)).form;
}

static const struct {
    const char *name;
    uint64_t least, most, fallback; /* fallback: 0 where it depends on the machine */
    unsigned context;               /* what httpd is asked to refuse */
} numbers[] = {
    {"FactorialMaxNumber", 0, 100000000, 1000000, NOWHERE_BUT_LOCATION},
    {"FactorialTimeout", 1, 3600, 10, NOWHERE_BUT_LOCATION},
    {"FactorialQueueTimeout", 0, 3600, 2, NOWHERE_BUT_LOCATION},
    {"FactorialSendTimeout", 1, 86400, 60, NOWHERE_BUT_LOCATION},
    {"FactorialCompressMax", 0, 1073741824, 1048576, NOWHERE_BUT_LOCATION},
    {"FactorialKeepAliveWait", 0, 1000, 10, NOWHERE_BUT_LOCATION},
    {"FactorialMemory", 1, 1048576, 0, GLOBAL_ONLY},
    {"FactorialConcurrency", 1, 1024, 0, GLOBAL_ONLY},
    {"FactorialThreads", 1, 64, 0, GLOBAL_ONLY},
    {"FactorialMaxWaiting", 0, 1024, 64, GLOBAL_ONLY},
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

static const char *set_number(void *d, int i, uint64_t value)
{
    return fake_directive(d, numbers[i].name, apr_psprintf(fake.pool, "%" APR_UINT64_T_FMT, value));
}

START_TEST(a_number_has_a_default_a_range_and_contexts)
{
    void *d = record(), *set = record();
    const char *name = numbers[_i].name;
    if (numbers[_i].fallback)
        ck_assert_uint_eq(fake_setting(d, name), numbers[_i].fallback);
    uint64_t values[] = {numbers[_i].least, numbers[_i].most, numbers[_i].least + 1};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_ptr_null(set_number(set, _i, values[i]));
        ck_assert_uint_eq(fake_setting(set, name), values[i]);
        ck_assert_uint_eq(fake.context, numbers[_i].context);
        ck_assert_uint_eq(fake_setting(directives_merge(fake.pool, d, set), name), values[i]);
        ck_assert_uint_eq(fake_setting(directives_merge(fake.pool, set, d), name), values[i]);
    }
    fake.context_refusal = "not here";
    ck_assert_str_eq(set_number(set, _i, 1), "not here");
}
END_TEST

START_TEST(a_refused_number_changes_nothing_and_is_told_the_range)
{
    const char *name = numbers[_i].name;
    const char *wrong[] = {
        "",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1e3",
        "0x1",
        "9223372036854775808",
        "18446744073709551617",
        apr_psprintf(fake.pool, "%" APR_UINT64_T_FMT, numbers[_i].most + 1),
        numbers[_i].least ? "0" : "x",
    };
    const char *range = apr_psprintf(fake.pool, "%" APR_UINT64_T_FMT " to %" APR_UINT64_T_FMT,
                                     numbers[_i].least, numbers[_i].most);
    void *d = record();
    ck_assert_ptr_null(set_number(d, _i, numbers[_i].least));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *message = fake_directive(d, name, wrong[i]);
        ck_assert_ptr_nonnull(message);
        ck_assert_ptr_nonnull(strstr(message, name));
        ck_assert_ptr_nonnull(strstr(message, range));
        ck_assert_ptr_nonnull(strstr(message, apr_psprintf(fake.pool, "\"%s\"", wrong[i])));
        ck_assert_uint_eq(fake_setting(d, name), numbers[_i].least);
    }
}
END_TEST

START_TEST(the_help_of_a_number_names_range_and_default)
{
    const char *range = apr_psprintf(fake.pool, "%" APR_UINT64_T_FMT " to %" APR_UINT64_T_FMT,
                                     numbers[_i].least, numbers[_i].most);
    const char *fallback =
        apr_psprintf(fake.pool, "(default %" APR_UINT64_T_FMT ")", numbers[_i].fallback);
    for (const command_rec *command = directives_table; command->name; command++)
        if (!strcmp(command->name, numbers[_i].name)) {
            ck_assert_ptr_nonnull(strstr(command->errmsg, range));
            if (numbers[_i].fallback)
                ck_assert_ptr_nonnull(strstr(command->errmsg, fallback));
        }
}
END_TEST

static const struct {
    unsigned processors, threads;
    uint64_t memory, mib;
} machines[] = {
    {1, 1, (uint64_t)300 << 20, 150},
    {3, 3, (uint64_t)511 << 20, 255},
    {4, 4, (uint64_t)512 << 20, 256},
    {16, 4, (uint64_t)24 << 30, 256},
};

START_TEST(some_defaults_are_the_machines)
{
    processors = machines[_i].processors;
    memory = machines[_i].memory;
    ck_assert_uint_eq(fake_setting(record(), "FactorialConcurrency"), processors);
    ck_assert_uint_eq(fake_setting(record(), "FactorialThreads"), machines[_i].threads);
    ck_assert_uint_eq(fake_setting(record(), "FactorialMemory"), machines[_i].mib);
}
END_TEST

START_TEST(the_engine_is_named)
{
    void *d = record();
    ck_assert_uint_eq(fake_setting(d, "FactorialEngine"), FACTORIAL_AUTO);
    ck_assert_ptr_null(fake_directive(d, "FactorialEngine", "GMP"));
    ck_assert_uint_eq(fake.context, GLOBAL_ONLY);
    ck_assert_uint_eq(fake_setting(d, "FactorialEngine"), FACTORIAL_GMP);
    ck_assert_ptr_nonnull(strstr(fake_directive(d, "FactorialEngine", "mpfr"), "\"mpfr\""));
    ck_assert_uint_eq(fake_setting(d, "FactorialEngine"), FACTORIAL_GMP);
    ck_assert_ptr_null(fake_directive(d, "FactorialEngine", "auto"));
    ck_assert_uint_eq(fake_setting(d, "FactorialEngine"), FACTORIAL_AUTO);
    fake.context_refusal = "not here";
    ck_assert_str_eq(fake_directive(d, "FactorialEngine", "gmp"), "not here");
}
END_TEST

START_TEST(a_mark_is_for_the_exact_address)
{
    void *d = record();
    ck_assert(!marks(d, "/x"));
    fake.context_refusal = "not here";
    ck_assert_str_eq(fake_directive(d, "Factorial", "On"), "not here");
    fake.context_refusal = NULL;
    ck_assert_ptr_null(fake_directive(d, "Factorial", "On"));
    ck_assert(marks(d, "/x"));
    ck_assert(!marks(d, "/x/"));
    ck_assert(!marks(d, "/x/y"));
    ck_assert(!marks(d, "/"));
    ck_assert_ptr_null(fake_directive(d, "Factorial", "Off"));
    ck_assert(!marks(d, "/x"));
}
END_TEST

START_TEST(inner_marks_win_and_outer_ones_are_inherited)
{
    void *outer = record(), *inner = record();
    fake_directive(outer, "Factorial", "On");
    ck_assert(marks(directives_merge(fake.pool, outer, inner), "/x"));
    fake_directive(inner, "Factorial", "Off");
    ck_assert(!marks(directives_merge(fake.pool, outer, inner), "/x"));
    ck_assert(marks(directives_merge(fake.pool, inner, outer), "/x"));
    /* Merging leaves what it merges alone. */
    ck_assert(marks(outer, "/x"));
}
END_TEST

START_TEST(the_form_is_named)
{
    static const struct {
        const char *name;
        response_form form;
    } forms[] = {{"number", FORM_NUMBER},
                 {"String", FORM_STRING},
                 {"text", FORM_TEXT},
                 {"SUMMARY", FORM_SUMMARY}};
    void *d = record();
    ck_assert_int_eq(form(d, "/x"), FORM_NUMBER);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        ck_assert_ptr_null(fake_directive(d, "FactorialForm", forms[i].name));
        ck_assert_uint_eq(fake.context, NOWHERE_BUT_LOCATION);
        ck_assert_int_eq(form(d, "/x"), forms[i].form);
    }
    const char *message = fake_directive(d, "FactorialForm", "json");
    ck_assert_str_eq(message, "FactorialForm takes number, string, text or summary, not \"json\"");
    ck_assert_int_eq(form(d, "/x"), FORM_SUMMARY);
    ck_assert(!marks(d, "/x"));
    fake.context_refusal = "not here";
    ck_assert_str_eq(fake_directive(d, "FactorialForm", "text"), "not here");
}
END_TEST

START_TEST(a_form_is_for_the_exact_address)
{
    void *outer = record(), *inner = record(), *whole = record();
    fake_directive(outer, "FactorialForm", "string");
    fake_directive(inner, "Factorial", "On");
    void *merged = directives_merge(fake.pool, outer, inner);
    ck_assert_int_eq(form(merged, "/x"), FORM_STRING);
    ck_assert_int_eq(form(merged, "/x/y"), FORM_NUMBER);
    /* Not even a later section takes another address. */
    fake_directive(inner, "FactorialForm", "text");
    ck_assert_int_eq(form(directives_merge(fake.pool, outer, inner), "/x"), FORM_TEXT);
    ck_assert_int_eq(form(directives_merge(fake.pool, inner, outer), "/x"), FORM_STRING);
    /* Outside of any section it is for all. */
    fake_directive_outside(whole, "FactorialForm", "summary");
    ck_assert_int_eq(form(directives_merge(fake.pool, whole, record()), "/y"), FORM_SUMMARY);
    ck_assert_int_eq(form(directives_merge(fake.pool, whole, outer), "/x"), FORM_STRING);
    ck_assert_int_eq(form(directives_merge(fake.pool, whole, outer), "/y"), FORM_SUMMARY);
}
END_TEST

START_TEST(the_endpoint_needs_a_section)
{
    const char *message = fake_directive_outside(record(), "Factorial", "On");
    ck_assert_ptr_nonnull(strstr(message, "belongs in a <Location> section"));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("directives");
    TCase *t = tcase_create("directives");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_loop_test(t, a_number_has_a_default_a_range_and_contexts, 0, NUMBERS);
    tcase_add_loop_test(t, a_refused_number_changes_nothing_and_is_told_the_range, 0, NUMBERS);
    tcase_add_loop_test(t, the_help_of_a_number_names_range_and_default, 0, NUMBERS);
    tcase_add_loop_test(t, some_defaults_are_the_machines, 0, sizeof machines / sizeof *machines);
    tcase_add_test(t, the_engine_is_named);
    tcase_add_test(t, a_mark_is_for_the_exact_address);
    tcase_add_test(t, inner_marks_win_and_outer_ones_are_inherited);
    tcase_add_test(t, the_form_is_named);
    tcase_add_test(t, a_form_is_for_the_exact_address);
    tcase_add_test(t, the_endpoint_needs_a_section);
    suite_add_tcase(s, t);
    return s;
}
