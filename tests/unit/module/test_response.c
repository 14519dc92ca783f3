#include "fake_httpd.h"
#include "response.h"
#include "result.h"
#include "suite.h"

#include <string.h>

/* 5!, computed and its headers set, as the handler does it. */
static factorial_request result_of_5(response_form form)
{
    request_rec *r = fake_request("number=5");
    factorial_request q = {
        .r = r, .settings = directives_location(r), .form = form, .n = 5, .plan.digits = 3};
    q.digits = result_allocate(3, NULL);
    memcpy(q.digits, "120", 3);
    response_set_headers(&q);
    return q;
}

static void set_headers_of_5(request_rec *r)
{
    factorial_request q = {.r = r, .settings = directives_location(r), .n = 5, .plan.digits = 3};
    response_set_headers(&q);
}

START_TEST(a_result_is_framed_by_its_form)
{
    static const struct {
        response_form form;
        const char *body, *type, *length, *tag;
    } cases[] = {
        {FORM_NUMBER, "{\"factorial\":120}\n", "application/json", "18", "\"5-json-1\""},
        {FORM_TEXT, "120\n", "text/plain; charset=utf-8", "4", "\"5-text-1\""},
        {FORM_STRING, "{\"number\":5,\"digits\":3,\"factorial\":\"120\"}\n", "application/json",
         "42", "\"5-string-1\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake.body = apr_pstrdup(fake.pool, "");
        factorial_request q = result_of_5(cases[i].form);
        ck_assert_int_eq(response_send_result(&q), OK);
        ck_assert_str_eq(fake.body, cases[i].body);
        ck_assert_str_eq(q.r->content_type, cases[i].type);
        ck_assert_str_eq(fake_answer_header(q.r, "Content-Length"), cases[i].length);
        ck_assert_str_eq(fake_answer_header(q.r, "ETag"), cases[i].tag);
    }
    ck_assert_int_eq(fake.ends, 3);
}
END_TEST

/* That the digits are freed is seen by the address sanitizer and by valgrind. */
START_TEST(digits_that_were_sent_are_released_before_the_request_ends)
{
    admission a;
    admission_ledger *ledger = apr_pcalloc(fake.pool, admission_ledger_size(1));
    const admission_limits limits = {.memory = result_size(3)};
    ck_assert_int_eq(admission_ledger_init(ledger, 1), 0);
    ck_assert(admission_join(&a, ledger));
    ck_assert(admission_charge(&a, &limits, result_size(3)));
    factorial_request q = result_of_5(FORM_TEXT);
    result_free(q.digits);
    q.digits = result_allocate(3, &a);
    memcpy(q.digits, "120", 3);
    ck_assert_int_eq(response_send_result(&q), OK);
    ck_assert_uint_eq(admission_sum(ledger).memory, 0);
}
END_TEST

START_TEST(a_failure_to_send_is_logged_unless_the_client_has_gone)
{
    fake.pass_result = APR_EGENERAL;
    factorial_request q = result_of_5(FORM_NUMBER);
    ck_assert_int_eq(response_send_result(&q), AP_FILTER_ERROR);
    ck_assert_int_eq(fake.log_lines, 1);
    q = result_of_5(FORM_NUMBER);
    q.r->connection->aborted = 1;
    ck_assert_int_eq(response_send_result(&q), OK);
    ck_assert_int_eq(fake.log_lines, 1);
}
END_TEST

START_TEST(large_results_ask_compressors_to_stay_out)
{
    request_rec *r = fake_request("number=5");
    factorial_request q = {.r = r, .settings.compress_max = 100, .n = 5, .plan.digits = 85};
    response_set_headers(&q);
    ck_assert_ptr_null(apr_table_get(r->subprocess_env, "no-gzip"));
    q.plan.digits = 86;
    response_set_headers(&q);
    ck_assert_ptr_nonnull(apr_table_get(r->subprocess_env, "no-gzip"));
    ck_assert_ptr_nonnull(apr_table_get(r->subprocess_env, "no-brotli"));
}
END_TEST

START_TEST(results_for_somebody_are_not_for_everybody)
{
    const char *private = "private, max-age=31536000, immutable";
    request_rec *r = fake_request("number=5");
    set_headers_of_5(r);
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), "public, max-age=31536000, immutable");
    r = fake_request("number=5");
    r->user = apr_pstrdup(fake.pool, "somebody");
    set_headers_of_5(r);
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), private);
    r = fake_request("number=5");
    fake_header(r, "Authorization", "Bearer x");
    set_headers_of_5(r);
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), private);
    r = fake_request("number=5");
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache, private");
    set_headers_of_5(r);
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), "no-cache, private");
}
END_TEST

/* The brigades that other modules' filters pass to the filter that comes last, "," apart: digits
 * are bytes of the body, ? is a bucket of unknown length, ! a filter's error, . the end. */
static void pass_to_last_filter(request_rec *r, const char *brigades)
{
    ap_filter_t f = {.r = r, .c = r->connection, .ctx = fake.filter_context};
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    for (const char *at = brigades; *at; at += *at == ',') {
        apr_bucket_brigade *brigade = apr_brigade_create(fake.pool, alloc);
        for (; *at && *at != ','; at++) {
            apr_bucket *b = *at == '.' ? apr_bucket_eos_create(alloc)
                                       : apr_bucket_immortal_create(at, 1, alloc);
            if (*at == '?')
                b->length = (apr_size_t)-1;
            if (*at == '!')
                *b = (apr_bucket){.type = &ap_bucket_type_error, .list = b->list, .free = b->free};
            APR_BRIGADE_INSERT_TAIL(brigade, b);
        }
        ck_assert_int_eq(fake.filter(&f, brigade), APR_SUCCESS);
    }
}

static request_rec *head_of_5(void)
{
    factorial_request q = result_of_5(FORM_TEXT);
    result_free(q.digits);
    q.digits = NULL;
    q.r->header_only = 1;
    response_register();
    ck_assert_int_eq(response_send_result(&q), OK);
    ck_assert_str_eq(fake.body, "000\n"); /* for the filters */
    fake.body = apr_pstrdup(fake.pool, "");
    return q.r;
}

#define EVERYBODY  "public, max-age=31536000, immutable"
#define ONE_CLIENT "private, max-age=31536000, immutable"

START_TEST(one_cache_control_is_left_and_none_that_lets_caches_store_a_cookie)
{
    static const struct {
        const char *before, *cookie, *after;
    } cases[] = {
        {EVERYBODY, NULL, EVERYBODY},
        {EVERYBODY, "a=b", ONE_CLIENT},
        {EVERYBODY ", no-transform", NULL, EVERYBODY ", no-transform"},
        {EVERYBODY ", no-transform", "a=b", ONE_CLIENT ", no-transform"},
        {EVERYBODY ", max-age=60", NULL, "max-age=60"}, /* as mod_expires adds it */
        {ONE_CLIENT, "a=b", ONE_CLIENT},
        {ONE_CLIENT ", max-age=60", NULL, "max-age=60"},
        {"no-store, max-age=60", "a=b", "no-store, max-age=60"}, /* another module's */
        {"public", "a=b", "public"},
        {NULL, "a=b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int always = 0; always < 3;
             always++) { /* 1: the cookie is; 2: a field of its own too */
            request_rec *r = head_of_5();
            apr_table_unset(r->headers_out, "Cache-Control");
            if (cases[i].before)
                apr_table_setn(r->headers_out, "Cache-Control", cases[i].before);
            if (cases[i].cookie)
                apr_table_setn(always ? r->err_headers_out : r->headers_out, "Set-Cookie",
                               cases[i].cookie);
            if (always == 2)
                apr_table_setn(r->err_headers_out, "Cache-Control", "no-cache");
            pass_to_last_filter(r, "1234.");
            bool ours = cases[i].before && (!strncmp(cases[i].before, EVERYBODY, 34) ||
                                            !strncmp(cases[i].before, ONE_CLIENT, 34));
            ck_assert_pstr_eq(fake_answer_header(r, "Cache-Control"),
                              always == 2 && ours ? NULL : cases[i].after);
        }
}
END_TEST

START_TEST(head_tells_the_length_unless_the_body_has_changed)
{
    static const struct {
        const char *brigades;
        bool is_removed; /* Content-Length, by a filter */
        bool is_told;
    } cases[] = {
        {"1234.", false, true},    {"12,34,.", false, true}, {"1234.", true, false},
        {"123.", false, false},    {"12345.", false, false}, {"123?.", false, false},
        {"?12345.", false, false}, {".", true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request_rec *r = head_of_5();
        if (cases[i].is_removed)
            apr_table_unset(r->headers_out, "Content-Length");
        fake.ends = fake.flushes = fake.filters_removed = 0;
        pass_to_last_filter(r, cases[i].brigades);
        ck_assert_pstr_eq(fake_answer_header(r, "Content-Length"), cases[i].is_told ? "4" : NULL);
        ck_assert_int_eq(fake.flushes, !cases[i].is_told);
        ck_assert_int_eq(fake.filters_removed, 1); /* what follows passes unchanged */
        ck_assert_int_eq(fake.ends, 1);
        ck_assert_str_eq(fake.body, "");
    }
}
END_TEST

/* As other modules' filters leave them: 304 has the fields that 200 would have without those. */
START_TEST(not_modified_has_the_tag_of_what_is_not_encoded)
{
    request_rec *r = fake_request("number=5");
    set_headers_of_5(r);
    const char *tag = fake_answer_header(r, "ETag");
    response_register();
    ck_assert_int_eq(response_send_not_modified(r), OK);
    ck_assert_int_eq(r->status, HTTP_NOT_MODIFIED);
    apr_table_setn(r->headers_out, "ETag", "\"5-br\"");
    apr_table_setn(r->headers_out, "Content-Encoding", "br");
    pass_to_last_filter(r, ".");
    ck_assert_str_eq(fake_answer_header(r, "ETag"), tag);
    ck_assert_ptr_null(fake_answer_header(r, "Content-Encoding"));
}
END_TEST

START_TEST(another_filters_error_is_passed_on)
{
    request_rec *r = head_of_5();
    fake.passes = 0;
    pass_to_last_filter(r, "!.");
    ck_assert_int_eq(fake.passes, 1);
    ck_assert_int_eq(fake.flushes, 0);
}
END_TEST

START_TEST(errors_are_plain_or_problem_details)
{
    factorial_request q = {
        .r = fake_request(NULL), .outcome = OUTCOME_NUMBER_TOO_LARGE, .maximum = 1000000};
    ck_assert_int_eq(response_send_error(&q), OK);
    ck_assert_int_eq(q.r->status, 400);
    ck_assert_str_eq(fake.body, "Number too large: the maximum is 1000000");
    ck_assert_str_eq(fake_answer_header(q.r, "Cache-Control"), "no-store");
    ck_assert_str_eq(fake_answer_header(q.r, "X-Content-Type-Options"), "nosniff");
    ck_assert_str_eq(fake_answer_header(q.r, "Content-Length"), "40");
    ck_assert_ptr_null(fake_answer_header(q.r, "Retry-After"));

    fake.body = apr_pstrdup(fake.pool, "");
    q = (factorial_request){
        .r = fake_request(NULL), .outcome = OUTCOME_MEMORY, .problem_details = true};
    ck_assert_int_eq(response_send_error(&q), OK);
    ck_assert_int_eq(q.r->status, 503);
    ck_assert_str_eq(q.r->content_type, "application/problem+json");
    ck_assert_str_eq(fake_answer_header(q.r, "Retry-After"), "1");
    ck_assert_str_eq(fake.body, "{\"type\":\"/docs/problems#memory\","
                                "\"title\":\"Out of memory\",\"status\":503,"
                                "\"detail\":\"Not enough memory at the moment\"}\n");
}
END_TEST

START_TEST(a_client_that_has_gone_is_sent_nothing)
{
    factorial_request q = {.r = fake_request(NULL), .outcome = OUTCOME_GONE};
    ck_assert_int_eq(response_send_error(&q), OK);
    ck_assert_int_eq(q.r->status, 499);
    ck_assert_int_eq(fake.passes, 0);
    ck_assert(q.r->connection->aborted);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("response");
    TCase *t = tcase_create("response");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_test(t, a_result_is_framed_by_its_form);
    tcase_add_test(t, digits_that_were_sent_are_released_before_the_request_ends);
    tcase_add_test(t, a_failure_to_send_is_logged_unless_the_client_has_gone);
    tcase_add_test(t, large_results_ask_compressors_to_stay_out);
    tcase_add_test(t, results_for_somebody_are_not_for_everybody);
    tcase_add_test(t, one_cache_control_is_left_and_none_that_lets_caches_store_a_cookie);
    tcase_add_test(t, head_tells_the_length_unless_the_body_has_changed);
    tcase_add_test(t, not_modified_has_the_tag_of_what_is_not_encoded);
    tcase_add_test(t, another_filters_error_is_passed_on);
    tcase_add_test(t, errors_are_plain_or_problem_details);
    tcase_add_test(t, a_client_that_has_gone_is_sent_nothing);
    suite_add_tcase(s, t);
    return s;
}
