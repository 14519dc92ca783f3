/* Conditional requests, ranges and compression: httpd's filters around the endpoint. */
#include "client.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static server httpd;

static void start(void)
{
    httpd = server_start("filter deflate brotli",
                         "<Location \"/api/v1/factorial\">\n  Factorial On\n</Location>\n"
                         "<Location \"/gzip\">\n  Factorial On\n  FactorialCompressMax 40000\n"
                         "  AddOutputFilterByType DEFLATE application/json text/plain\n"
                         "</Location>\n"
                         "<Location \"/br\">\n  Factorial On\n  FactorialCompressMax 40000\n"
                         "  SetOutputFilter BROTLI_COMPRESS\n</Location>\n"
                         "<Location \"/pages\">\n  Factorial On\n"
                         "  AddOutputFilterByType DEFLATE text/html\n</Location>\n");
}

static void stop(void)
{
    server_stop(&httpd);
}

static void check_log(void)
{
    server_check_log(&httpd);
}

static const struct {
    const char *headers, *tag;
    long status;
} conditions[] = {
    {"If-None-Match: \"5-json-1\"", "\"5-json-1\"", 304},
    {"If-None-Match: \"x\", \"5-json-1\"", "\"5-json-1\"", 304},
    {"If-None-Match: W/\"5-json-1\"", "\"5-json-1\"", 304},
    {"If-None-Match: \"5-json-1-gzip\"", "\"5-json-1-gzip\"", 304},
    {"If-None-Match: \"5-json-1-br\"", "\"5-json-1-br\"", 304},
    {"If-None-Match: *", "\"5-json-1\"", 304},
    {"If-None-Match: \"6-json-1\"", "\"5-json-1\"", 200},
    {"If-None-Match: \"5-text-1\"", "\"5-json-1\"", 200},
    {"If-None-Match: \"5-json-1\"\nAccept: text/plain", "\"5-text-1\"", 200},
    {"If-None-Match: \"5-json-1-zstd\"", "\"5-json-1\"", 200},
    {"If-Match: \"5-json-1\"", "\"5-json-1\"", 200},
    {"If-Match: \"5-json-1-gzip\"", "\"5-json-1\"", 200},
    {"If-Match: *", "\"5-json-1\"", 200},
    {"If-Match: \"6-json-1\"", NULL, 412},
    {"If-Match: W/\"5-json-1\"", NULL, 412},
    {"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "\"5-json-1\"", 200},
    {"If-Modified-Since: Fri, 01 Jan 2021 00:00:00 GMT", "\"5-json-1\"", 200},
    {"If-Unmodified-Since: Fri, 01 Jan 2021 00:00:00 GMT", "\"5-json-1\"", 200},
};

START_TEST(conditions_are_met_by_entity_tags_alone)
{
    answer a = client_send(&httpd, "GET", "/api/v1/factorial?number=5", conditions[_i].headers);
    ck_assert_int_eq(a.status, conditions[_i].status);
    const char *tag = answer_header(&a, "ETag");
    if (conditions[_i].tag)
        ck_assert_str_eq(tag, conditions[_i].tag);
    else
        ck_assert_ptr_null(tag);
    if (a.status == 304)
        ck_assert_uint_eq(a.length, 0);
    if (a.status == 412) {
        ck_assert_str_eq(a.body, "Precondition failed");
        ck_assert_str_eq(answer_header(&a, "Cache-Control"), "no-store");
    } else {
        ck_assert_str_eq(answer_header(&a, "Cache-Control"), "public, max-age=31536000, immutable");
    }
    ck_assert_str_eq(answer_header(&a, "Vary"), "Accept");
    answer_free(&a);
}
END_TEST

START_TEST(a_condition_on_head_is_one_on_get)
{
    answer a =
        client_send(&httpd, "HEAD", "/api/v1/factorial?number=5", "If-None-Match: \"5-json-1\"");
    ck_assert_int_eq(a.status, 304);
    answer_free(&a);
}
END_TEST

static const struct {
    const char *headers, *body, *content_range;
    long status;
} ranges[] = {
    {"Range: bytes=0-12", "{\"factorial\":", "bytes 0-12/18", 206},
    {"Range: bytes=13-15", "120", "bytes 13-15/18", 206},
    {"Range: bytes=-2", "}\n", "bytes 16-17/18", 206},
    {"Range: bytes=100-", NULL, NULL, 416},
    {"Range: bytes=13-15\nIf-Range: \"5-json-1\"", "120", "bytes 13-15/18", 206},
    {"Range: bytes=13-15\nIf-Range: \"4-json-1\"", "{\"factorial\":120}\n", NULL, 200},
    {"Range: lines=1-2", "{\"factorial\":120}\n", NULL, 200},
};

START_TEST(ranges_of_a_result_can_be_had)
{
    answer a = client_send(&httpd, "GET", "/api/v1/factorial?number=5", ranges[_i].headers);
    ck_assert_int_eq(a.status, ranges[_i].status);
    if (ranges[_i].body)
        ck_assert_str_eq(a.body, ranges[_i].body);
    const char *content_range = answer_header(&a, "Content-Range");
    if (ranges[_i].content_range)
        ck_assert_str_eq(content_range, ranges[_i].content_range);
    else
        ck_assert_ptr_null(content_range);
    answer_free(&a);
}
END_TEST

START_TEST(a_range_from_the_middle_of_a_large_result)
{
    answer whole = client_get(&httpd, "/api/v1/factorial?number=30000");
    answer part =
        client_send(&httpd, "GET", "/api/v1/factorial?number=30000", "Range: bytes=60000-69999");
    ck_assert_int_eq(part.status, 206);
    ck_assert_uint_eq(part.length, 10000);
    ck_assert(!memcmp(part.body, whole.body + 60000, 10000));
    answer_free(&whole);
    answer_free(&part);
}
END_TEST

static const struct {
    const char *path, *encoding, *header, *suffix;
} filters[] = {
    {"/gzip", "gzip", "Accept-Encoding: gzip", "-gzip"},
    {"/br", "br", "Accept-Encoding: br", "-br"},
};

START_TEST(a_compressed_answer_is_the_same_answer)
{
    char target[64], tag[64], condition[128];
    snprintf(target, sizeof target, "%s?number=5000", filters[_i].path);
    answer plain = client_get(&httpd, target);
    answer a = client_send(&httpd, "GET", target, filters[_i].header);
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(answer_header(&a, "Content-Encoding"), filters[_i].encoding);
    ck_assert_ptr_nonnull(strstr(a.headers, "Accept-Encoding"));
    snprintf(tag, sizeof tag, "\"5000-json-1%s\"", filters[_i].suffix);
    ck_assert_str_eq(answer_header(&a, "ETag"), tag);
    ck_assert_uint_lt(a.length, plain.length);
    answer_free(&a);
    a = client_get_encoded(&httpd, target, filters[_i].encoding);
    ck_assert_str_eq(answer_header(&a, "Content-Encoding"), filters[_i].encoding);
    ck_assert_str_eq(a.body, plain.body);
    answer_free(&a);

    snprintf(condition, sizeof condition, "%s\nIf-None-Match: %s", filters[_i].header, tag);
    a = client_send(&httpd, "GET", target, condition);
    ck_assert_int_eq(a.status, 304);
    ck_assert_str_eq(answer_header(&a, "ETag"), tag);
    answer_free(&a);
    answer_free(&plain);
}
END_TEST

START_TEST(not_modified_varies_as_the_answer_does)
{
    /* mod_deflate, which looks at no empty body, has none of its own here. */
    static const char *const paths[] = {"/api/v1/factorial?number=5000", "/br?number=5000",
                                        "/gzip?number=20000", "/pages?number=5000"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        static const char *const accept[] = {"Accept-Encoding: identity",
                                             "Accept-Encoding: gzip, br"};
        const char *headers = accept[_i];
        char condition[128];
        answer whole = client_send(&httpd, "GET", paths[i], headers);
        ck_assert_int_eq(whole.status, 200);
        char *vary = strdup(answer_header(&whole, "Vary"));
        snprintf(condition, sizeof condition, "%s\nIf-None-Match: %s", headers,
                 answer_header(&whole, "ETag"));
        answer a = client_send(&httpd, "GET", paths[i], condition);
        ck_assert_int_eq(a.status, 304);
        ck_assert_str_eq(answer_header(&a, "Vary"), vary);
        ck_assert_ptr_null(answer_header(&a, "Content-Encoding"));
        ck_assert_ptr_null(answer_header(&a, "Content-Length"));
        ck_assert_str_eq(answer_header(&a, "ETag"), strchr(condition, '"'));
        free(vary);
        answer_free(&whole);
        answer_free(&a);
    }
}
END_TEST

START_TEST(head_has_no_length_where_a_filter_will_change_it)
{
    char target[64];
    snprintf(target, sizeof target, "%s?number=5000", filters[_i].path);
    answer a = client_send(&httpd, "HEAD", target, filters[_i].header);
    ck_assert_int_eq(a.status, 200);
    ck_assert_ptr_null(answer_header(&a, "Content-Length"));
    answer_free(&a);

    a = client_send(&httpd, "HEAD", target, NULL);
    ck_assert_str_eq(answer_header(&a, "Content-Length"), "16341");
    answer_free(&a);
}
END_TEST

START_TEST(a_range_under_compression_is_the_whole_or_a_part)
{
    char target[64], headers[128];
    snprintf(target, sizeof target, "%s?number=5000", filters[_i].path);
    snprintf(headers, sizeof headers, "%s\nRange: bytes=0-99", filters[_i].header);
    answer whole = client_send(&httpd, "GET", target, filters[_i].header);
    answer a = client_send(&httpd, "GET", target, headers);
    ck_assert(a.status == 200 || (a.status == 206 && a.length == 100));
    ck_assert(!memcmp(a.body, whole.body, a.length));
    answer_free(&whole);
    answer_free(&a);
}
END_TEST

START_TEST(a_large_answer_is_left_uncompressed)
{
    char target[64];
    snprintf(target, sizeof target, "%s?number=20000", filters[_i].path);
    answer a = client_send(&httpd, "GET", target, filters[_i].header);
    ck_assert_int_eq(a.status, 200);
    ck_assert_ptr_null(answer_header(&a, "Content-Encoding"));
    ck_assert_str_eq(answer_header(&a, "ETag"), "\"20000-json-1\"");
    ck_assert_str_eq(answer_header(&a, "Content-Length"), "77353");
    answer_free(&a);
    a = client_send(&httpd, "HEAD", target, filters[_i].header);
    ck_assert_str_eq(answer_header(&a, "Content-Length"), "77353");
    answer_free(&a);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("validators");
    TCase *t = tcase_create("validators");
    tcase_add_unchecked_fixture(t, start, stop);
    tcase_add_checked_fixture(t, NULL, check_log);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, conditions_are_met_by_entity_tags_alone, 0,
                        sizeof conditions / sizeof *conditions);
    tcase_add_test(t, a_condition_on_head_is_one_on_get);
    tcase_add_loop_test(t, ranges_of_a_result_can_be_had, 0, sizeof ranges / sizeof *ranges);
    tcase_add_test(t, a_range_from_the_middle_of_a_large_result);
    int count = sizeof filters / sizeof *filters;
    tcase_add_loop_test(t, a_compressed_answer_is_the_same_answer, 0, count);
    tcase_add_loop_test(t, not_modified_varies_as_the_answer_does, 0, 2);
    tcase_add_loop_test(t, head_has_no_length_where_a_filter_will_change_it, 0, count);
    tcase_add_loop_test(t, a_range_under_compression_is_the_whole_or_a_part, 0, count);
    tcase_add_loop_test(t, a_large_answer_is_left_uncompressed, 0, count);
    suite_add_tcase(s, t);
    return s;
}
