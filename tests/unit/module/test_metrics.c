#include "fake_httpd.h"
#include "handler.h"
#include "metrics.h"
#include "suite.h"

#include <apr_optional_hooks.h>
#include <mod_status.h>
#include <string.h>
#include <sys/resource.h>

APR_IMPLEMENT_OPTIONAL_HOOK_RUN_ALL(ap, STATUS, int, status_hook, (request_rec * r, int flags),
                                    (r, flags), OK, DECLINED)

static admission_ledger *ledger;

static void set_up(void)
{
    fake_set_up();
    ledger = apr_pcalloc(fake.pool, admission_ledger_size(2));
    ck_assert_int_eq(admission_ledger_init(ledger, 2), 0);
    ck_assert(metrics_create(fake_request(NULL)->server, ledger));
    apr_hook_global_pool = fake.pool;
    metrics_register_hooks();
    apr_hook_sort_all();
}

/* The tests may run in one process: no hook outlives the pool that it is kept in. */
static void tear_down(void)
{
    apr_hook_deregister_all();
    fake_tear_down();
}

static void assert_shown(int flags, const char *text)
{
    fake.body = apr_pstrdup(fake.pool, "");
    ck_assert_int_eq(ap_run_status_hook(fake_request(NULL), flags), OK);
    if (!strstr(fake.body, text))
        ck_abort_msg("\"%s\" is not in: %s", text, fake.body);
}

START_TEST(requests_are_counted_by_outcome)
{
    metrics_count(OUTCOME_OK);
    metrics_count(OUTCOME_OK);
    metrics_count(OUTCOME_BUSY);
    metrics_count(OUTCOME_NUMBER_MISSING);
    metrics_count(OUTCOME_METHOD);
    metrics_count(OUTCOME_PRECONDITION);
    assert_shown(AP_STATUS_SHORT, "FactorialResults: 2\n");
    assert_shown(AP_STATUS_SHORT, "FactorialRefusedBusy: 1\n");
    assert_shown(AP_STATUS_SHORT, "FactorialBadRequests: 3\n");
    assert_shown(AP_STATUS_SHORT, "FactorialStoppedGone: 0\n");
    assert_shown(0, "<dt>results sent: 2</dt>");
    assert_shown(0, "<dt>refused: busy: 1</dt>");
}
END_TEST

START_TEST(health_checks_are_counted_and_are_no_requests)
{
    metrics_count_health_check();
    metrics_count_health_check();
    assert_shown(AP_STATUS_SHORT, "FactorialHealthChecks: 2\n");
    assert_shown(AP_STATUS_SHORT, "FactorialResults: 0\n");
    assert_shown(0, "<dt>health checks: 2</dt>");
}
END_TEST

START_TEST(each_request_is_counted_once)
{
    request_rec *r = fake_request("number=5");
    ck_assert_int_eq(handler_factorial(r), OK);
    ck_assert_int_eq(handler_factorial(fake_request("number=x")), OK);
    assert_shown(AP_STATUS_SHORT, "FactorialResults: 1\n");
    assert_shown(AP_STATUS_SHORT, "FactorialBadRequests: 1\n");
    assert_shown(AP_STATUS_SHORT, "FactorialComputations: 1\n");
    r->header_only = 1;
    ck_assert_int_eq(handler_factorial(r), OK);
    r->header_only = 0;
    r->method_number = M_OPTIONS;
    ck_assert_int_eq(handler_factorial(r), OK);
    r->method_number = M_GET;
    fake_header(r, "If-None-Match", "*");
    ck_assert_int_eq(handler_factorial(r), OK);
    assert_shown(AP_STATUS_SHORT, "FactorialHeaders: 3\n");
    assert_shown(AP_STATUS_SHORT, "FactorialComputations: 1\n");
    r->handler = HANDLER_HEALTH;
    ck_assert_int_eq(handler_health(r), OK);
    assert_shown(AP_STATUS_SHORT, "FactorialHealthChecks: 1\n");
    assert_shown(AP_STATUS_SHORT, "FactorialResults: 1\n");
}
END_TEST

START_TEST(computations_are_added_up)
{
    metrics_computed(100, 2, 30);
    metrics_computed(1000, 5, 70);
    assert_shown(AP_STATUS_SHORT, "FactorialComputations: 2\n");
    assert_shown(AP_STATUS_SHORT, "FactorialDigits: 1100\n");
    assert_shown(AP_STATUS_SHORT, "FactorialWaitingMicroseconds: 7\n");
    assert_shown(AP_STATUS_SHORT, "FactorialComputingMicroseconds: 100\n");
}
END_TEST

START_TEST(what_is_going_on_is_shown)
{
    admission a;
    uint64_t ticket = 0;
    admission_limits limits = {.memory = 5000, .computations = 1, .waiting = 1};
    ck_assert(admission_join(&a, ledger));
    ck_assert(admission_enter(&a, ADMISSION_WORKER, 5, 5));
    ck_assert(admission_enter(&a, ADMISSION_STREAM, 5, 5));
    ck_assert(admission_enter(&a, ADMISSION_STREAM, 5, 5));
    const admission_demand demand = {.others = 4000};
    admission_scratch scratch;
    ck_assert_int_eq(admission_request(&a, &limits, &demand, &ticket, &scratch), ADMISSION_GRANTED);
    ck_assert_int_eq(admission_request(&a, &limits, &demand, &ticket, &scratch), ADMISSION_WAITING);
    assert_shown(AP_STATUS_SHORT, "FactorialComputing: 1\n");
    assert_shown(AP_STATUS_SHORT, "FactorialWaiting: 1\n");
    assert_shown(AP_STATUS_SHORT, "FactorialBusy: 1\n");
    assert_shown(AP_STATUS_SHORT, "FactorialStreams: 2\n");
    assert_shown(AP_STATUS_SHORT, "FactorialMemoryBytes: 4000\n");
}
END_TEST

START_TEST(counters_outlive_a_restart)
{
    metrics_count(OUTCOME_SLOW);
    ck_assert(metrics_create(fake_request(NULL)->server, ledger));
    assert_shown(AP_STATUS_SHORT, "FactorialAbortedSlow: 1\n");
}
END_TEST

START_TEST(without_memory_for_the_counters_the_server_says_so)
{
    const struct rlimit none = {0, 0};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    ck_assert(!metrics_create(NULL, NULL));
    ck_assert_int_eq(fake.log_lines, 1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("metrics");
    TCase *t = tcase_create("metrics");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, requests_are_counted_by_outcome);
    tcase_add_test(t, health_checks_are_counted_and_are_no_requests);
    tcase_add_test(t, each_request_is_counted_once);
    tcase_add_test(t, computations_are_added_up);
    tcase_add_test(t, what_is_going_on_is_shown);
    tcase_add_test(t, counters_outlive_a_restart);
    suite_add_tcase(s, t);
    TCase *start = tcase_create("start");
    tcase_add_checked_fixture(start, fake_set_up, fake_tear_down);
    if (!suite_sanitized() && !suite_under_valgrind()) /* they want more address space */
        tcase_add_test(start, without_memory_for_the_counters_the_server_says_so);
    suite_add_tcase(s, start);
    return s;
}
