#include "directives.h"
#include "fake_httpd.h"
#include "response.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static int released;

static void release(void *digits)
{
    released++;
    free(digits);
}

START_TEST(a_result_is_framed_by_its_representation)
{
    static const struct {
        representation as;
        const char *body, *type, *length, *tag;
    } cases[] = {
        {REPRESENTATION_JSON, "{\"factorial\":120}\n", "application/json", "18", "\"5-json-1\""},
        {REPRESENTATION_TEXT, "120\n", "text/plain; charset=utf-8", "4", "\"5-text-1\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request_rec *r = fake_request("number=5");
        fake.body = apr_pstrdup(fake.pool, "");
        released = 0;
        response_describe(r, 5, 3, cases[i].as);
        ck_assert_int_eq(response_send_result(r, strdup("120"), 3, cases[i].as, release), OK);
        ck_assert_str_eq(fake.body, cases[i].body);
        ck_assert_str_eq(r->content_type, cases[i].type);
        ck_assert_str_eq(fake_answer_header(r, "Content-Length"), cases[i].length);
        ck_assert_str_eq(fake_answer_header(r, "ETag"), cases[i].tag);
        ck_assert_int_eq(released, 1);
    }
    ck_assert_int_eq(fake.ends, 2);
}
END_TEST

START_TEST(digits_are_released_when_sending_fails)
{
    request_rec *r = fake_request("number=5");
    released = 0;
    fake.pass_result = APR_EGENERAL;
    ck_assert_int_eq(response_send_result(r, strdup("120"), 3, REPRESENTATION_JSON, release),
                     AP_FILTER_ERROR);
    ck_assert_int_eq(released, 1);
    ck_assert_int_eq(fake.log_lines, 1);
}
END_TEST

START_TEST(a_client_that_has_gone_is_no_error)
{
    request_rec *r = fake_request("number=5");
    fake.pass_result = APR_EGENERAL;
    r->connection->aborted = 1;
    ck_assert_int_eq(response_send_result(r, strdup("120"), 3, REPRESENTATION_JSON, release), OK);
    ck_assert_int_eq(fake.log_lines, 0);
}
END_TEST

START_TEST(large_results_ask_compressors_to_stay_out)
{
    void *record = directives_create(fake.pool, NULL);
    fake_directive(record, "FactorialCompressMax", "100");
    request_rec *r = fake_request("number=5");
    r->per_dir_config = fake_configuration(record);
    response_describe(r, 5, 85, REPRESENTATION_JSON);
    ck_assert_ptr_null(apr_table_get(r->subprocess_env, "no-gzip"));
    response_describe(r, 5, 86, REPRESENTATION_JSON);
    ck_assert_ptr_nonnull(apr_table_get(r->subprocess_env, "no-gzip"));
    ck_assert_ptr_nonnull(apr_table_get(r->subprocess_env, "no-brotli"));
}
END_TEST

START_TEST(results_for_somebody_are_not_for_everybody)
{
    const char *private = "private, max-age=31536000, immutable";
    request_rec *r = fake_request("number=5");
    response_describe(r, 5, 3, REPRESENTATION_JSON);
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), "public, max-age=31536000, immutable");
    r = fake_request("number=5");
    r->user = apr_pstrdup(fake.pool, "somebody");
    response_describe(r, 5, 3, REPRESENTATION_JSON);
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), private);
    r = fake_request("number=5");
    fake_header(r, "Authorization", "Bearer x");
    response_describe(r, 5, 3, REPRESENTATION_JSON);
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), private);
    r = fake_request("number=5");
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache, private");
    response_describe(r, 5, 3, REPRESENTATION_JSON);
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), "no-cache, private");
}
END_TEST

START_TEST(conditions_are_on_the_tag_with_or_without_a_suffix)
{
    static const struct {
        const char *list;
        bool not_modified, fails;
    } cases[] = {
        {"\"5-json-1\"", true, false},       {"\"5-json-1-gzip\"", true, false},
        {"\"5-json-1-br\"", true, false},    {"*", true, false},
        {"W/\"5-json-1\"", true, true},      {"\"5-json-2\"", false, true},
        {"\"5-json-1-other\"", false, true}, {"", false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request_rec *r = fake_request("number=5");
        fake_header(r, "If-None-Match", cases[i].list);
        ck_assert_int_eq(response_not_modified(r, 5, REPRESENTATION_JSON), cases[i].not_modified);
        fake_header(r, "If-Match", cases[i].list);
        ck_assert_int_eq(response_precondition_fails(r, 5, REPRESENTATION_JSON), cases[i].fails);
        /* The conditions of a subrequest's request are not its own. */
        r->main = r;
        ck_assert(!response_not_modified(r, 5, REPRESENTATION_JSON));
        ck_assert(!response_precondition_fails(r, 5, REPRESENTATION_JSON));
    }
}
END_TEST

static ap_filter_t *filter(const char *name, ap_filter_type type, ap_filter_t *next)
{
    ap_filter_rec_t *record = apr_pcalloc(fake.pool, sizeof *record);
    record->name = name;
    record->ftype = type;
    ap_filter_t *f = apr_pcalloc(fake.pool, sizeof *f);
    f->frec = record;
    f->next = next;
    return f;
}

START_TEST(head_tells_the_length_unless_a_filter_may_change_it)
{
    static const struct {
        const char *name;
        ap_filter_type type;
        const char *accept_encoding, *variable;
        bool length;
    } cases[] = {
        {"content_length", AP_FTYPE_PROTOCOL, "gzip", NULL, true},
        {"fixup_headers_out", AP_FTYPE_CONTENT_SET, "gzip", NULL, true},
        {"deflate", AP_FTYPE_CONTENT_SET, NULL, NULL, true},
        {"deflate", AP_FTYPE_CONTENT_SET, "gzip", NULL, false},
        {"deflate", AP_FTYPE_CONTENT_SET, "gzip", "no-gzip", true},
        {"deflate", AP_FTYPE_CONTENT_SET, "gzip", "no-brotli", false},
        {"deflate", AP_FTYPE_CONTENT_SET, NULL, "force-gzip", false},
        {"BYTYPE:DEFLATE", AP_FTYPE_CONTENT_SET, "gzip", NULL, false},
        {"brotli_compress", AP_FTYPE_CONTENT_SET, "br", NULL, false},
        {"brotli_compress", AP_FTYPE_CONTENT_SET, "br", "no-gzip", false},
        {"brotli_compress", AP_FTYPE_CONTENT_SET, "br", "no-brotli", true},
        {"mod_session_out", AP_FTYPE_CONTENT_SET, "gzip", NULL, true},
        {"substitute", AP_FTYPE_RESOURCE, NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request_rec *r = fake_request("number=5");
        r->output_filters =
            filter(cases[i].name, cases[i].type, filter("content_length", AP_FTYPE_PROTOCOL, NULL));
        if (cases[i].accept_encoding)
            fake_header(r, "Accept-Encoding", cases[i].accept_encoding);
        if (cases[i].variable)
            apr_table_setn(r->subprocess_env, cases[i].variable, "1");
        fake.flushes = 0;
        response_describe(r, 5, 3, REPRESENTATION_JSON);
        ck_assert_int_eq(response_send_headers(r), OK);
        ck_assert_msg(!!fake_answer_header(r, "Content-Length") == cases[i].length, "%s",
                      cases[i].name);
        ck_assert_int_eq(fake.flushes, !cases[i].length);
    }
    ck_assert_str_eq(fake.body, "");
}
END_TEST

START_TEST(errors_are_plain_or_problem_details)
{
    request_rec *r = fake_request(NULL);
    ck_assert_int_eq(response_send_too_large(r, 1000000, false), OK);
    ck_assert_int_eq(r->status, 400);
    ck_assert_str_eq(fake.body, "Number too large: the maximum is 1000000");
    ck_assert_str_eq(fake_answer_header(r, "Cache-Control"), "no-store");
    ck_assert_str_eq(fake_answer_header(r, "X-Content-Type-Options"), "nosniff");
    ck_assert_str_eq(fake_answer_header(r, "Content-Length"), "40");
    ck_assert_ptr_null(fake_answer_header(r, "Retry-After"));

    fake.body = apr_pstrdup(fake.pool, "");
    r = fake_request(NULL);
    ck_assert_int_eq(response_send_error(r, ERROR_MEMORY, true), OK);
    ck_assert_int_eq(r->status, 503);
    ck_assert_str_eq(r->content_type, "application/problem+json");
    ck_assert_str_eq(fake_answer_header(r, "Retry-After"), "1");
    ck_assert_str_eq(fake.body, "{\"type\":\"/docs/problems#memory\","
                                "\"title\":\"Out of memory\",\"status\":503,"
                                "\"detail\":\"Not enough memory at the moment\"}\n");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("response");
    TCase *t = tcase_create("response");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_test(t, a_result_is_framed_by_its_representation);
    tcase_add_test(t, digits_are_released_when_sending_fails);
    tcase_add_test(t, a_client_that_has_gone_is_no_error);
    tcase_add_test(t, large_results_ask_compressors_to_stay_out);
    tcase_add_test(t, results_for_somebody_are_not_for_everybody);
    tcase_add_test(t, conditions_are_on_the_tag_with_or_without_a_suffix);
    tcase_add_test(t, head_tells_the_length_unless_a_filter_may_change_it);
    tcase_add_test(t, errors_are_plain_or_problem_details);
    suite_add_tcase(s, t);
    return s;
}
