#include "fake_httpd.h"
#include "handler.h"
#include "metrics.h"
#include "suite.h"

#include <string.h>

static void set_up(void)
{
    fake_set_up();
    ck_assert(metrics_create(fake_request(NULL)->server, NULL));
}

START_TEST(other_handlers_requests_are_declined)
{
    request_rec *r = fake_request("number=5");
    ck_assert_int_eq(handler_health(r), DECLINED);
    r->handler = NULL;
    ck_assert_int_eq(handler_factorial(r), DECLINED);
    ck_assert_int_eq(handler_health(r), DECLINED);
    r->handler = "default-handler";
    ck_assert_int_eq(handler_factorial(r), DECLINED);
    r->handler = HANDLER_HEALTH;
    ck_assert_int_eq(handler_factorial(r), DECLINED);
    ck_assert_int_eq(fake.ends, 0);
}
END_TEST

START_TEST(a_number_gets_its_factorial)
{
    request_rec *r = fake_request("number=5");
    ck_assert_int_eq(handler_factorial(r), OK);
    ck_assert_int_eq(r->status, HTTP_OK);
    ck_assert_str_eq(fake.body, "{\"factorial\":120}\n");
    ck_assert_str_eq(fake_answer_header(r, "Vary"), "Accept");
}
END_TEST

START_TEST(the_tag_is_compared_before_anything_is_computed)
{
    request_rec *r = fake_request("number=1000000");
    fake_header(r, "If-None-Match", "\"1000000-json-1\"");
    ck_assert_int_eq(handler_factorial(r), OK);
    ck_assert_int_eq(r->status, HTTP_NOT_MODIFIED);
    ck_assert_str_eq(fake.body, "");
    ck_assert_int_eq(fake.ends, 1);
    r = fake_request("number=1000000");
    fake_header(r, "If-Match", "\"5-json-1\"");
    ck_assert_int_eq(handler_factorial(r), OK);
    ck_assert_int_eq(r->status, HTTP_PRECONDITION_FAILED);
    ck_assert_str_eq(fake.body, "Precondition failed");
    ck_assert_ptr_null(fake_answer_header(r, "ETag"));
}
END_TEST

/* RFC 9110, 13.2.2: If-Match comes before If-None-Match. */
START_TEST(conditions_are_looked_at_in_order)
{
    static const struct {
        const char *match, *none_match;
        int status;
    } cases[] = {
        {"\"5-json-1\"", "\"5-json-1\"", HTTP_NOT_MODIFIED},
        {"\"5-json-1\"", "\"6-json-1\"", HTTP_OK},
        {"\"6-json-1\"", "\"5-json-1\"", HTTP_PRECONDITION_FAILED},
        {"\"6-json-1\"", "\"6-json-1\"", HTTP_PRECONDITION_FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request_rec *r = fake_request("number=5");
        fake_header(r, "If-Match", cases[i].match);
        fake_header(r, "If-None-Match", cases[i].none_match);
        ck_assert_int_eq(handler_factorial(r), OK);
        ck_assert_int_eq(r->status, cases[i].status);
    }
}
END_TEST

START_TEST(head_computes_nothing)
{
    request_rec *r = fake_request("number=1000000");
    r->header_only = 1;
    ck_assert_int_eq(handler_factorial(r), OK);
    ck_assert_str_eq(fake_answer_header(r, "Content-Length"), "5565724");
    ck_assert_int_eq(fake.ends, 1);
    ck_assert_ptr_null(apr_table_get(r->notes, "factorial-compute-us"));
}
END_TEST

START_TEST(each_form_has_its_response)
{
    static const struct {
        const char *form, *query, *body, *vary;
        int status;
    } cases[] = {
        {"string", "number=5", "{\"number\":5,\"digits\":3,\"factorial\":\"120\"}\n", NULL, 200},
        {"text", "number=5", "120\n", NULL, 200},
        {"text", "number=x", "Invalid value", NULL, 400},
        {"summary", "number=20",
         "{\"number\":20,\"digits\":19,\"trailing_zeros\":4,"
         "\"scientific\":\"2.432902008176640000e18\"}\n",
         NULL, 200},
        /* More than FactorialMaxNumber, and without an account in the budget. */
        {"summary", "number=100000000000000", NULL, NULL, 200},
        {"summary", "number=100000000000001",
         "{\"type\":\"/docs/problems#number-too-large\",\"title\":\"Number too large\","
         "\"status\":400,\"detail\":\"Number too large: the maximum is 100000000000000\","
         "\"maximum\":100000000000000}\n",
         NULL, 400},
        {"number", "number=5", "{\"factorial\":120}\n", "Accept", 200},
        /* Long computations are refused without an account. */
        {"string", "number=60000",
         "{\"type\":\"/docs/problems#busy\",\"title\":\"Busy\",\"status\":503,"
         "\"detail\":\"Too many large numbers at once: try again later\"}\n",
         NULL, 503},
        {"text", "number=60000", "Too many large numbers at once: try again later", NULL, 503},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request_rec *r = fake_request(cases[i].query);
        void *record = ap_get_module_config(r->per_dir_config, &factorial_module);
        ck_assert_ptr_null(fake_directive(record, "FactorialForm", cases[i].form));
        fake_header(r, "Accept", "application/json");
        fake.body = apr_pstrdup(fake.pool, "");
        ck_assert_int_eq(handler_factorial(r), OK);
        ck_assert_int_eq(r->status, cases[i].status);
        if (cases[i].body)
            ck_assert_str_eq(fake.body, cases[i].body);
        ck_assert_pstr_eq(fake_answer_header(r, "Vary"), cases[i].vary);
        bool plain = !strcmp(cases[i].form, "text") || r->status != 200;
        ck_assert_pstr_eq(fake_answer_header(r, "X-Content-Type-Options"),
                          plain ? "nosniff" : NULL);
        ck_assert_pstr_eq(fake_answer_header(r, "Retry-After"), r->status == 503 ? "1" : NULL);
    }
}
END_TEST

START_TEST(a_body_that_cannot_be_read_ends_the_request)
{
    request_rec *r = fake_request("number=5");
    fake.discard_result = HTTP_REQUEST_ENTITY_TOO_LARGE;
    ck_assert_int_eq(handler_factorial(r), HTTP_REQUEST_ENTITY_TOO_LARGE);
    r->handler = HANDLER_HEALTH;
    ck_assert_int_eq(handler_health(r), HTTP_REQUEST_ENTITY_TOO_LARGE);
    ck_assert_int_eq(fake.ends, 0);
}
END_TEST

static const struct {
    int method;
    int status;
    const char *query, *body;
} errors[] = {
    {M_GET, 400, NULL, "Please supply number parameter"},
    {M_GET, 400, "number=x", "Invalid value"},
    {M_GET, 400, "number=1000001", "Number too large: the maximum is 1000000"},
    {M_POST, 405, "number=5", "Method not allowed: use GET, HEAD, OPTIONS"},
    {M_INVALID, 405, "number=5", "Method not allowed: use GET, HEAD, OPTIONS"},
};

START_TEST(every_wrong_request_has_its_error)
{
    request_rec *r = fake_request(errors[_i].query);
    r->method_number = errors[_i].method;
    ck_assert_int_eq(handler_factorial(r), OK);
    ck_assert_int_eq(r->status, errors[_i].status);
    ck_assert_str_eq(fake.body, errors[_i].body);
    ck_assert_int_eq(fake.ends, 1);
    ck_assert_int_eq(fake.log_lines, 0);
}
END_TEST

START_TEST(a_refusal_is_logged_and_noted)
{
    /* This process has no account in the budget. */
    request_rec *r = fake_request("number=60000");
    ck_assert_int_eq(handler_factorial(r), OK);
    ck_assert_int_eq(r->status, 503);
    ck_assert_int_eq(fake.log_lines, 1);
    ck_assert_int_eq(fake.log_status, 0);
    ck_assert_str_eq(apr_table_get(r->notes, "factorial-n"), "60000");
    ck_assert_str_eq(apr_table_get(r->notes, "factorial-digits"), "260635");
    ck_assert_str_eq(apr_table_get(r->notes, "factorial-reason"), "busy");
}
END_TEST

START_TEST(options_tells_methods_and_maximum)
{
    static const struct {
        const char *form, *maximum;
    } cases[] = {{"number", "7"}, {"summary", "100000000000000"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request_rec *r = fake_request(NULL);
        void *record = ap_get_module_config(r->per_dir_config, &factorial_module);
        ck_assert_ptr_null(fake_directive(record, "FactorialForm", cases[i].form));
        ck_assert_ptr_null(fake_directive(record, "FactorialMaxNumber", "7"));
        r->method_number = M_OPTIONS;
        ck_assert_int_eq(handler_factorial(r), OK);
        ck_assert_int_eq(r->status, HTTP_OK);
        ck_assert_str_eq(fake_answer_header(r, "Allow"), "GET, HEAD, OPTIONS");
        ck_assert_str_eq(fake_answer_header(r, "Content-Length"), "0");
        ck_assert_str_eq(fake_answer_header(r, "Factorial-Maximum"), cases[i].maximum);
    }
}
END_TEST

START_TEST(the_health_check_says_up)
{
    request_rec *r = fake_request("number=x");
    r->handler = HANDLER_HEALTH;
    ck_assert_int_eq(handler_health(r), OK);
    ck_assert_int_eq(r->status, HTTP_OK);
    ck_assert_str_eq(fake.body, "UP");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("handler");
    TCase *t = tcase_create("handler");
    tcase_add_checked_fixture(t, set_up, fake_tear_down);
    tcase_add_test(t, other_handlers_requests_are_declined);
    tcase_add_test(t, a_number_gets_its_factorial);
    tcase_add_test(t, the_tag_is_compared_before_anything_is_computed);
    tcase_add_test(t, conditions_are_looked_at_in_order);
    tcase_add_test(t, head_computes_nothing);
    tcase_add_test(t, each_form_has_its_response);
    tcase_add_test(t, a_body_that_cannot_be_read_ends_the_request);
    tcase_add_loop_test(t, every_wrong_request_has_its_error, 0, sizeof errors / sizeof *errors);
    tcase_add_test(t, a_refusal_is_logged_and_noted);
    tcase_add_test(t, options_tells_methods_and_maximum);
    tcase_add_test(t, the_health_check_says_up);
    suite_add_tcase(s, t);
    return s;
}
