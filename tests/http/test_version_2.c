/* Version 2 of the API: the form of the result is the address's, whatever Accept says. */
#include "client.h"
#include "suite.h"

#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON    "application/json"
#define TEXT    "text/plain; charset=utf-8"
#define PROBLEM "application/problem+json"
#define RESULT  "public, max-age=31536000, immutable"

#define STRING_OF_5  "{\"number\":5,\"digits\":3,\"factorial\":\"120\"}\n"
#define SUMMARY_OF_5 "{\"number\":5,\"digits\":3,\"trailing_zeros\":1,\"scientific\":\"1.20e2\"}\n"
#define PROBLEM_DETAILS(name, title, status, detail)                                   \
    "{\"type\":\"/docs/problems#" name "\",\"title\":\"" title "\",\"status\":" status \
    ",\"detail\":\"" detail "\"}\n"
#define TOO_LARGE(maximum)                                                          \
    "{\"type\":\"/docs/problems#number-too-large\",\"title\":\"Number too large\"," \
    "\"status\":400,\"detail\":\"Number too large: the maximum is " maximum "\","   \
    "\"maximum\":" maximum "}\n"

static server httpd;

static void start(void)
{
    static char configuration[4096];
    char *conf = realpath("conf", NULL);
    ck_assert_ptr_nonnull(conf);
    snprintf(
        configuration, sizeof configuration,
        /* As shipped. */
        "Include \"%s/factorial.conf\"\n"
        "Define FACTORIAL_ORIGIN https://www.example.org\n"
        "Include \"%s/cors.conf\"\n"
        /* A form for each address, whatever their order. */
        "<Location \"/reversed/below\">\n  Factorial On\n  FactorialForm summary\n</Location>\n"
        "<Location \"/reversed\">\n  FactorialForm string\n  Factorial On\n</Location>\n"
        "<LocationMatch \"^/forms/\">\n  Factorial On\n  FactorialForm text\n</LocationMatch>\n"
        "<Location \"/forms/string\">\n  FactorialForm string\n</Location>\n"
        "<Location \"/handler\">\n  SetHandler factorial\n  FactorialForm text\n</Location>\n"
        "ErrorDocument 400 \"a site's own page\"\n",
        conf, conf);
    free(conf);
    httpd = server_start("headers", configuration);
}

static void stop(void)
{
    server_stop(&httpd);
}

static void check_log(void)
{
    server_check_log(&httpd);
}

/* A request, and the whole of its response. NULL: there is no such header. */
static const struct {
    const char *method, *target, *headers;
    long status;
    const char *type, *body, *tag, *caching;
} exchanges[] = {
    {"GET", "/api/v2/factorial?number=5", NULL, 200, JSON, STRING_OF_5, "\"5-string-1\"", RESULT},
    {"GET", "/api/v2/factorial.txt?number=5", NULL, 200, TEXT, "120\n", "\"5-text-1\"", RESULT},
    {"GET", "/api/v2/factorial/summary?number=5", NULL, 200, JSON, SUMMARY_OF_5, "\"5-summary-1\"",
     RESULT},
    /* No negotiation. */
    {"GET", "/api/v2/factorial?number=5", "Accept: text/plain", 200, JSON, STRING_OF_5,
     "\"5-string-1\"", RESULT},
    {"GET", "/api/v2/factorial.txt?number=5", "Accept: application/json", 200, TEXT, "120\n",
     "\"5-text-1\"", RESULT},
    {"GET", "/api/v2/factorial/summary?number=5", "Accept: image/png, text/plain", 200, JSON,
     SUMMARY_OF_5, "\"5-summary-1\"", RESULT},
    /* The number as in version 1. */
    {"GET", "/api/v2/factorial?number=%2B05&number=7", NULL, 200, JSON, STRING_OF_5,
     "\"5-string-1\"", RESULT},
    {"GET", "/api/v2/factorial?number=0", NULL, 200, JSON,
     "{\"number\":0,\"digits\":1,\"factorial\":\"1\"}\n", "\"0-string-1\"", RESULT},
    {"GET", "/api/v2/factorial?number=21", NULL, 200, JSON,
     "{\"number\":21,\"digits\":20,\"factorial\":\"51090942171709440000\"}\n", "\"21-string-1\"",
     RESULT},
    /* The summary: one digit, exactly 20, more, and more than FactorialMaxNumber. */
    {"GET", "/api/v2/factorial/summary?number=0", NULL, 200, JSON,
     "{\"number\":0,\"digits\":1,\"trailing_zeros\":0,\"scientific\":\"1e0\"}\n", "\"0-summary-1\"",
     RESULT},
    {"GET", "/api/v2/factorial/summary?number=21", NULL, 200, JSON,
     "{\"number\":21,\"digits\":20,\"trailing_zeros\":4,"
     "\"scientific\":\"5.1090942171709440000e19\"}\n",
     "\"21-summary-1\"", RESULT},
    {"GET", "/api/v2/factorial/summary?number=1000", NULL, 200, JSON,
     "{\"number\":1000,\"digits\":2568,\"trailing_zeros\":249,"
     "\"scientific\":\"4.0238726007709377354e2567\"}\n",
     "\"1000-summary-1\"", RESULT},
    {"GET", "/api/v2/factorial/summary?number=1000000000000", NULL, 200, JSON,
     "{\"number\":1000000000000,\"digits\":11565705518104,\"trailing_zeros\":249999999997,"
     "\"scientific\":\"1.4036611603737560907e11565705518103\"}\n",
     "\"1000000000000-summary-1\"", RESULT},
    /* Errors, in the one form of the address. */
    {"GET", "/api/v2/factorial", NULL, 400, PROBLEM,
     PROBLEM_DETAILS("number-missing", "Number missing", "400", "Please supply number parameter"),
     NULL, "no-store"},
    {"GET", "/api/v2/factorial?number=x", "Accept: text/plain", 400, PROBLEM,
     PROBLEM_DETAILS("number-invalid", "Number invalid", "400", "Invalid value"), NULL, "no-store"},
    {"GET", "/api/v2/factorial?number=1000001", NULL, 400, PROBLEM, TOO_LARGE("1000000"), NULL,
     "no-store"},
    {"GET", "/api/v2/factorial/summary?number=100000000000001", NULL, 400, PROBLEM,
     TOO_LARGE("100000000000000"), NULL, "no-store"},
    {"GET", "/api/v2/factorial.txt?number=x", "Accept: application/problem+json", 400, TEXT,
     "Invalid value", NULL, "no-store"},
    {"GET", "/api/v2/factorial.txt?number=1000001", NULL, 400, TEXT,
     "Number too large: the maximum is 1000000", NULL, "no-store"},
    {"DELETE", "/api/v2/factorial/summary?number=5", NULL, 405, PROBLEM,
     PROBLEM_DETAILS("method-not-allowed", "Method not allowed", "405",
                     "Method not allowed: use GET, HEAD, OPTIONS"),
     NULL, "no-store"},
    {"POST", "/api/v2/factorial.txt?number=5", NULL, 405, TEXT,
     "Method not allowed: use GET, HEAD, OPTIONS", NULL, "no-store"},
    {"OPTIONS", "/api/v2/factorial", NULL, 200, NULL, "", NULL, NULL},
    /* Conditions, by the tags of this form. */
    {"GET", "/api/v2/factorial?number=5", "If-None-Match: \"5-string-1\"", 304, NULL, "",
     "\"5-string-1\"", RESULT},
    {"GET", "/api/v2/factorial/summary?number=5", "If-None-Match: W/\"5-summary-1\"", 304, NULL, "",
     "\"5-summary-1\"", RESULT},
    {"GET", "/api/v2/factorial.txt?number=5", "If-None-Match: \"5-text-1-gzip\"", 304, NULL, "",
     "\"5-text-1-gzip\"", RESULT},
    {"GET", "/api/v2/factorial?number=5", "If-None-Match: \"5-json-1\", \"5-text-1\"", 200, JSON,
     STRING_OF_5, "\"5-string-1\"", RESULT},
    {"GET", "/api/v2/factorial?number=5", "If-Match: \"5-string-1\"", 200, JSON, STRING_OF_5,
     "\"5-string-1\"", RESULT},
    {"GET", "/api/v2/factorial?number=5", "If-Match: \"5-summary-1\"", 412, PROBLEM,
     PROBLEM_DETAILS("precondition-failed", "Precondition failed", "412", "Precondition failed"),
     NULL, "no-store"},
    {"GET", "/api/v2/factorial/summary?number=5", "If-Match: \"5-string-1\"", 412, PROBLEM,
     PROBLEM_DETAILS("precondition-failed", "Precondition failed", "412", "Precondition failed"),
     NULL, "no-store"},
    /* Ranges. */
    {"GET", "/api/v2/factorial?number=5", "Range: bytes=-7", 206, JSON, "\"120\"}\n",
     "\"5-string-1\"", RESULT},
    {"GET", "/api/v2/factorial.txt?number=50", "Range: bytes=0-4", 206, TEXT, "30414",
     "\"50-text-1\"", RESULT},
    {"GET", "/api/v2/factorial/summary?number=5", "Range: bytes=1-10\nIf-Range: \"5-summary-1\"",
     206, JSON, "\"number\":5", "\"5-summary-1\"", RESULT},
    {"GET", "/api/v2/factorial?number=5", "Range: bytes=0-0\nIf-Range: \"5-json-1\"", 200, JSON,
     STRING_OF_5, "\"5-string-1\"", RESULT},
    /* Where the directive stands. */
    {"GET", "/reversed?number=5", NULL, 200, JSON, STRING_OF_5, "\"5-string-1\"", RESULT},
    {"GET", "/reversed/below?number=5", NULL, 200, JSON, SUMMARY_OF_5, "\"5-summary-1\"", RESULT},
    {"GET", "/forms/x?number=5", NULL, 200, TEXT, "120\n", "\"5-text-1\"", RESULT},
    {"GET", "/forms/string?number=5", NULL, 200, JSON, STRING_OF_5, "\"5-string-1\"", RESULT},
    {"GET", "/handler?number=5", NULL, 200, TEXT, "120\n", "\"5-text-1\"", RESULT},
};

static void assert_header(const answer *a, const char *name, const char *expected)
{
    const char *value = answer_header(a, name);
    if (expected && value)
        ck_assert_str_eq(value, expected);
    else
        ck_assert_msg(!expected && !value, "%s: %s, expected %s", name, value ? value : "none",
                      expected ? expected : "none");
}

START_TEST(every_request_has_its_response)
{
    answer a =
        client_send(&httpd, exchanges[_i].method, exchanges[_i].target, exchanges[_i].headers);
    ck_assert_int_eq(a.status, exchanges[_i].status);
    ck_assert_str_eq(a.body, exchanges[_i].body);
    assert_header(&a, "Content-Type", exchanges[_i].type);
    assert_header(&a, "ETag", exchanges[_i].tag);
    assert_header(&a, "Cache-Control", exchanges[_i].caching);
    assert_header(&a, "Vary", NULL);
    bool is_text = exchanges[_i].tag && strstr(exchanges[_i].tag, "-text-");
    assert_header(&a, "X-Content-Type-Options", is_text || a.status >= 400 ? "nosniff" : NULL);
    bool tells_methods = a.status == 405 || !strcmp(exchanges[_i].method, "OPTIONS");
    assert_header(&a, "Allow", tells_methods ? "GET, HEAD, OPTIONS" : NULL);
    answer_free(&a);
}
END_TEST

START_TEST(head_has_the_headers_of_get)
{
    static const char *const targets[] = {
        "/api/v2/factorial?number=", "/api/v2/factorial.txt?number=",
        "/api/v2/factorial/summary?number=", "/api/v2/factorial?x="};
    static const char *const numbers[] = {"0", "4", "20", "9999", "30000"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            char target[64];
            snprintf(target, sizeof target, "%s%s", targets[i], numbers[k]);
            answer head = client_send(&httpd, "HEAD", target, NULL);
            answer get = client_send(&httpd, "GET", target, NULL);
            ck_assert_int_eq(head.status, get.status);
            ck_assert_uint_eq(head.length, 0);
            ck_assert_str_eq(strstr(head.headers, "Server:"), strstr(get.headers, "Server:"));
            answer_free(&head);
            answer_free(&get);
        }
}
END_TEST

static const unsigned long large[] = {1559, 5000, 20000, 300000};

START_TEST(every_form_has_every_digit)
{
    char target[80], start[80];
    mpz_t x;
    mpz_init(x);
    mpz_fac_ui(x, large[_i]);
    char *digits = mpz_get_str(NULL, 10, x);
    size_t count = strlen(digits), zeros = count;
    while (digits[zeros - 1] == '0')
        zeros--;

    snprintf(target, sizeof target, "/api/v2/factorial?number=%lu", large[_i]);
    int prefix = snprintf(start, sizeof start, "{\"number\":%lu,\"digits\":%zu,\"factorial\":\"",
                          large[_i], count);
    answer a = client_get(&httpd, target);
    ck_assert_uint_eq(a.length, (size_t)prefix + count + 3);
    ck_assert(!strncmp(a.body, start, (size_t)prefix));
    ck_assert(!strncmp(a.body + prefix, digits, count));
    ck_assert_str_eq(a.body + a.length - 3, "\"}\n");
    answer_free(&a);

    snprintf(target, sizeof target, "/api/v2/factorial.txt?number=%lu", large[_i]);
    a = client_get(&httpd, target);
    ck_assert_uint_eq(a.length, count + 1);
    ck_assert(!strncmp(a.body, digits, count));
    answer_free(&a);

    char summary[200];
    snprintf(target, sizeof target, "/api/v2/factorial/summary?number=%lu", large[_i]);
    snprintf(
        summary, sizeof summary,
        "{\"number\":%lu,\"digits\":%zu,\"trailing_zeros\":%zu,\"scientific\":\"%c.%.19se%zu\"}\n",
        large[_i], count, count - zeros, digits[0], digits + 1, count - 1);
    a = client_get(&httpd, target);
    ck_assert_str_eq(a.body, summary);
    answer_free(&a);
    free(digits);
    mpz_clear(x);
}
END_TEST

START_TEST(the_addresses_are_exact)
{
    static const char *const others[] = {
        "/api/v2/factorial/?number=5",         "/api/v2/factorial/5?number=5",
        "/api/v2/factorial/summary/?number=5", "/api/v2/factorial.txt/?number=5",
        "/api/v2/factorial.json?number=5",     "/api/v2?number=5"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        answer a = client_get(&httpd, others[i]);
        ck_assert_int_eq(a.status, 404);
        answer_free(&a);
    }
}
END_TEST

START_TEST(pages_of_another_origin_may_read_every_response)
{
    static const struct {
        const char *method, *target, *headers;
        long status;
        bool is_ours; /* one of the shipped addresses */
    } cases[] = {
        {"GET", "/api/v1/factorial?number=5", NULL, 200, true},
        {"GET", "/api/v2/factorial?number=5", NULL, 200, true},
        {"GET", "/api/v2/factorial.txt?number=x", NULL, 400, true},
        {"HEAD", "/api/v2/factorial/summary?number=5", NULL, 200, true},
        {"GET", "/api/v2/factorial?number=5", "If-None-Match: *", 304, true},
        {"DELETE", "/api/v2/factorial?number=5", NULL, 405, true},
        {"OPTIONS", "/api/v2/factorial", "Access-Control-Request-Method: GET", 200, true},
        {"GET", "/api/v2/factorial/other", NULL, 404, false},
        {"GET", "/index.html", NULL, 200, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is_preflight = !strcmp(cases[i].method, "OPTIONS"), is_ours = cases[i].is_ours;
        answer a = client_send(&httpd, cases[i].method, cases[i].target, cases[i].headers);
        ck_assert_int_eq(a.status, cases[i].status);
        assert_header(&a, "Access-Control-Allow-Origin",
                      is_ours ? "https://www.example.org" : NULL);
        assert_header(&a, "Access-Control-Expose-Headers",
                      is_ours ? "ETag, Content-Length, Retry-After" : NULL);
        assert_header(&a, "Access-Control-Allow-Methods",
                      is_preflight ? "GET, HEAD, OPTIONS" : NULL);
        assert_header(&a, "Access-Control-Allow-Headers",
                      is_preflight ? "If-Match, If-None-Match, If-Range, Range" : NULL);
        assert_header(&a, "Access-Control-Max-Age", is_preflight ? "86400" : NULL);
        answer_free(&a);
    }
}
END_TEST

START_TEST(without_an_origin_there_are_no_such_headers)
{
    static char configuration[1024];
    char *conf = realpath("conf", NULL);
    snprintf(
        configuration, sizeof configuration,
        "Include \"%s/factorial.conf\"\nDefine FACTORIAL_ORIGIN none\nInclude \"%s/cors.conf\"\n",
        conf, conf);
    free(conf);
    server plain = server_start("headers", configuration);
    answer a =
        client_send(&plain, "OPTIONS", "/api/v2/factorial", "Origin: https://www.example.org");
    ck_assert_int_eq(a.status, 200);
    ck_assert_ptr_null(strstr(a.headers, "Access-Control"));
    answer_free(&a);
    server_stop(&plain);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("version 2");
    TCase *t = tcase_create("version 2");
    tcase_add_unchecked_fixture(t, start, stop);
    tcase_add_checked_fixture(t, NULL, check_log);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_request_has_its_response, 0, sizeof exchanges / sizeof *exchanges);
    tcase_add_test(t, head_has_the_headers_of_get);
    tcase_add_loop_test(t, every_form_has_every_digit, 0, sizeof large / sizeof *large);
    tcase_add_test(t, the_addresses_are_exact);
    tcase_add_test(t, pages_of_another_origin_may_read_every_response);
    tcase_add_test(t, without_an_origin_there_are_no_such_headers);
    suite_add_tcase(s, t);
    return s;
}
