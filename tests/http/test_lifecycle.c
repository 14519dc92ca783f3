/* Reloading, restarting and stopping; requests on one connection; .htaccess. */
#include "client.h"
#include "suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENDPOINT "<Location \"/api/v1/factorial\">\n  Factorial On\n</Location>\n"

static server httpd;

static void start(void)
{
    httpd = server_start("", ENDPOINT "FactorialMaxNumber 100\n"
                                      "<Directory \"@ROOT@/htdocs\">\n  AllowOverride All\n"
                                      "</Directory>\n");
}

static void stop(void)
{
    server_check_log(&httpd);
    server_stop(&httpd);
}

static void assert_status(const char *target, long status)
{
    answer a = client_get(&httpd, target);
    ck_assert_int_eq(a.status, status);
    answer_free(&a);
}

/* For a moment after a graceful restart children of the old generation may still answer. */
static void wait_for_status(const char *target, long status)
{
    long last = 0;
    for (int i = 0; i < 1000 && last != status; i++) {
        answer a = client_get(&httpd, target);
        last = a.status;
        answer_free(&a);
        usleep(last == status ? 0 : 50000);
    }
    ck_assert_int_eq(last, status);
}

START_TEST(a_reload_applies_changed_limits)
{
    assert_status("/api/v1/factorial?number=100", 200);
    assert_status("/api/v1/factorial?number=101", 400);
    server_reload(&httpd, "", ENDPOINT "FactorialMaxNumber 200\n");
    wait_for_status("/api/v1/factorial?number=101", 200);
    wait_for_status("/api/v1/factorial?number=201", 400);
    server_reload(&httpd, "", "FactorialMaxNumber 200\n");
    wait_for_status("/api/v1/factorial?number=101", 404);
}
END_TEST

typedef struct {
    atomic_bool stop;
    atomic_long sent, lost;
} traffic;

static void *send_requests(void *argument)
{
    traffic *t = argument;
    while (!atomic_load(&t->stop)) {
        answer a = client_get(&httpd, "/api/v1/factorial?number=3000");
        atomic_fetch_add(&t->sent, 1);
        if (a.status != 200 || a.length != 9131 + 15)
            atomic_fetch_add(&t->lost, 1);
        answer_free(&a);
    }
    return NULL;
}

START_TEST(a_graceful_restart_loses_no_request)
{
    enum { CLIENTS = 4, RESTARTS = 3 };
    traffic t = {0};
    pthread_t client[CLIENTS];
    server_reload(&httpd, "", ENDPOINT);
    wait_for_status("/api/v1/factorial?number=3000", 200);
    /* httpd forgets generations whose children outlive several restarts in a row. */
    server_expect(&httpd, "AH00546: no record of generation");
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&client[i], NULL, send_requests, &t), 0);
    for (int i = 0; i < RESTARTS; i++) {
        server_reload(&httpd, "", ENDPOINT);
        for (long before = t.sent; t.sent < before + 10;)
            usleep(10000);
    }
    atomic_store(&t.stop, true);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(client[i], NULL);
    ck_assert_int_eq(t.lost, 0);
}
END_TEST

START_TEST(an_htaccess_file_cannot_lift_a_limit)
{
    server_write_file(&httpd, "htdocs/sub/.htaccess", "FactorialMaxNumber 1000000\n");
    server_write_file(&httpd, "htdocs/sub/page", "page\n");
    server_expect(&httpd, "FactorialMaxNumber not allowed here");
    assert_status("/sub/page", 500);
}
END_TEST

/* Sends these bytes on one connection, returns all that comes back until the server closes it. */
static char *converse(const char *request)
{
    int fd = client_connect(&httpd, 0);
    ck_assert_int_eq(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
    char *text = calloc(1, 65536);
    ssize_t got;
    for (size_t length = 0; (got = recv(fd, text + length, 65535 - length, 0)) > 0;)
        length += (size_t)got;
    close(fd);
    return text;
}

static int count(const char *text, const char *part)
{
    int found = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        found++;
    return found;
}

#define GET(query) "GET /api/v1/factorial" query " HTTP/1.1\r\nHost: x\r\n"

START_TEST(requests_on_one_connection_are_answered_in_turn)
{
    char *text = converse(GET("?number=5") "\r\n" GET("?number=6") "\r\n" GET(
        "?number=7") "Connection: close\r\n\r\n");
    ck_assert_int_eq(count(text, "HTTP/1.1 200"), 3);
    char *five = strstr(text, "{\"factorial\":120}\n"),
         *six = strstr(text, "{\"factorial\":720}\n");
    ck_assert(five && six && five < six && strstr(six, "{\"factorial\":5040}\n"));
    free(text);
}
END_TEST

START_TEST(the_body_of_a_get_is_read_and_ignored)
{
    char *text = converse(GET("?number=5") "Content-Length: 8\r\n\r\nnumber=7" GET(
        "?number=6") "Connection: close\r\n\r\n");
    ck_assert_int_eq(count(text, "HTTP/1.1 200"), 2);
    ck_assert_ptr_nonnull(strstr(text, "{\"factorial\":120}\n"));
    ck_assert_ptr_nonnull(strstr(text, "{\"factorial\":720}\n"));
    free(text);
}
END_TEST

START_TEST(http_1_0_gets_the_same_body)
{
    char *text = converse("GET /api/v1/factorial?number=5 HTTP/1.0\r\n\r\n");
    ck_assert_int_eq(count(text, "HTTP/1.1 200"), 1);
    ck_assert_ptr_nonnull(strstr(text, "\r\n\r\n{\"factorial\":120}\n"));
    free(text);
}
END_TEST

START_TEST(a_client_that_leaves_harms_nobody)
{
    server_reload(&httpd, "", ENDPOINT);
    wait_for_status("/api/v1/factorial?number=60000", 200);
    for (int round = 0; round < 5; round++) {
        /* Never more than may be busy in one child: where computing is slow, none has ended yet. */
        for (int i = 0; i < 4; i++) {
            int fd = client_connect(&httpd, 0);
            const char *request = GET("?number=60000") "\r\n";
            ck_assert_int_gt(send(fd, request, strlen(request), 0), 0);
            if (i % 2)
                usleep(5000);
            close(fd);
        }
        assert_status("/api/v1/factorial?number=60000", 200);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lifecycle");
    TCase *t = tcase_create("lifecycle");
    tcase_add_checked_fixture(t, start, stop);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_reload_applies_changed_limits);
    tcase_add_test(t, a_graceful_restart_loses_no_request);
    tcase_add_test(t, an_htaccess_file_cannot_lift_a_limit);
    tcase_add_test(t, requests_on_one_connection_are_answered_in_turn);
    tcase_add_test(t, the_body_of_a_get_is_read_and_ignored);
    tcase_add_test(t, http_1_0_gets_the_same_body);
    tcase_add_test(t, a_client_that_leaves_harms_nobody);
    suite_add_tcase(s, t);
    return s;
}
