/* What happens when there is too much to do: limits of time, memory and number; clients that leave
 * or do not read; children that are killed. */
#include "client.h"
#include "suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATH "/api/v1/factorial?number="

/* GMP alone takes some ten seconds for it. */
#define LONG PATH "8000000"

#define ENDPOINT                                                                                   \
    "<Location \"/api/v1/factorial\">\n  Factorial On\n</Location>\n"                              \
    "<Location \"/health\">\n  SetHandler factorial-health\n</Location>\n"                         \
    "<Location \"/server-status\">\n  SetHandler server-status\n</Location>\n"                     \
    "LogLevel factorial:info\nFactorialEngine gmp\nFactorialMemory 2048\n"                         \
    "FactorialMaxNumber 8000000\nSendBufferSize 16384\n"                                           \
    "LogFormat \"%>s n=%{factorial-n}n digits=%{factorial-digits}n "                               \
    "us=%{factorial-compute-us}n wait=%{factorial-wait-us}n reason=%{factorial-reason}n\" notes\n" \
    "CustomLog notes.log notes\n"

static server httpd;

static void start(const char *configuration)
{
    char whole[2048];
    snprintf(whole, sizeof whole, "%s%s", ENDPOINT, configuration);
    httpd = server_start("status", whole);
}

static void stop(void)
{
    server_check_log(&httpd);
    server_stop(&httpd);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void assert_answer(const char *target, long status, const char *body)
{
    answer a = client_get(&httpd, target);
    ck_assert_int_eq(a.status, status);
    if (body)
        ck_assert_str_eq(a.body, body);
    answer_free(&a);
}

static long status_of(const char *target)
{
    answer a = client_get(&httpd, target);
    long status = a.status;
    answer_free(&a);
    return status;
}

/* The number behind this name in mod_status's plain form. */
static double metric(const char *name)
{
    answer a = client_get(&httpd, "/server-status?auto");
    const char *line = strstr(a.body, name);
    ck_assert_ptr_nonnull(line);
    double value = strtod(line + strlen(name), NULL);
    answer_free(&a);
    return value;
}

static void wait_for_metric(const char *name, double value)
{
    double last = -1;
    for (double end = seconds() + 60; last != value && seconds() < end;) {
        last = metric(name);
        usleep(last == value ? 0 : 50000);
    }
    ck_assert_msg(last == value, "%s is %g, not %g", name, last, value);
}

/* ---- a request that nobody waits for */

static int connect_and_ask(const char *target, int receive_buffer)
{
    char request[200];
    int fd = client_connect(&httpd, receive_buffer);
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    ck_assert_int_eq(send(fd, request, (size_t)length, 0), length);
    return fd;
}

START_TEST(what_takes_too_long_is_stopped)
{
    start("FactorialTimeout 1\n");
    server_expect(&httpd, "factorial of 8000000 stopped: took longer than FactorialTimeout");
    answer a = client_get(&httpd, LONG);
    ck_assert_int_eq(a.status, 503);
    ck_assert_str_eq(a.body, "Computing took longer than is allowed here");
    ck_assert_str_eq(answer_header(&a, "Retry-After"), "1");
    ck_assert_str_eq(answer_header(&a, "Cache-Control"), "no-store");
    ck_assert_ptr_null(answer_header(&a, "ETag"));
    ck_assert_ptr_null(answer_header(&a, "Accept-Ranges"));
    answer_free(&a);
    assert_answer(PATH "5", 200, "{\"factorial\":120}\n");
    wait_for_metric("FactorialStoppedTimeout:", 1);
    wait_for_metric("FactorialMemoryBytes:", 0);
    stop();
}
END_TEST

START_TEST(memory_sets_a_maximum_of_its_own)
{
    start("FactorialMemory 4\n");
    answer a = client_get(&httpd, PATH "8000000");
    ck_assert_int_eq(a.status, 400);
    const char *text = "Number too large: the maximum is ";
    ck_assert_int_eq(strncmp(a.body, text, strlen(text)), 0);
    long maximum = strtol(a.body + strlen(text), NULL, 10);
    answer_free(&a);
    ck_assert_int_gt(maximum, 30000);
    ck_assert_int_lt(maximum, 2000000);
    char target[100];
    snprintf(target, sizeof target, PATH "%ld", maximum);
    assert_answer(target, 200, NULL);
    snprintf(target, sizeof target, PATH "%ld", maximum + 1);
    assert_answer(target, 400, NULL);
    stop();
}
END_TEST

START_TEST(who_finds_no_place_is_told_to_come_again)
{
    start("FactorialConcurrency 1\nFactorialQueueTimeout 0\nFactorialTimeout 60\n");
    server_expect(&httpd, "refused: too many large numbers at once");
    server_expect(&httpd, "factorial of 8000000 stopped: the client has gone");
    int fd = connect_and_ask(LONG, 0);
    wait_for_metric("FactorialComputing:", 1);
    answer a = client_send(&httpd, "GET", PATH "100000", "Accept: application/problem+json");
    ck_assert_int_eq(a.status, 503);
    ck_assert_str_eq(a.body, "{\"type\":\"/docs/problems#busy\",\"title\":\"Busy\",\"status\":503,"
                             "\"detail\":\"Too many large numbers at once: try again later\"}\n");
    ck_assert_str_eq(answer_header(&a, "Retry-After"), "1");
    answer_free(&a);
    /* The others notice nothing. */
    assert_answer(PATH "5", 200, "{\"factorial\":120}\n");
    assert_answer(PATH "3000", 200, NULL);
    assert_answer("/health", 200, "UP");
    ck_assert_double_eq(metric("FactorialHealthChecks:"), 1);
    close(fd);
    wait_for_metric("FactorialStoppedGone:", 1);
    wait_for_metric("FactorialMemoryBytes:", 0);
    assert_answer(PATH "100000", 200, NULL);
    stop();
}
END_TEST

START_TEST(the_place_of_a_client_that_has_gone_is_the_next_ones)
{
    start("FactorialConcurrency 1\nFactorialQueueTimeout 60\nFactorialTimeout 60\n");
    server_expect(&httpd, "factorial of 8000000 stopped: the client has gone");
    int fd = connect_and_ask(LONG, 0);
    wait_for_metric("FactorialComputing:", 1);
    int waiting = connect_and_ask(PATH "20000", 0);
    wait_for_metric("FactorialWaiting:", 1);
    close(fd);
    char first[16] = "";
    ck_assert_int_gt(recv(waiting, first, sizeof first - 1, 0), 0);
    ck_assert_str_eq(first, "HTTP/1.1 200 OK");
    close(waiting);
    wait_for_metric("FactorialStoppedGone:", 1);
    wait_for_metric("FactorialMemoryBytes:", 0);
    stop();
}
END_TEST

START_TEST(the_queue_has_an_end)
{
    start("FactorialConcurrency 1\nFactorialQueueTimeout 20\nFactorialTimeout 60\n"
          "FactorialMaxWaiting 1\n");
    server_expect(&httpd, "refused: too many large numbers at once");
    server_expect(&httpd, "stopped: the client has gone");
    int computing = connect_and_ask(LONG, 0);
    wait_for_metric("FactorialComputing:", 1);
    int waiting = connect_and_ask(PATH "20000", 0);
    wait_for_metric("FactorialWaiting:", 1);
    ck_assert_int_eq(status_of(PATH "20000"), 503);
    close(waiting);
    wait_for_metric("FactorialWaiting:", 0);
    close(computing);
    wait_for_metric("FactorialComputing:", 0);
    stop();
}
END_TEST

/* Sends a signal to each child of the server. */
static void signal_children(int signal_number)
{
    char path[64], list[4096] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", httpd.pid, httpd.pid);
    FILE *children = fopen(path, "r");
    ck_assert_ptr_nonnull(children);
    ck_assert_uint_gt(fread(list, 1, sizeof list - 1, children), 0);
    fclose(children);
    char *at = list;
    for (long pid; (pid = strtol(at, &at, 10)) > 0;)
        kill((pid_t)pid, signal_number);
}

/* Were it not, the next request would wait for its turn until FactorialQueueTimeout, and get 503.
 */
START_TEST(what_a_killed_child_held_is_free_again)
{
    start("FactorialConcurrency 1\nFactorialQueueTimeout 15\nFactorialTimeout 60\n");
    server_expect(&httpd, "exit signal Killed");
    server_expect(&httpd, "children are killed successively");
    int fd = connect_and_ask(LONG, 0);
    wait_for_metric("FactorialComputing:", 1);
    signal_children(SIGKILL);
    while (status_of("/health") != 200)
        usleep(20000);
    assert_answer(PATH "20000", 200, NULL);
    close(fd);
    wait_for_metric("FactorialComputing:", 0);
    wait_for_metric("FactorialMemoryBytes:", 0);
    stop();
}
END_TEST

START_TEST(an_answer_that_is_not_taken_is_given_up)
{
    start("FactorialSendTimeout 1\n");
    server_expect(&httpd, "factorial of 100000 aborted: the client does not read the response");
    int fd = connect_and_ask(PATH "100000", 4096); /* 456,574 digits: 4 seconds */
    double before = seconds();
    wait_for_metric("FactorialAbortedSlow:", 1);
    ck_assert(seconds() - before > 2);
    wait_for_metric("FactorialMemoryBytes:", 0);
    wait_for_metric("FactorialBusy:", 0);
    close(fd);
    stop();
}
END_TEST

START_TEST(a_slow_reader_within_the_time_gets_everything)
{
    start("FactorialSendTimeout 30\n");
    char piece[8192];
    size_t total = 0;
    ssize_t got;
    int fd = connect_and_ask(PATH "100000", 4096);
    while (total < 456574 && (got = recv(fd, piece, sizeof piece, 0)) > 0) {
        total += (size_t)got;
        usleep(5000);
    }
    ck_assert_uint_gt(total, 456574);
    close(fd);
    wait_for_metric("FactorialMemoryBytes:", 0);
    stop();
}
END_TEST

/*
 * What httpd may hold, 60,000 bytes, takes it 7 seconds and so longer than Timeout; what the kernel
 * takes from httpd at a time, some 4 KiB, takes half a second.
 */
START_TEST(a_steady_reader_is_not_held_to_httpds_timeout)
{
    enum { DIGITS = 166713, SLOWLY = 72000, PIECE = 2048, PAUSE_MS = 240 };
    start("Timeout 5\nSendBufferSize 2048\n");
    char piece[PIECE];
    size_t total = 0;
    ssize_t got;
    int fd = connect_and_ask(PATH "40000", 2048);
    while (total < DIGITS && (got = recv(fd, piece, sizeof piece, 0)) > 0) {
        total += (size_t)got;
        usleep(total < SLOWLY ? 1000 * PAUSE_MS : 0);
    }
    ck_assert_uint_gt(total, DIGITS);
    close(fd);
    stop();
}
END_TEST

START_TEST(the_end_of_an_answer_does_not_hold_the_whole)
{
    static char taken[400000]; /* of 456,574 digits */
    start("FactorialSendTimeout 60\n");
    int fd = connect_and_ask(PATH "100000", 4096);
    ck_assert_int_eq(recv(fd, taken, sizeof taken, MSG_WAITALL), sizeof taken);
    wait_for_metric("FactorialMemoryBytes:", 0);
    close(fd);
    stop();
}
END_TEST

START_TEST(a_reload_applies_changed_limits)
{
    start("FactorialMemory 1\n");
    assert_answer(PATH "300000", 400, NULL);
    server_reload(&httpd, "status", ENDPOINT "FactorialMemory 512\n");
    long status = 0;
    for (int i = 0; i < 1000 && status != 200; i++)
        status = status_of(PATH "300000");
    ck_assert_int_eq(status, 200);
    wait_for_metric("FactorialMemoryBytes:", 0);
    stop();
}
END_TEST

static void read_log(const char *name, char *text, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", httpd.root, name);
    FILE *log = fopen(path, "r");
    ck_assert_ptr_nonnull(log);
    text[fread(text, 1, size - 1, log)] = '\0';
    fclose(log);
}

START_TEST(notes_tell_a_log_what_was_done)
{
    start("");
    assert_answer(PATH "20", 200, NULL);
    assert_answer(PATH "20000", 200, NULL);
    assert_answer(PATH "x", 400, NULL);
    char text[1024] = "";
    for (int i = 0; i < 3000 && !strstr(text, "400 "); i++) {
        usleep(20000); /* the log is written after the answer */
        read_log("notes.log", text, sizeof text);
    }
    ck_assert_ptr_nonnull(strstr(text, "200 n=20 digits=19 us="));
    ck_assert_ptr_nonnull(strstr(text, "200 n=20000 digits=77338 us="));
    ck_assert_ptr_nonnull(strstr(text, "400 n=- digits=- us=- wait=- reason=-\n"));
    stop();
}
END_TEST

START_TEST(mod_status_shows_the_metrics_on_its_page_too)
{
    start("");
    assert_answer(PATH "20", 200, NULL);
    answer a = client_get(&httpd, "/server-status");
    ck_assert_int_eq(a.status, 200);
    ck_assert_ptr_nonnull(strstr(a.body, "<h2>mod_factorial</h2>"));
    ck_assert_ptr_nonnull(strstr(a.body, "<dt>results sent: 1</dt>"));
    answer_free(&a);
    stop();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("overload");
    TCase *t = tcase_create("overload");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, what_takes_too_long_is_stopped);
    tcase_add_test(t, memory_sets_a_maximum_of_its_own);
    tcase_add_test(t, who_finds_no_place_is_told_to_come_again);
    tcase_add_test(t, the_place_of_a_client_that_has_gone_is_the_next_ones);
    tcase_add_test(t, the_queue_has_an_end);
    tcase_add_test(t, what_a_killed_child_held_is_free_again);
    tcase_add_test(t, an_answer_that_is_not_taken_is_given_up);
    tcase_add_test(t, a_slow_reader_within_the_time_gets_everything);
    tcase_add_test(t, a_steady_reader_is_not_held_to_httpds_timeout);
    tcase_add_test(t, the_end_of_an_answer_does_not_hold_the_whole);
    tcase_add_test(t, a_reload_applies_changed_limits);
    tcase_add_test(t, notes_tell_a_log_what_was_done);
    tcase_add_test(t, mod_status_shows_the_metrics_on_its_page_too);
    suite_add_tcase(s, t);
    return s;
}
