/* Clients that ask in quick succession on one connection, under event and under the others. */
#include "client.h"
#include "suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ENDPOINT "<Location \"/api/v1/factorial\">\n  Factorial On\n</Location>\n"
#define GET      "GET /api/v1/factorial?number=5 HTTP/1.1\r\nHost: x\r\n\r\n"

static server httpd;

static bool under_event(void)
{
    return !strcmp(server_mpm(), "event");
}

typedef enum { ANSWERED, ANSWERED_AND_CLOSING, NO_ANSWER } result;

static void stop(void)
{
    server_check_log(&httpd);
    server_stop(&httpd);
}

/* One request and its answer, which is small enough to come at once or nearly so. */
static result ask(int fd)
{
    char text[4096];
    size_t length = 0;
    if (send(fd, GET, strlen(GET), MSG_NOSIGNAL) != (ssize_t)strlen(GET))
        return NO_ANSWER;
    do {
        ssize_t got = recv(fd, text + length, sizeof text - 1 - length, 0);
        if (got <= 0)
            return NO_ANSWER;
        length += (size_t)got;
        text[length] = '\0';
    } while (!strstr(text, "{\"factorial\":120}\n"));
    ck_assert_ptr_nonnull(strstr(text, "HTTP/1.1 200"));
    return strstr(text, "Connection: close") ? ANSWERED_AND_CLOSING : ANSWERED;
}

/* ---- who answers */

enum { REQUESTS = 20, FEW = 5 };

/* How many workers have answered the requests, as soon as the log has them all. */
static int workers_in_log(void)
{
    char worker[REQUESTS][40];
    char path[128];
    int lines = 0, workers = 0;
    snprintf(path, sizeof path, "%s/workers", httpd.root);
    for (int i = 0; i < 1000 && lines < REQUESTS; i++) {
        FILE *file = fopen(path, "r");
        ck_assert_ptr_nonnull(file);
        for (lines = 0; lines < REQUESTS && fgets(worker[lines], sizeof *worker, file);)
            lines++;
        fclose(file);
        usleep(lines < REQUESTS ? 50000 : 0);
    }
    ck_assert_int_eq(lines, REQUESTS);
    for (int i = 0; i < REQUESTS; i++) {
        bool known = false;
        for (int j = 0; j < i; j++)
            known |= !strcmp(worker[j], worker[i]);
        workers += !known;
    }
    return workers;
}

static const struct {
    const char *wait;
    int pause_ms; /* between an answer and the next request */
    bool few;     /* workers answer, under event; under the others it is one in any case */
} habits[] = {
    {"1000", 0, true},
    {"1000", 20, true},
    {"1", 20, false},
    {"0", 0, false},
};

enum { HABITS = sizeof habits / sizeof *habits };

START_TEST(a_quick_client_keeps_its_worker)
{
    char configuration[512];
    snprintf(configuration, sizeof configuration,
             ENDPOINT "LogFormat \"%%{tid}P\" worker\nCustomLog @ROOT@/workers worker\n"
                      "FactorialKeepAliveWait %s\n",
             habits[_i].wait);
    httpd = server_start("", configuration);
    int fd = client_connect(&httpd, 0);
    for (int i = 0; i < REQUESTS; i++) {
        ck_assert_int_eq(ask(fd), ANSWERED);
        usleep((useconds_t)(1000 * habits[_i].pause_ms));
    }
    int workers = workers_in_log();
    if (!under_event())
        ck_assert_int_eq(workers, 1);
    else if (habits[_i].few)
        ck_assert_int_le(workers, FEW);
    else
        ck_assert_int_gt(workers, FEW);
    close(fd);
    stop();
}
END_TEST

/* ---- who else is answered */

enum { CLIENTS = 12, OTHERS = 100 }; /* three clients for each worker */

typedef struct {
    atomic_bool *over;
    atomic_int answers;
    result last;
} quick_client;

/* Asks without a pause, on a new connection whenever the server has closed one. */
static void *ask_without_pause(void *argument)
{
    quick_client *c = argument;
    while (!atomic_load(c->over)) {
        int fd = client_connect(&httpd, 0);
        do {
            c->last = ask(fd);
            c->answers += c->last != NO_ANSWER;
        } while (c->last == ANSWERED && !atomic_load(c->over));
        close(fd);
    }
    return NULL;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * Were no worker left, an answer would not come as long as the quick clients ask. Other MPMs than
 * event have a worker for each connection, or have most of these wait for one.
 */
START_TEST(quick_clients_leave_workers_for_others)
{
    atomic_bool over = false;
    quick_client quick[CLIENTS];
    pthread_t thread[CLIENTS];
    if (!under_event())
        return;
    httpd = server_start("", ENDPOINT "ServerLimit 1\nThreadsPerChild 4\nMaxRequestWorkers 4\n"
                                      "FactorialKeepAliveWait 1000\nMaxKeepAliveRequests 0\n");
    server_expect(&httpd, "MaxRequestWorkers setting");
    for (int i = 0; i < CLIENTS; i++) {
        quick[i] = (quick_client){.over = &over};
        ck_assert_int_eq(pthread_create(&thread[i], NULL, ask_without_pause, &quick[i]), 0);
    }
    for (int i = 0; i < OTHERS; i++) {
        int fd = client_connect(&httpd, 0);
        ck_assert_int_ne(ask(fd), NO_ANSWER);
        close(fd);
        usleep(20000);
    }
    for (int i = 0; i < CLIENTS; i++)
        while (quick[i].answers <= 10)
            usleep(10000);
    atomic_store(&over, true);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(thread[i], NULL);
    stop();
}
END_TEST

/* Event closes what is parked with it while no worker is idle. */
static void serve_a_slow_client_beside(int clients)
{
    atomic_bool over = false;
    quick_client quick[CLIENTS];
    pthread_t thread[CLIENTS];
    httpd = server_start("", ENDPOINT "ServerLimit 1\nThreadsPerChild 16\nMaxRequestWorkers 16\n"
                                      "MaxKeepAliveRequests 0\n");
    server_expect(&httpd, "MaxRequestWorkers setting");
    for (int i = 0; i < clients; i++) {
        quick[i] = (quick_client){.over = &over};
        ck_assert_int_eq(pthread_create(&thread[i], NULL, ask_without_pause, &quick[i]), 0);
    }
    int fd = client_connect(&httpd, 0);
    for (int i = 0; i < REQUESTS; i++) {
        ck_assert_int_eq(ask(fd), ANSWERED);
        usleep(50000);
    }
    close(fd);
    atomic_store(&over, true);
    for (int i = 0; i < clients; i++) {
        pthread_join(thread[i], NULL);
        ck_assert_int_eq(quick[i].last, ANSWERED);
    }
    stop();
}

START_TEST(a_slow_client_loses_nothing_beside_quick_ones)
{
    if (!under_event())
        return;
    serve_a_slow_client_beside(11);      /* with them three quarters of the workers */
    serve_a_slow_client_beside(CLIENTS); /* more */
}
END_TEST

START_TEST(neither_restart_nor_stop_waits_for_a_quick_client)
{
    /* The other MPMs wait for the client themselves when they stop, as long as KeepAliveTimeout
     * says. */
    const char *patience = under_event() ? "KeepAliveTimeout 300\n" : "KeepAliveTimeout 5\n";
    char configuration[512];
    snprintf(configuration, sizeof configuration,
             ENDPOINT "FactorialKeepAliveWait 1000\nMaxKeepAliveRequests 0\n%s", patience);
    httpd = server_start("", configuration);
    int fd = client_connect(&httpd, 0);
    result last = ANSWERED;
    for (int i = 0; i < REQUESTS; i++)
        ck_assert_int_eq(ask(fd), ANSWERED);
    server_reload(&httpd, "", configuration);
    double start = seconds();
    while (last == ANSWERED && seconds() - start < 60)
        last = ask(fd);
    ck_assert_int_ne(last, ANSWERED);
    close(fd);

    fd = client_connect(&httpd, 0);
    for (int i = 0; i < REQUESTS; i++)
        ck_assert_int_eq(ask(fd), ANSWERED);
    start = seconds();
    stop(); /* while a worker waits */
    ck_assert(seconds() - start < 100);
    close(fd);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("keepalive");
    TCase *t = tcase_create("keepalive");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_quick_client_keeps_its_worker, 0, HABITS);
    tcase_add_test(t, quick_clients_leave_workers_for_others);
    tcase_add_test(t, a_slow_client_loses_nothing_beside_quick_ones);
    tcase_add_test(t, neither_restart_nor_stop_waits_for_a_quick_client);
    suite_add_tcase(s, t);
    return s;
}
