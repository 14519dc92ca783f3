/* The endpoint beside httpd's other modules, at other addresses, in subrequests and redirects. */
#include "client.h"
#include "suite.h"

#include <string.h>

#define ANSWER_OF_5 "{\"factorial\":120}\n"

static server httpd;

static void start(void)
{
    httpd = server_start(
        "rewrite proxy proxy_http dir alias mime include status auth_basic authn_core authn_file "
        "authz_user setenvif headers vhost_alias cache cache_disk session "
        "session_cookie",
        "<Location \"/api/v1/factorial\">\n  Factorial On\n</Location>\n"
        /* Other addresses and limits. */
        "<Location \"/limited\">\n  FactorialMaxNumber 10\n</Location>\n"
        "<Location \"/limited/n\">\n  Factorial On\n</Location>\n"
        "<Location \"/limited/off\">\n  Factorial Off\n</Location>\n"
        "<LocationMatch \"^/pattern/[a-z]+$\">\n  Factorial On\n</LocationMatch>\n"
        "<Location ~ \"^/tilde/[a-z]+$\">\n  Factorial On\n</Location>\n"
        "<LocationMatch \"^/above/[a-z]+$\">\n  Factorial On\n</LocationMatch>\n"
        "<Location \"/above\">\n  Factorial On\n</Location>\n"
        "<Location \"/handler\">\n  SetHandler factorial\n</Location>\n"
        "<Location \"/server-status\">\n  SetHandler server-status\n</Location>\n"
        /* Translation of addresses. */
        "RewriteEngine On\n"
        "RewriteRule \"^/factorial/([0-9]+)$\" \"/api/v1/factorial?number=$1\" [PT]\n"
        "RewriteRule \"^/rewritten$\" \"@ROOT@/htdocs/index.html\" [L]\n"
        "RewriteRule \"^/gone$\" - [G]\n"
        "<Location \"/rewritten\">\n  Factorial On\n</Location>\n"
        "<Location \"/gone\">\n  Factorial On\n</Location>\n"
        "RewriteRule \"^/moved$\" \"/aliased/index.html\" [PT]\n"
        "RewriteRule \"^/moved/there$\" \"/denied/other\" [PT]\n"
        "<LocationMatch \"^/moved\">\n  Factorial On\n</LocationMatch>\n"
        "ProxyPass \"/remote\" \"http://127.0.0.1:@PORT@/api/v1/factorial\"\n"
        "<Location \"/both\">\n  Factorial On\n"
        "  ProxyPass \"http://127.0.0.1:@PORT@/index.html\"\n</Location>\n"
        "Alias \"/aliased\" \"@ROOT@/htdocs\"\n"
        "<Location \"/aliased/n\">\n  Factorial On\n</Location>\n"
        /* Access. */
        "<Location \"/locked\">\n  Factorial On\n  Require all denied\n</Location>\n"
        "<Directory \"@ROOT@/htdocs/denied\">\n  Require all denied\n</Directory>\n"
        "<Location \"/denied/n\">\n  Factorial On\n</Location>\n"
        "<Location \"/private\">\n  Factorial On\n  AuthType Basic\n  AuthName test\n"
        "  AuthUserFile \"@ROOT@/users\"\n  Require valid-user\n</Location>\n"
        /* What changes the headers, and keeps answers. */
        "CacheQuickHandler off\nCacheRoot \"@ROOT@/cache\"\n"
        "<Location \"/kept\">\n  Factorial On\n  CacheEnable disk\n"
        "  Header set Cache-Control \"max-age=60\"\n</Location>\n"
        "<Location \"/session\">\n  Factorial On\n  Session On\n  SessionMaxAge 100\n"
        "  SessionCookieName s path=/\n</Location>\n"
        /* What makes requests of its own. */
        "<Directory \"@ROOT@/htdocs\">\n  Options +Includes\n  AddType text/html .shtml\n"
        "  AddOutputFilter INCLUDES .shtml\n  FallbackResource /index.html\n</Directory>\n"
        "ErrorDocument 410 \"/api/v1/factorial?number=5\"\n"
        "ErrorDocument 400 \"/index.html\"\n"
        "ErrorDocument 405 \"/index.html\"\n");
    server_write_file(&httpd, "htdocs/page.shtml",
                      "<<!--#include virtual=\"/api/v1/factorial?number=5\" -->>"
                      "<<!--#include virtual=\"/api/v1/factorial?number=x\" -->>");
    server_write_file(&httpd, "htdocs/denied/other", "secret");
    server_make_writable(&httpd, "cache");
    server_write_file(&httpd, "users", "user:{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ=\n");
    server_expect(&httpd, "AH01630: client denied by server configuration: ");
}

static void stop(void)
{
    server_stop(&httpd);
}

static void check_log(void)
{
    server_check_log(&httpd);
}

static void assert_answer(const char *target, long status, const char *body)
{
    answer a = client_get(&httpd, target);
    ck_assert_msg(a.status == status, "%s: status %ld, expected %ld", target, a.status, status);
    if (body)
        ck_assert_str_eq(a.body, body);
    answer_free(&a);
}

START_TEST(the_address_must_be_exact)
{
    assert_answer("/api/v1/factorial?number=5", 200, ANSWER_OF_5);
    assert_answer("/api/v1/f%61ctorial?number=5", 200, ANSWER_OF_5);
    assert_answer("//api/v1/./factorial?number=5", 200, ANSWER_OF_5);
    /* Below the address the site's own rules hold: here, a fallback to the home page. */
    assert_answer("/api/v1/factorial/?number=5", 200, "<p>home</p>\n");
    assert_answer("/api/v1/factorial/5?number=5", 200, "<p>home</p>\n");
    assert_answer("/api/v1/factorials?number=5", 200, "<p>home</p>\n");
    assert_answer("/API/v1/factorial?number=5", 200, "<p>home</p>\n");
}
END_TEST

START_TEST(the_endpoint_may_be_anywhere)
{
    assert_answer("/limited/n?number=5", 200, ANSWER_OF_5);
    assert_answer("/limited/n?number=11", 400, "Number too large: the maximum is 10");
    assert_answer("/limited/off?number=5", 200, "<p>home</p>\n");
    assert_answer("/limited?number=5", 200, "<p>home</p>\n");
    assert_answer("/pattern/abc?number=5", 200, ANSWER_OF_5);
    assert_answer("/pattern/ABC?number=5", 200, "<p>home</p>\n");
    assert_answer("/tilde/abc?number=5", 200, ANSWER_OF_5);
    assert_answer("/above?number=5", 200, ANSWER_OF_5);
    assert_answer("/above/abc?number=5", 200, ANSWER_OF_5);
    assert_answer("/above/ABC?number=5", 200, "<p>home</p>\n");
    assert_answer("/handler?number=5", 200, ANSWER_OF_5);
}
END_TEST

START_TEST(addresses_are_translated_as_ever)
{
    assert_answer("/factorial/5", 200, ANSWER_OF_5);
    assert_answer("/factorial/x", 200, "<p>home</p>\n");
    assert_answer("/remote?number=5", 200, ANSWER_OF_5);
    assert_answer("/both?number=5", 200, "<p>home</p>\n");
    /* A file under the address is hidden, as it is by SetHandler. */
    assert_answer("/rewritten?number=5", 200, ANSWER_OF_5);
    /* Not so the address that another one takes its place by. */
    assert_answer("/moved?number=5", 200, "<p>home</p>\n");
    assert_answer("/moved/there?number=5", 403, NULL);
    assert_answer("/aliased/n?number=5", 200, ANSWER_OF_5);
    assert_answer("/aliased/index.html", 200, "<p>home</p>\n");
}
END_TEST

START_TEST(other_modules_answer_for_themselves)
{
    assert_answer("/index.html", 200, "<p>home</p>\n");
    assert_answer("/", 200, "<p>home</p>\n");
    assert_answer("/missing", 200, "<p>home</p>\n");
    assert_answer("/server-status?auto", 200, NULL);
}
END_TEST

START_TEST(access_is_restricted_by_location_and_not_by_directory)
{
    assert_answer("/locked?number=5", 403, NULL);
    assert_answer("/denied/n?number=5", 200, ANSWER_OF_5);
    assert_answer("/denied/other", 403, NULL);
    assert_answer("/private?number=5", 401, NULL);

    answer a = client_send(&httpd, "GET", "/private?number=5", "Authorization: Basic dXNlcjpwYXNz");
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(a.body, ANSWER_OF_5);
    ck_assert_str_eq(answer_header(&a, "Cache-Control"), "private, max-age=31536000, immutable");
    answer_free(&a);
}
END_TEST

START_TEST(headers_are_changed_for_304_too)
{
    answer a = client_send(&httpd, "GET", "/kept?number=5",
                           "If-None-Match: \"5-json-1\"\nCache-Control: no-store");
    ck_assert_int_eq(a.status, 304);
    ck_assert_str_eq(answer_header(&a, "Cache-Control"), "max-age=60");
    ck_assert_str_eq(answer_header(&a, "ETag"), "\"5-json-1\"");
    ck_assert_str_eq(answer_header(&a, "Vary"), "Accept");
    ck_assert_ptr_null(answer_header(&a, "Content-Type"));
    ck_assert_ptr_null(answer_header(&a, "Content-Length"));
    answer_free(&a);
}
END_TEST

START_TEST(what_is_for_one_client_is_not_made_public)
{
    answer a = client_send(&httpd, "GET", "/session?number=5", "Cookie: s=user=x");
    ck_assert_int_eq(a.status, 200);
    ck_assert_ptr_nonnull(answer_header(&a, "Set-Cookie"));
    ck_assert_ptr_nonnull(strstr(answer_header(&a, "Cache-Control"), "private"));
    ck_assert_ptr_null(strstr(answer_header(&a, "Cache-Control"), "public"));
    answer_free(&a);
    a = client_send(&httpd, "HEAD", "/session?number=5", NULL);
    ck_assert_str_eq(answer_header(&a, "Content-Length"), "18");
    answer_free(&a);
}
END_TEST

/* It asks the module whether its tag still holds; the client has not asked for that. */
START_TEST(a_cache_that_asks_again_has_its_answer)
{
    for (int i = 0; i < 3; i++) {
        answer a = client_send(&httpd, "GET", "/kept?number=6", "Cache-Control: max-age=0");
        ck_assert_int_eq(a.status, 200);
        ck_assert_str_eq(a.body, "{\"factorial\":720}\n");
        answer_free(&a);
    }
}
END_TEST

START_TEST(an_included_answer_is_part_of_the_page)
{
    answer a = client_send(&httpd, "GET", "/page.shtml", "If-None-Match: *\nRange: bytes=0-1");
    ck_assert_int_eq(a.status / 100, 2);
    answer_free(&a);
    assert_answer("/page.shtml", 200, "<" ANSWER_OF_5 "><Invalid value>");
}
END_TEST

START_TEST(an_internal_redirect_to_the_endpoint_keeps_its_status)
{
    answer a = client_send(&httpd, "GET", "/gone", "If-None-Match: *");
    ck_assert_int_eq(a.status, 410);
    ck_assert_str_eq(a.body, ANSWER_OF_5);
    ck_assert_ptr_null(answer_header(&a, "ETag"));
    ck_assert_ptr_null(answer_header(&a, "Cache-Control"));
    answer_free(&a);
}
END_TEST

START_TEST(an_error_document_does_not_change_the_contract)
{
    assert_answer("/api/v1/factorial?number=x", 400, "Invalid value");
    assert_answer("/api/v1/factorial", 400, "Please supply number parameter");
    answer a = client_send(&httpd, "DELETE", "/api/v1/factorial?number=5", NULL);
    ck_assert_int_eq(a.status, 405);
    ck_assert_str_eq(a.body, "Method not allowed: use GET, HEAD, OPTIONS");
    answer_free(&a);
}
END_TEST

START_TEST(trace_is_httpds)
{
    answer a = client_send(&httpd, "TRACE", "/api/v1/factorial?number=5", NULL);
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(answer_header(&a, "Content-Type"), "message/http");
    answer_free(&a);
    a = client_send(&httpd, "OPTIONS", "/index.html", NULL);
    ck_assert_int_eq(a.status, 200);
    answer_free(&a);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("neighbours");
    TCase *t = tcase_create("neighbours");
    tcase_add_unchecked_fixture(t, start, stop);
    tcase_add_checked_fixture(t, NULL, check_log);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_address_must_be_exact);
    tcase_add_test(t, the_endpoint_may_be_anywhere);
    tcase_add_test(t, addresses_are_translated_as_ever);
    tcase_add_test(t, other_modules_answer_for_themselves);
    tcase_add_test(t, access_is_restricted_by_location_and_not_by_directory);
    tcase_add_test(t, headers_are_changed_for_304_too);
    tcase_add_test(t, what_is_for_one_client_is_not_made_public);
    tcase_add_test(t, a_cache_that_asks_again_has_its_answer);
    tcase_add_test(t, an_included_answer_is_part_of_the_page);
    tcase_add_test(t, an_internal_redirect_to_the_endpoint_keeps_its_status);
    tcase_add_test(t, an_error_document_does_not_change_the_contract);
    tcase_add_test(t, trace_is_httpds);
    suite_add_tcase(s, t);
    return s;
}
