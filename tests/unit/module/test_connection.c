#include "connection.h"
#include "fake_httpd.h"
#include "suite.h"

#include <apr_portable.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static request_rec *r;
static int ours, clients; /* the two ends of the connection */

static void set_up(void)
{
    int end[2];
    fake_set_up();
    r = fake_request(NULL);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    ours = end[0];
    clients = end[1];
    ck_assert_int_eq(apr_os_sock_put(&fake.socket, &ours, fake.pool), APR_SUCCESS);
}

static void tear_down(void)
{
    close(ours);
    close(clients);
    fake_tear_down();
}

START_TEST(the_events_that_came_are_told)
{
    conn_rec *c = r->connection;
    ck_assert_int_eq(connection_poll(c, POLLIN, 0), 0);
    ck_assert_int_eq(connection_poll(c, POLLIN, 1), 0);
    ck_assert_int_eq(connection_poll(c, POLLIN | POLLOUT, 1000), POLLOUT);
    ck_assert_int_eq(write(clients, "x", 1), 1);
    ck_assert_int_eq(connection_poll(c, POLLIN, 1000), POLLIN);
    shutdown(clients, SHUT_RDWR);
    ck_assert(connection_poll(c, POLLIN, 1000) & POLLHUP);
}
END_TEST

START_TEST(a_connection_without_a_socket_has_no_events)
{
    apr_os_sock_t none = -1;
    ck_assert_int_eq(apr_os_sock_put(&fake.socket, &none, fake.pool), APR_SUCCESS);
    ck_assert_int_eq(connection_poll(r->connection, POLLIN, 0), POLLNVAL);
    ck_assert(connection_client_gone(r));
    fake.socket = NULL;
    ck_assert_int_eq(connection_poll(r->connection, POLLIN, 0), 0);
    ck_assert(!connection_client_gone(r));
}
END_TEST

START_TEST(descriptor_0_is_a_socket_too)
{
    apr_os_sock_t first = dup2(ours, 0);
    ck_assert_int_eq(apr_os_sock_put(&fake.socket, &first, fake.pool), APR_SUCCESS);
    ck_assert_int_eq(connection_poll(r->connection, POLLOUT, 0), POLLOUT);
}
END_TEST

static void stay(void)
{
}

static void send_something(void)
{
    ck_assert_int_eq(write(clients, "x", 1), 1);
}

static void stop_sending(void)
{
    shutdown(clients, SHUT_WR);
}

static void go_away(void)
{
    shutdown(clients, SHUT_RDWR);
}

static void abort_connection(void)
{
    r->connection->aborted = 1;
}

static const struct {
    void (*what)(void);
    bool gone;
} ends[] = {{stay, false},
            {send_something, false},
            {stop_sending, true},
            {go_away, true},
            {abort_connection, true}};

START_TEST(a_client_has_gone_once_it_has_closed_its_sending_side)
{
    ends[_i].what();
    ck_assert_int_eq(connection_client_gone(r), ends[_i].gone);
}
END_TEST

START_TEST(a_stream_of_http2_goes_with_its_connection)
{
    conn_rec master = {0};
    r->connection->master = &master;
    go_away(); /* a stream has no socket of its own to look at */
    ck_assert(!connection_client_gone(r));
    master.aborted = 1;
    ck_assert(connection_client_gone(r));
    master.aborted = 0;
    r->connection->aborted = 1;
    ck_assert(connection_client_gone(r));
}
END_TEST

static ap_filter_t *asked;

static apr_status_t core_filter(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    ck_assert_ptr_null(brigade);
    asked = filter;
    return APR_EAGAIN;
}

START_TEST(what_is_held_is_sent_by_the_last_filter)
{
    ap_filter_rec_t record = {.filter_func.out_func = core_filter};
    ap_filter_t core = {.frec = &record}, upper = {.next = &core};
    r->connection->output_filters = &upper;
    ck_assert_int_eq(connection_send_held(r->connection), APR_EAGAIN);
    ck_assert_ptr_eq(asked, &core);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("connection");
    TCase *t = tcase_create("connection");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, the_events_that_came_are_told);
    tcase_add_test(t, a_connection_without_a_socket_has_no_events);
    tcase_add_test(t, descriptor_0_is_a_socket_too);
    tcase_add_loop_test(t, a_client_has_gone_once_it_has_closed_its_sending_side, 0,
                        sizeof ends / sizeof *ends);
    tcase_add_test(t, a_stream_of_http2_goes_with_its_connection);
    tcase_add_test(t, what_is_held_is_sent_by_the_last_filter);
    suite_add_tcase(s, t);
    return s;
}
