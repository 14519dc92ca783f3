#include "cgroup.h"
#include "directives.h"
#include "engine/factorial.h"
#include "fake_httpd.h"
#include "suite.h"

#include <http_core.h>
#include <string.h>

static void *record(void)
{
    return directives_create(fake.pool, NULL);
}

static uint64_t value(void *of, setting which)
{
    return directives_get(fake_configuration(of), which);
}

static bool marks(void *of, const char *uri)
{
    return directives_marks(fake_configuration(of), uri);
}

START_TEST(nothing_set_means_the_defaults)
{
    ck_assert_uint_eq(value(record(), SETTING_MAX_NUMBER), 1000000);
    ck_assert_uint_eq(value(record(), SETTING_COMPRESS_MAX), 1048576);
    ck_assert_uint_eq(value(record(), SETTING_TIMEOUT), 10);
    ck_assert_uint_eq(value(record(), SETTING_QUEUE_TIMEOUT), 2);
    ck_assert_uint_eq(value(record(), SETTING_SEND_TIMEOUT), 60);
    ck_assert_uint_eq(value(record(), SETTING_KEEP_ALIVE_WAIT), 10);
    ck_assert_uint_eq(value(record(), SETTING_MAX_WAITING), 16);
    ck_assert_uint_eq(value(record(), SETTING_ENGINE), FACTORIAL_AUTO);
    ck_assert_uint_eq(value(NULL, SETTING_MAX_NUMBER), 1000000);
    ck_assert(!marks(record(), "/x"));
    ck_assert(!marks(NULL, "/x"));
}
END_TEST

START_TEST(some_defaults_are_the_machines)
{
    unsigned processors = cgroup_processors("");
    uint64_t half = cgroup_memory("") / 2 >> 20;
    ck_assert_uint_eq(value(record(), SETTING_CONCURRENCY), processors);
    ck_assert_uint_eq(value(record(), SETTING_THREADS), processors < 4 ? processors : 4);
    ck_assert_uint_eq(value(record(), SETTING_MEMORY), half < 256 ? half : 256);
}
END_TEST

START_TEST(each_number_is_set_by_its_own_directive)
{
    void *d = record();
    ck_assert_ptr_null(fake_directive(d, "FactorialMaxNumber", "7"));
    ck_assert_ptr_null(fake_directive(d, "FactorialCompressMax", "8"));
    ck_assert_ptr_null(fake_directive(d, "FactorialTimeout", "9"));
    ck_assert_ptr_null(fake_directive(d, "FactorialQueueTimeout", "10"));
    ck_assert_ptr_null(fake_directive(d, "FactorialSendTimeout", "11"));
    ck_assert_ptr_null(fake_directive(d, "FactorialKeepAliveWait", "16"));
    ck_assert_ptr_null(fake_directive(d, "FactorialMemory", "12"));
    ck_assert_ptr_null(fake_directive(d, "FactorialConcurrency", "13"));
    ck_assert_ptr_null(fake_directive(d, "FactorialThreads", "14"));
    ck_assert_ptr_null(fake_directive(d, "FactorialMaxWaiting", "15"));
    ck_assert_ptr_null(fake_directive(d, "FactorialEngine", "GMP"));
    ck_assert_uint_eq(value(d, SETTING_MAX_NUMBER), 7);
    ck_assert_uint_eq(value(d, SETTING_COMPRESS_MAX), 8);
    ck_assert_uint_eq(value(d, SETTING_TIMEOUT), 9);
    ck_assert_uint_eq(value(d, SETTING_QUEUE_TIMEOUT), 10);
    ck_assert_uint_eq(value(d, SETTING_SEND_TIMEOUT), 11);
    ck_assert_uint_eq(value(d, SETTING_KEEP_ALIVE_WAIT), 16);
    ck_assert_uint_eq(value(d, SETTING_MEMORY), 12);
    ck_assert_uint_eq(value(d, SETTING_CONCURRENCY), 13);
    ck_assert_uint_eq(value(d, SETTING_THREADS), 14);
    ck_assert_uint_eq(value(d, SETTING_MAX_WAITING), 15);
    ck_assert_uint_eq(value(d, SETTING_ENGINE), FACTORIAL_GMP);
    ck_assert_ptr_null(fake_directive(d, "FactorialEngine", "auto"));
    ck_assert_uint_eq(value(d, SETTING_ENGINE), FACTORIAL_AUTO);
}
END_TEST

START_TEST(a_refused_value_changes_nothing)
{
    static const char *const wrong[] = {"",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1e3",
                                        "0x1",
                                        "100000001",
                                        "9223372036854775808",
                                        "18446744073709551617"};
    void *d = record();
    ck_assert_ptr_null(fake_directive(d, "FactorialMaxNumber", "7"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *message = fake_directive(d, "FactorialMaxNumber", wrong[i]);
        ck_assert_ptr_nonnull(message);
        ck_assert_ptr_nonnull(strstr(message, "FactorialMaxNumber"));
        ck_assert_ptr_nonnull(strstr(message, wrong[i]));
        ck_assert_uint_eq(value(d, SETTING_MAX_NUMBER), 7);
    }
}
END_TEST

START_TEST(httpds_refusal_of_the_context_is_passed_on)
{
    fake.context_refusal = "not here";
    ck_assert_str_eq(fake_directive(record(), "Factorial", "On"), "not here");
    ck_assert_str_eq(fake_directive(record(), "FactorialMaxNumber", "7"), "not here");
    ck_assert_str_eq(fake_directive(record(), "FactorialEngine", "gmp"), "not here");
}
END_TEST

START_TEST(what_all_processes_share_is_for_the_whole_server)
{
    static const char *const global[] = {"FactorialMemory", "FactorialConcurrency",
                                         "FactorialThreads", "FactorialMaxWaiting"};
    for (size_t i = 0; i < sizeof global / sizeof *global; i++) {
        fake_directive(record(), global[i], "1");
        ck_assert_uint_eq(fake.context, GLOBAL_ONLY);
    }
    fake_directive(record(), "FactorialEngine", "gmp");
    ck_assert_uint_eq(fake.context, GLOBAL_ONLY);
    fake_directive(record(), "FactorialTimeout", "1");
    ck_assert_uint_eq(fake.context, NOT_IN_DIRECTORY | NOT_IN_FILES | NOT_IN_HTACCESS);
}
END_TEST

START_TEST(a_mark_is_for_the_exact_address)
{
    void *d = record();
    ck_assert_ptr_null(fake_directive(d, "Factorial", "On"));
    ck_assert(marks(d, "/x"));
    ck_assert(!marks(d, "/x/"));
    ck_assert(!marks(d, "/x/y"));
    ck_assert(!marks(d, "/"));
    ck_assert_ptr_null(fake_directive(d, "Factorial", "Off"));
    ck_assert(!marks(d, "/x"));
}
END_TEST

START_TEST(inner_settings_win_and_outer_ones_are_inherited)
{
    void *outer = record(), *inner = record();
    fake_directive(outer, "Factorial", "On");
    fake_directive(outer, "FactorialMaxNumber", "7");
    fake_directive(outer, "FactorialCompressMax", "8");
    fake_directive(inner, "FactorialMaxNumber", "9");
    void *merged = directives_merge(fake.pool, outer, inner);
    ck_assert_uint_eq(value(merged, SETTING_MAX_NUMBER), 9);
    ck_assert_uint_eq(value(merged, SETTING_COMPRESS_MAX), 8);
    ck_assert(marks(merged, "/x"));

    fake_directive(inner, "Factorial", "Off");
    ck_assert(!marks(directives_merge(fake.pool, outer, inner), "/x"));
    ck_assert(marks(directives_merge(fake.pool, inner, outer), "/x"));
    /* Merging leaves what it merges alone. */
    ck_assert_uint_eq(value(outer, SETTING_MAX_NUMBER), 7);
    ck_assert(marks(outer, "/x"));
}
END_TEST

START_TEST(every_number_is_inherited_and_can_be_overruled)
{
    for (const command_rec *command = directives_table; command->name; command++) {
        if (command->args_how == FLAG || !strcmp(command->name, "FactorialEngine"))
            continue;
        setting which = (setting)(intptr_t)command->cmd_data;
        void *set = record(), *unset = record();
        ck_assert_ptr_null(fake_directive(set, command->name, "3"));
        ck_assert_uint_eq(value(set, which), 3);
        ck_assert_uint_eq(value(directives_merge(fake.pool, set, unset), which), 3);
        ck_assert_uint_eq(value(directives_merge(fake.pool, unset, set), which), 3);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("directives");
    TCase *t = tcase_create("directives");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_test(t, nothing_set_means_the_defaults);
    tcase_add_test(t, some_defaults_are_the_machines);
    tcase_add_test(t, what_all_processes_share_is_for_the_whole_server);
    tcase_add_test(t, each_number_is_set_by_its_own_directive);
    tcase_add_test(t, a_refused_value_changes_nothing);
    tcase_add_test(t, httpds_refusal_of_the_context_is_passed_on);
    tcase_add_test(t, a_mark_is_for_the_exact_address);
    tcase_add_test(t, inner_settings_win_and_outer_ones_are_inherited);
    tcase_add_test(t, every_number_is_inherited_and_can_be_overruled);
    suite_add_tcase(s, t);
    return s;
}
