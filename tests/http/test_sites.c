/* The endpoint on sites whose handlers, filters and headers are meant for everything. */
#include "client.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENDPOINT "<Location \"/api/v1/factorial\">\n  Factorial On\n</Location>\n"
#define OTHER    "SetHandler server-status\n"
#define CACHING  "max-age=31536000, immutable"

/* Virtual hosts, each with its lines. */
static const struct {
    const char *name, *lines;
} hosts[] = {
    /* Handlers for the whole site. */
    {"before", "<Location \"/\">\n" OTHER "</Location>\n" ENDPOINT},
    {"after", ENDPOINT "<Location \"/\">\n" OTHER "</Location>\n"},
    {"above", ENDPOINT "<Location \"/api\">\n" OTHER "</Location>\n"},
    {"server", OTHER ENDPOINT},
    {"expression",
     ENDPOINT "<Location \"/\">\n  SetHandler \"%{tolower:SERVER-STATUS}\"\n</Location>\n"},
    {"directory", ENDPOINT "<Directory \"@ROOT@\">\n" OTHER "</Directory>\n"},
    {"extension", "AddHandler server-status .factorial\n"
                  "<Location \"/api/v1/n.factorial\">\n  Factorial On\n</Location>\n"},
    {"script", ENDPOINT "ScriptAlias \"/\" \"@ROOT@/htdocs/\"\n"},
    {"pattern-before", "<LocationMatch \"^/\">\n" OTHER "</LocationMatch>\n" ENDPOINT},
    {"patterns", OTHER "<LocationMatch \"^/a\">\n  Factorial On\n</LocationMatch>\n"},
    {"none", OTHER "<Location \"/api/v1/factorial\">\n  SetHandler none\n  Factorial On\n"
                   "</Location>\n"},
    {"if-not", "<If \"%{REQUEST_METHOD} == 'PUT'\">\n" OTHER "</If>\n" ENDPOINT},
    /* Handlers for this address. */
    {"same", "<Location \"/api/v1/factorial\">\n" OTHER "  Factorial On\n</Location>\n"},
    {"again", ENDPOINT "<Location \"/api/v1/factorial\">\n" OTHER "</Location>\n"},
    {"pattern-after", ENDPOINT "<LocationMatch \"^/api/v1/f\">\n" OTHER "</LocationMatch>\n"},
    {"patterns-after", "<LocationMatch \"^/a\">\n  Factorial On\n</LocationMatch>\n"
                       "<Location \"/api/v1\">\n" OTHER "</Location>\n"},
    /* httpd merges <If> behind all other sections. */
    {"if", "<If \"true\">\n" OTHER "</If>\n" ENDPOINT},
    {"if-within", "<Location \"/api/v1/factorial\">\n  Factorial On\n  <If \"true\">\n" OTHER
                  "</If>\n</Location>\n"},
    {"if-in-if", ENDPOINT "<If \"true\">\n<If \"true\">\n" OTHER "</If>\n</If>\n"},
    /* Filters. */
    {"reading", ENDPOINT "SetOutputFilter BUFFER\n"},
    {"changing", ENDPOINT "SetOutputFilter SUBSTITUTE\nSubstitute s/factorial/f/\n"},
    {"longer",
     ENDPOINT "ExtFilterDefine longer cmd=\"/usr/bin/sed s/f/ff/\" PreservesContentLength\n"
              "SetOutputFilter longer\n"},
    {"compressing", ENDPOINT "SetOutputFilter DEFLATE\n"},
    /* Headers. */
    {"expires",
     ENDPOINT "ExpiresActive On\nExpiresByType application/json \"access plus 0 seconds\"\n"},
    {"set", ENDPOINT "Header set Cache-Control \"max-age=60\"\n"},
    {"always", ENDPOINT "Header always set Cache-Control \"max-age=60\"\n"},
    {"appended", ENDPOINT "Header append Cache-Control \"no-transform\"\n"},
    {"unset", ENDPOINT "Header unset Cache-Control\n"},
    {"cookie-before", ENDPOINT "<Location \"/api\">\n  CookieTracking on\n</Location>\n"},
    {"cookie-after", ENDPOINT "Header always set Set-Cookie \"a=b\"\n"},
    {"cookies-after", ENDPOINT "Header add Set-Cookie \"a=b\"\nHeader append Cache-Control x\n"},
    /* Names that resemble the address. */
    {"spelling", ENDPOINT "CheckSpelling On\n"},
};

static server httpd;

static void start(void)
{
    static char configuration[16384];
    size_t length = 0;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        length += (size_t)snprintf(configuration + length, sizeof configuration - length,
                                   "<VirtualHost *:@PORT@>\nServerName %s\n%s</VirtualHost>\n",
                                   hosts[i].name, hosts[i].lines);
    ck_assert_uint_lt(length, sizeof configuration);
    httpd = server_start("alias mime status buffer filter deflate substitute ext_filter expires "
                         "headers usertrack speling",
                         configuration);
    server_make_writable(&httpd, "htdocs/api");
    server_write_file(&httpd, "htdocs/api/v1/factoria", "a file");
}

static void stop(void)
{
    server_stop(&httpd);
}

static void check_log(void)
{
    server_check_log(&httpd);
}

static answer ask(const char *host, const char *method, const char *target, const char *headers)
{
    char with_host[256];
    snprintf(with_host, sizeof with_host, "Host: %s\n%s", host, headers);
    return client_send(&httpd, method, target, with_host);
}

static const struct {
    const char *host, *target;
    bool ours;
} handlers[] = {
    {"before", "/api/v1/factorial?number=5", true},
    {"before", "/api/v1/factorial/?number=5", false},
    {"before", "/other?number=5", false},
    {"after", "/api/v1/factorial?number=5", true},
    {"after", "/api/v1/factorial/5?number=5", false},
    {"above", "/api/v1/factorial?number=5", true},
    {"server", "/api/v1/factorial?number=5", true},
    {"server", "/api/v1/?number=5", false},
    {"expression", "/api/v1/factorial?number=5", true},
    {"expression", "/api/v1/?number=5", false},
    {"directory", "/api/v1/factorial?number=5", true},
    {"extension", "/api/v1/n.factorial?number=5", true},
    {"extension", "/api/v1/x.factorial?number=5", false},
    {"script", "/api/v1/factorial?number=5", true},
    {"pattern-before", "/api/v1/factorial?number=5", true},
    {"pattern-before", "/api/v1/?number=5", false},
    {"patterns", "/api/v1/factorial?number=5", true},
    {"none", "/api/v1/factorial?number=5", true},
    {"if-not", "/api/v1/factorial?number=5", true},
    {"if", "/api/v1/factorial?number=5", false},
    {"if-within", "/api/v1/factorial?number=5", false},
    {"if-in-if", "/api/v1/factorial?number=5", false},
    {"same", "/api/v1/factorial?number=5", false},
    {"again", "/api/v1/factorial?number=5", false},
    {"pattern-after", "/api/v1/factorial?number=5", false},
    {"patterns-after", "/api/v1/factorial?number=5", false},
};

START_TEST(the_nearer_handler_wins)
{
    answer a = ask(handlers[_i].host, "GET", handlers[_i].target, "");
    bool ours = a.status == 200 && !strcmp(a.body, "{\"factorial\":120}\n");
    ck_assert_msg(ours == handlers[_i].ours, "%s%s: %ld %.60s", handlers[_i].host,
                  handlers[_i].target, a.status, a.body);
    if (!ours)
        ck_assert_msg(strstr(a.body, "Status"), "%s: %ld %s", handlers[_i].host, a.status, a.body);
    answer_free(&a);
}
END_TEST

static const struct {
    const char *host, *headers, *head_length;
} filters[] = {
    {"reading", "", "80"},
    {"changing", "", NULL},
    {"longer", "", NULL},
    {"compressing", "", "80"},
    {"compressing", "Accept-Encoding: identity", "80"},
    {"compressing", "Accept-Encoding: gzip", NULL},
    {"compressing", "Accept-Encoding: gzip;q=0", "80"},
};

START_TEST(head_has_the_length_unless_this_body_will_change)
{
    answer a = ask(filters[_i].host, "HEAD", "/api/v1/factorial?number=50", filters[_i].headers);
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(a.length, 0);
    const char *length = answer_header(&a, "Content-Length");
    if (filters[_i].head_length && length)
        ck_assert_str_eq(length, filters[_i].head_length);
    else
        ck_assert_msg(!length && !filters[_i].head_length, "%s, %s: %s", filters[_i].host,
                      filters[_i].headers, length ? length : "no length");
    char *vary = strdup(answer_header(&a, "Vary"));
    answer get = ask(filters[_i].host, "GET", "/api/v1/factorial?number=50", filters[_i].headers);
    ck_assert_str_eq(answer_header(&get, "Vary"), vary);
    if (filters[_i].head_length)
        ck_assert_str_eq(answer_header(&get, "Content-Length"), filters[_i].head_length);
    free(vary);
    answer_free(&get);
    answer_free(&a);
}
END_TEST

static const struct {
    const char *host, *caching;
} responses[] = {
    {"expires", "max-age=0"},
    {"set", "max-age=60"},
    {"always", "max-age=60"},
    {"appended", "public, " CACHING ", no-transform"},
    {"unset", NULL},
    {"cookie-before", "private, " CACHING},
    {"cookie-after", "private, " CACHING},
    {"cookies-after", "private, " CACHING ", x"},
    {"compressing", "public, " CACHING},
};

static int count_lines(const answer *a, const char *name)
{
    int count = 0;
    for (const char *line = a->headers; line; line = strchr(line + 1, '\n'))
        count += !strncasecmp(line + (*line == '\n'), name, strlen(name));
    return count;
}

START_TEST(one_cache_control_comes_out)
{
    static const char *const conditions[] = {"", "If-None-Match: \"5-json-1\""};
    static const char *const methods[] = {"GET", "HEAD"};
    for (int i = 0; i < 4; i++) {
        answer a = ask(responses[_i].host, methods[i % 2], "/api/v1/factorial?number=5",
                       conditions[i / 2]);
        ck_assert_int_eq(a.status, i / 2 ? 304 : 200);
        ck_assert_int_eq(count_lines(&a, "Cache-Control:"), !!responses[_i].caching);
        if (responses[_i].caching)
            ck_assert_str_eq(answer_header(&a, "Cache-Control"), responses[_i].caching);
        if (!strncmp(responses[_i].host, "cookie", 6) && i < 2)
            ck_assert_int_eq(count_lines(&a, "Set-Cookie:"), 1);
        answer_free(&a);
    }
}
END_TEST

START_TEST(a_similar_file_name_does_not_matter)
{
    answer a = ask("spelling", "GET", "/api/v1/factorial?number=5", "");
    ck_assert_int_eq(a.status, 200);
    answer_free(&a);
    a = ask("spelling", "GET", "/api/v1/fctoria", ""); /* it is at work */
    ck_assert_int_eq(a.status, 301);
    answer_free(&a);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("sites");
    TCase *t = tcase_create("sites");
    tcase_add_unchecked_fixture(t, start, stop);
    tcase_add_checked_fixture(t, NULL, check_log);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, the_nearer_handler_wins, 0, sizeof handlers / sizeof *handlers);
    tcase_add_loop_test(t, head_has_the_length_unless_this_body_will_change, 0,
                        sizeof filters / sizeof *filters);
    tcase_add_loop_test(t, one_cache_control_comes_out, 0, sizeof responses / sizeof *responses);
    tcase_add_test(t, a_similar_file_name_does_not_matter);
    suite_add_tcase(s, t);
    return s;
}
