/* The contract with those who call the endpoint, on a real httpd. */
#include "client.h"
#include "suite.h"

#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static server httpd;

static void start(void)
{
    httpd = server_start("", "<Location \"/api/v1/factorial\">\n"
                             "  Factorial On\n"
                             "</Location>\n"
                             "<Location \"/status\">\n"
                             "  SetHandler factorial-health\n"
                             "</Location>\n"
                             "ErrorDocument 400 \"a site's own page\"\n"
                             "ErrorDocument 405 \"a site's own page\"\n"
                             "AddDefaultCharset ISO-8859-15\n");
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
    const char *query, *body;
    long status;
} queries[] = {
    {"?number=5", "{\"factorial\":120}\n", 200},
    {"?number=0", "{\"factorial\":1}\n", 200},
    {"?number=05", "{\"factorial\":120}\n", 200},
    {"?number=-0", "{\"factorial\":1}\n", 200},
    {"?number=+5", "{\"factorial\":120}\n", 200},
    {"?number=%205", "{\"factorial\":120}\n", 200},
    {"?number=%2B5", "{\"factorial\":120}\n", 200},
    {"?number=%095%0A", "{\"factorial\":120}\n", 200},
    {"?number=5&number=6", "{\"factorial\":120}\n", 200},
    {"?x=1&number=5&y", "{\"factorial\":120}\n", 200},
    {"?%6eumber=5", "{\"factorial\":120}\n", 200},
    {"?number=%35", "{\"factorial\":120}\n", 200},
    {"?number=20", "{\"factorial\":2432902008176640000}\n", 200},
    {"?number=21", "{\"factorial\":51090942171709440000}\n", 200},
    {"?number=-1", "Invalid value", 400},
    {"?number=0.2", "Invalid value", 400},
    {"?number=1e3", "Invalid value", 400},
    {"?number=abc", "Invalid value", 400},
    {"?number=", "Invalid value", 400},
    {"?number", "Invalid value", 400},
    {"?number=1_0", "Invalid value", 400},
    {"?number=%D9%A5", "Invalid value", 400},
    {"?number=5%00", "Invalid value", 400},
    {"?number=5%zz", "Invalid value", 400},
    {"?number=99999999999999999999999999x", "Invalid value", 400},
    {"", "Please supply number parameter", 400},
    {"?", "Please supply number parameter", 400},
    {"?n=5", "Please supply number parameter", 400},
    {"?Number=5", "Please supply number parameter", 400},
    {"?number%00=5", "Please supply number parameter", 400},
    {"?number=1000001", "Number too large: the maximum is 1000000", 400},
    {"?number=18446744073709551616", "Number too large: the maximum is 1000000", 400},
    {"?number=99999999999999999999999999", "Number too large: the maximum is 1000000", 400},
};

START_TEST(every_query_has_its_answer)
{
    char target[256];
    snprintf(target, sizeof target, "/api/v1/factorial%s", queries[_i].query);
    answer a = client_get(&httpd, target);
    ck_assert_int_eq(a.status, queries[_i].status);
    ck_assert_str_eq(a.body, queries[_i].body);
    ck_assert_str_eq(answer_header(&a, "Vary"), "Accept");
    if (a.status == 200) {
        ck_assert_str_eq(answer_header(&a, "Content-Type"), "application/json");
        ck_assert_str_eq(answer_header(&a, "Cache-Control"), "public, max-age=31536000, immutable");
    } else {
        ck_assert_str_eq(answer_header(&a, "Content-Type"), "text/plain; charset=utf-8");
        ck_assert_str_eq(answer_header(&a, "X-Content-Type-Options"), "nosniff");
        ck_assert_str_eq(answer_header(&a, "Cache-Control"), "no-store");
        ck_assert_ptr_null(answer_header(&a, "ETag"));
    }
    answer_free(&a);
}
END_TEST

/* n! by schoolbook multiplication of a decimal number by small ones. */
static char *schoolbook_factorial(uint32_t n)
{
    enum { GROUP = 1000000000 };
    uint32_t *group = calloc(n + 2, sizeof *group);
    size_t groups = 1;
    group[0] = 1;
    for (uint32_t i = 2; i <= n; i++) {
        uint64_t carry = 0;
        for (size_t k = 0; k < groups; k++, carry /= GROUP) {
            carry += (uint64_t)group[k] * i;
            group[k] = (uint32_t)(carry % GROUP);
        }
        if (carry)
            group[groups++] = (uint32_t)carry;
    }
    char *text = malloc(9 * groups + 1), *at = text + sprintf(text, "%u", group[groups - 1]);
    for (size_t k = groups - 1; k-- > 0;)
        at += sprintf(at, "%09u", group[k]);
    free(group);
    return text;
}

static char *gmp_factorial(uint32_t n)
{
    mpz_t x;
    mpz_init(x);
    mpz_fac_ui(x, n);
    char *text = mpz_get_str(NULL, 10, x);
    mpz_clear(x);
    return text;
}

static const struct {
    uint32_t n;
    char *(*independent)(uint32_t);
} numbers[] = {
    {50, schoolbook_factorial},   {170, schoolbook_factorial},   {1558, schoolbook_factorial},
    {1559, schoolbook_factorial}, {20000, schoolbook_factorial}, {200000, gmp_factorial},
    {1000000, gmp_factorial},
};

START_TEST(every_digit_is_right)
{
    char target[64];
    snprintf(target, sizeof target, "/api/v1/factorial?number=%u", numbers[_i].n);
    char *digits = numbers[_i].independent(numbers[_i].n);

    answer json = client_get(&httpd, target);
    ck_assert_int_eq(json.status, 200);
    ck_assert_uint_eq(json.length, strlen(digits) + 15);
    ck_assert(!strncmp(json.body, "{\"factorial\":", 13));
    ck_assert(!strncmp(json.body + 13, digits, strlen(digits)));
    ck_assert_str_eq(json.body + json.length - 2, "}\n");

    answer text = client_send(&httpd, "GET", target, "Accept: text/plain");
    ck_assert_int_eq(text.status, 200);
    ck_assert_uint_eq(text.length, strlen(digits) + 1);
    ck_assert(!strncmp(text.body, digits, strlen(digits)));
    ck_assert_str_eq(answer_header(&text, "Content-Type"), "text/plain; charset=utf-8");
    ck_assert_str_eq(answer_header(&text, "X-Content-Type-Options"), "nosniff");

    answer_free(&json);
    answer_free(&text);
    free(digits);
}
END_TEST

START_TEST(head_has_the_headers_of_get)
{
    static const char *const accepts[] = {"Accept: application/json", "Accept: text/plain"};
    static const unsigned head_numbers[] = {0, 4, 20, 170, 9999, 30000};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < sizeof head_numbers / sizeof *head_numbers; k++) {
            char target[64];
            snprintf(target, sizeof target, "/api/v1/factorial?number=%u", head_numbers[k]);
            answer head = client_send(&httpd, "HEAD", target, accepts[i]);
            answer get = client_send(&httpd, "GET", target, accepts[i]);
            ck_assert_int_eq(head.status, 200);
            ck_assert_uint_eq(head.length, 0);
            ck_assert_str_eq(strstr(head.headers, "Server:"), strstr(get.headers, "Server:"));
            answer_free(&head);
            answer_free(&get);
        }
}
END_TEST

START_TEST(head_tells_how_many_digits_without_computing_them)
{
    answer a =
        client_send(&httpd, "HEAD", "/api/v1/factorial?number=1000000", "Accept: text/plain");
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(answer_header(&a, "Content-Length"), "5565710");
    answer_free(&a);
    a = client_send(&httpd, "HEAD", "/api/v1/factorial?number=x", NULL);
    ck_assert_int_eq(a.status, 400);
    ck_assert_str_eq(answer_header(&a, "Content-Length"), "13");
    answer_free(&a);
}
END_TEST

/* The set of methods, whatever their order. */
static void assert_allow(const answer *a)
{
    const char *allow = answer_header(a, "Allow");
    ck_assert_ptr_nonnull(allow);
    ck_assert_ptr_nonnull(strstr(allow, "GET"));
    ck_assert_ptr_nonnull(strstr(allow, "HEAD"));
    ck_assert_ptr_nonnull(strstr(allow, "OPTIONS"));
    ck_assert_uint_eq(strlen(allow), strlen("GET, HEAD, OPTIONS"));
}

START_TEST(other_methods_are_refused)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH", "PROPFIND", "BREW"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        answer a = client_send(&httpd, methods[i], "/api/v1/factorial?number=5", NULL);
        ck_assert_int_eq(a.status, 405);
        ck_assert_str_eq(a.body, "Method not allowed: use GET, HEAD, OPTIONS");
        ck_assert_str_eq(answer_header(&a, "Content-Type"), "text/plain; charset=utf-8");
        assert_allow(&a);
        answer_free(&a);
    }
}
END_TEST

START_TEST(options_tells_the_methods)
{
    answer a = client_send(&httpd, "OPTIONS", "/api/v1/factorial", NULL);
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(a.length, 0);
    assert_allow(&a);
    answer_free(&a);
}
END_TEST

START_TEST(problem_details_are_for_those_who_name_them)
{
    static const struct {
        const char *method, *query, *body;
        long status;
    } cases[] = {
        {"GET", "",
         "{\"type\":\"/docs/problems#number-missing\",\"title\":\"Number missing\","
         "\"status\":400,\"detail\":\"Please supply number parameter\"}\n",
         400},
        {"GET", "?number=x",
         "{\"type\":\"/docs/problems#number-invalid\","
         "\"title\":\"Number invalid\",\"status\":400,"
         "\"detail\":\"Invalid value\"}\n",
         400},
        {"GET", "?number=1000001",
         "{\"type\":\"/docs/problems#number-too-large\",\"title\":\"Number too large\","
         "\"status\":400,\"detail\":\"Number too large: the maximum is 1000000\","
         "\"maximum\":1000000}\n",
         400},
        {"DELETE", "?number=5",
         "{\"type\":\"/docs/problems#method-not-allowed\",\"title\":\"Method not allowed\","
         "\"status\":405,\"detail\":\"Method not allowed: use GET, HEAD, OPTIONS\"}\n",
         405},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char target[64];
        snprintf(target, sizeof target, "/api/v1/factorial%s", cases[i].query);
        answer a = client_send(&httpd, cases[i].method, target,
                               "Accept: application/json, application/problem+json");
        ck_assert_int_eq(a.status, cases[i].status);
        ck_assert_str_eq(a.body, cases[i].body);
        ck_assert_str_eq(answer_header(&a, "Content-Type"), "application/problem+json");
        ck_assert_str_eq(answer_header(&a, "Cache-Control"), "no-store");
        ck_assert_str_eq(answer_header(&a, "Vary"), "Accept");
        answer_free(&a);
    }
}
END_TEST

START_TEST(the_accept_header_chooses_the_representation)
{
    static const struct {
        const char *accept, *body;
    } cases[] = {
        {"Accept: */*", "{\"factorial\":120}\n"},
        {"Accept: application/json", "{\"factorial\":120}\n"},
        {"Accept: image/png", "{\"factorial\":120}\n"},
        {"Accept: text/plain", "120\n"},
        {"Accept: text/plain;q=0.5, application/json;q=0.4", "120\n"},
        {"Accept: text/plain, application/json", "{\"factorial\":120}\n"},
        {"Accept: application/json;q=0, */*", "120\n"},
        {"Accept: application/problem+json", "{\"factorial\":120}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer a = client_send(&httpd, "GET", "/api/v1/factorial?number=5", cases[i].accept);
        ck_assert_int_eq(a.status, 200);
        ck_assert_str_eq(a.body, cases[i].body);
        answer_free(&a);
    }
}
END_TEST

START_TEST(a_line_beyond_httpds_limit_is_httpds_414)
{
    char *target = calloc(1, 10000);
    sprintf(target, "/api/v1/factorial?number=%09000d", 5);
    answer a = client_get(&httpd, target);
    ck_assert_int_eq(a.status, 414);
    answer_free(&a);
    target[8000] = '\0'; /* within the limit the zeros are leading zeros */
    a = client_get(&httpd, target);
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(a.body, "{\"factorial\":1}\n");
    answer_free(&a);
    free(target);
}
END_TEST

START_TEST(the_health_check_says_up)
{
    answer a = client_get(&httpd, "/status");
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(a.body, "UP");
    ck_assert_str_eq(answer_header(&a, "Content-Type"), "text/plain; charset=utf-8");
    ck_assert_str_eq(answer_header(&a, "Cache-Control"), "no-store");
    answer_free(&a);
    a = client_send(&httpd, "HEAD", "/status", NULL);
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(answer_header(&a, "Content-Length"), "2");
    answer_free(&a);
    a = client_send(&httpd, "POST", "/status", NULL);
    ck_assert_int_eq(a.status, 405);
    assert_allow(&a);
    answer_free(&a);
    a = client_send(&httpd, "OPTIONS", "/status", NULL);
    ck_assert_int_eq(a.status, 200);
    assert_allow(&a);
    answer_free(&a);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("contract");
    TCase *t = tcase_create("contract");
    tcase_add_unchecked_fixture(t, start, stop);
    tcase_add_checked_fixture(t, NULL, check_log);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_query_has_its_answer, 0, sizeof queries / sizeof *queries);
    tcase_add_loop_test(t, every_digit_is_right, 0, sizeof numbers / sizeof *numbers);
    tcase_add_test(t, head_has_the_headers_of_get);
    tcase_add_test(t, head_tells_how_many_digits_without_computing_them);
    tcase_add_test(t, other_methods_are_refused);
    tcase_add_test(t, options_tells_the_methods);
    tcase_add_test(t, problem_details_are_for_those_who_name_them);
    tcase_add_test(t, the_accept_header_chooses_the_representation);
    tcase_add_test(t, a_line_beyond_httpds_limit_is_httpds_414);
    tcase_add_test(t, the_health_check_says_up);
    suite_add_tcase(s, t);
    return s;
}
