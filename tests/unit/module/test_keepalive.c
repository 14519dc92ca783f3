#include "fake_httpd.h"
#include "keepalive.h"
#include "suite.h"

#include <apr_portable.h>
#include <poll.h>
#include <scoreboard.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WAIT_MS = 500,
    KEPT_MOST_MS = 1000,
    SILENT_MS = 20, /* until a client speaks for which httpd waits */
    KEPT_BY_FEW = 3 /* connections, each of which may keep a worker */
};

/* ---- a connection whose other end is the test's */

typedef struct {
    request_rec *request;
    uint64_t wait; /* FactorialKeepAliveWait of its requests, milliseconds */
    apr_socket_t *socket;
    int far_end;
} client;

static int sends;
static bool rest; /* httpd cannot send all that it holds */

static apr_status_t send_held(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    ck_assert_ptr_null(brigade);
    sends++;
    f->c->data_in_output_filters = rest;
    return APR_SUCCESS;
}

static client connect_client(void)
{
    static ap_filter_rec_t core = {.name = "core", .filter_func.out_func = send_held};
    client c = {.request = fake_request("number=5"), .wait = WAIT_MS};
    conn_rec *connection = c.request->connection;
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    apr_os_sock_t near_end = pair[0];
    c.far_end = pair[1];
    apr_pool_create(&connection->pool, fake.pool);
    ck_assert_int_eq(fake.connect(connection, NULL), OK);
    ck_assert_int_eq(apr_os_sock_put(&c.socket, &near_end, fake.pool), APR_SUCCESS);
    connection->output_filters = apr_pcalloc(fake.pool, sizeof *connection->output_filters);
    *connection->output_filters = (ap_filter_t){.frec = &core, .c = connection};
    connection->keepalive = AP_CONN_UNKNOWN; /* as it still is when 304 is decided */
    return c;
}

static void say_something(const client *c)
{
    ck_assert_int_eq(send(c->far_end, "G", 1, 0), 1);
}

static void hear_it(const client *c)
{
    char byte;
    apr_os_sock_t near_end;
    apr_os_sock_get(&near_end, c->socket);
    ck_assert_int_eq(recv(near_end, &byte, 1, 0), 1);
}

/* ---- time, which passes only while httpd waits, or when a test says so */

static const client *speaker; /* sends a byte SILENT_MS after the next wait has begun */

static void pass(int milliseconds)
{
    fake.stopped[CLOCK_REALTIME] += apr_time_from_msec(milliseconds);
}

/* In place of the C library's. */
int poll(struct pollfd *sockets, nfds_t count, int milliseconds)
{
    const struct timespec none = {0};
    int ready = ppoll(sockets, count, &none, NULL);
    if (ready == 0 && !speaker)
        pass(milliseconds);
    if (ready != 0 || !speaker)
        return ready;
    pass(SILENT_MS);
    say_something(speaker);
    speaker = NULL;
    return ppoll(sockets, count, &none, NULL);
}

/* ---- what httpd does */

/* A request that begins so long after the answer before it was sent, and its answer. */
static void serve(const client *c, int milliseconds)
{
    c->request->request_time = apr_time_now() + apr_time_from_msec(milliseconds);
    keepalive_expect(c->request, c->wait);
}

/* APR_EAGAIN for nothing, whichever way the filter says it. */
static apr_status_t read_by(const client *c, ap_input_mode_t mode, apr_read_type_e block)
{
    conn_rec *connection = c->request->connection;
    ap_filter_t f = {.ctx = ap_get_module_config(connection->conn_config, &factorial_module),
                     .c = connection};
    apr_bucket_brigade *brigade = apr_brigade_create(fake.pool, connection->bucket_alloc);
    fake.socket = c->socket;
    apr_status_t status = fake.input_filter(&f, brigade, mode, block, 1);
    ck_assert_int_eq(status, fake.read_result);
    return status == APR_SUCCESS && APR_BRIGADE_EMPTY(brigade) ? APR_EAGAIN : status;
}

/* Whether another request is there; for each answer httpd looks once. */
static apr_status_t look(const client *c)
{
    return read_by(c, AP_MODE_SPECULATIVE, APR_NONBLOCK_READ);
}

/* Milliseconds until the look has found nothing; then the connection leaves its worker. */
static int wait_in_vain(const client *c)
{
    apr_time_t start = apr_time_now();
    fake.reads = 0;
    ck_assert_int_eq(look(c), APR_EAGAIN);
    ck_assert_int_eq(fake.reads, 1);
    int waited = (int)apr_time_as_msec(apr_time_now() - start);
    fake.suspend(c->request->connection, NULL);
    return waited;
}

static bool waits_in_vain(const client *c)
{
    fake.child_status = SERVER_READY;
    int waited = wait_in_vain(c);
    ck_assert_int_eq(fake.child_status, waited ? SERVER_BUSY_KEEPALIVE : SERVER_READY);
    ck_assert(waited == 0 || waited == WAIT_MS);
    return waited > 0;
}

/* Has sent one request and a second one right after the answer to it. */
static client quick_client(void)
{
    client c = connect_client();
    serve(&c, 0);
    ck_assert(!waits_in_vain(&c));
    serve(&c, 0);
    return c;
}

/* One worker of four may be kept; under event or another MPM. */
static void start_process(bool event, int workers)
{
    fake.threads = workers;
    fake.async = event;
    fake.start_process(fake.pool, NULL);
}

static void set_up(void)
{
    fake_set_up();
    fake_stop_clocks();
    sends = 0;
    rest = false;
    keepalive_register();
    start_process(true, 4);
}

static void tear_down(void)
{
    start_process(false, 4);
    fake_tear_down();
}

START_TEST(the_first_request_says_nothing_about_the_client)
{
    client c = connect_client();
    serve(&c, 0);
    ck_assert_int_eq(fake.filters_added, 1);
    ck_assert(!waits_in_vain(&c));
    ck_assert_int_eq(sends, 0);
}
END_TEST

START_TEST(a_quick_client_is_awaited_once_for_each_answer)
{
    client c = quick_client();
    ck_assert(waits_in_vain(&c));
    ck_assert_int_eq(sends, 1); /* what httpd held of the answer */
    ck_assert(!waits_in_vain(&c));
    ck_assert_int_eq(fake.filters_added, 1);
}
END_TEST

START_TEST(a_client_that_took_as_long_as_the_wait_is_not_awaited)
{
    client c = connect_client();
    serve(&c, 0);
    ck_assert_int_eq(look(&c), APR_EAGAIN);
    serve(&c, WAIT_MS);
    ck_assert_int_eq(look(&c), APR_EAGAIN);
    ck_assert_int_eq(sends, 0); /* as before a wait */
    serve(&c, WAIT_MS - 1);
    ck_assert_int_eq(look(&c), APR_EAGAIN);
    ck_assert_int_eq(sends, 1);
}
END_TEST

START_TEST(the_wait_ends_when_the_request_comes)
{
    client c = quick_client();
    apr_time_t start = apr_time_now();
    speaker = &c;
    ck_assert_int_eq(look(&c), APR_SUCCESS);
    ck_assert_int_eq(apr_time_now() - start, apr_time_from_msec(SILENT_MS));
}
END_TEST

START_TEST(the_wait_ends_when_the_client_goes)
{
    client c = quick_client();
    close(c.far_end);
    ck_assert_int_eq(look(&c), APR_EOF);
}
END_TEST

START_TEST(a_request_that_is_there_already_is_found_at_once)
{
    client c = quick_client();
    say_something(&c);
    ck_assert_int_eq(look(&c), APR_SUCCESS);
    ck_assert_int_eq(sends, 0); /* its answer may go with this one */
}
END_TEST

START_TEST(other_reads_are_passed_on)
{
    client c = quick_client();
    apr_time_t start = apr_time_now();
    fake.reads = 0;
    ck_assert_int_eq(read_by(&c, AP_MODE_GETLINE, APR_NONBLOCK_READ), APR_EAGAIN);
    ck_assert_int_eq(read_by(&c, AP_MODE_SPECULATIVE, APR_BLOCK_READ), APR_EAGAIN);
    ck_assert_int_eq(fake.reads, 2);
    ck_assert_int_eq(sends, 0);
    ck_assert_int_eq(apr_time_now(), start);
}
END_TEST

START_TEST(nobody_waits_while_an_answer_is_under_way)
{
    client c = quick_client();
    rest = true;
    ck_assert(!waits_in_vain(&c));
}
END_TEST

START_TEST(some_requests_are_not_for_waiting)
{
    client c = connect_client();
    request_rec *r = c.request, outer = *r;
    conn_rec master = {.keepalive = AP_CONN_KEEPALIVE};
    r->connection->keepalive = AP_CONN_CLOSE;
    serve(&c, 0);
    r->connection->keepalive = AP_CONN_KEEPALIVE;
    r->main = &outer;
    serve(&c, 0);
    r->main = NULL;
    r->connection->master = &master; /* a stream of HTTP/2 */
    serve(&c, 0);
    r->connection->master = NULL;
    start_process(false, 4);
    serve(&c, 0);
    start_process(true, 4);
    c.wait = 0;
    serve(&c, 0);
    ck_assert_int_eq(fake.filters_added, 0);
    c.wait = 1;
    serve(&c, 0);
    ck_assert_int_eq(fake.filters_added, 1);
}
END_TEST

/* One that has its worker to itself: its third request came while that waited. */
static client client_with_worker(void)
{
    client c = quick_client();
    speaker = &c;
    ck_assert_int_eq(look(&c), APR_SUCCESS);
    hear_it(&c);
    serve(&c, 0);
    return c;
}

/* More connections than each could have a worker. */
static void connect_others(void)
{
    for (int i = 0; i < KEPT_BY_FEW; i++)
        connect_client();
}

static void disconnect(const client *c)
{
    apr_pool_destroy(c->request->connection->pool);
}

START_TEST(where_connections_are_few_each_may_keep_a_worker)
{
    client first = client_with_worker(), second = quick_client(), third = connect_client();
    ck_assert(waits_in_vain(&second));
    client fourth = connect_client();
    serve(&second, 0);
    ck_assert(!waits_in_vain(&second));
    disconnect(&third);
    serve(&second, 0);
    ck_assert(waits_in_vain(&second));
    disconnect(&first);
    disconnect(&fourth);
}
END_TEST

START_TEST(what_has_no_worker_is_no_connection_of_the_child)
{
    client first = client_with_worker(), second = quick_client();
    conn_rec stream = *second.request->connection, backend = stream;
    stream.master = second.request->connection;
    backend.outgoing = 1;
    for (int i = 0; i < KEPT_BY_FEW; i++) {
        ck_assert_int_eq(fake.connect(&stream, NULL), OK);
        ck_assert_int_eq(fake.connect(&backend, NULL), OK);
    }
    ck_assert(waits_in_vain(&second));
    disconnect(&first);
}
END_TEST

START_TEST(no_more_workers_are_kept_than_may)
{
    start_process(true, _i);
    connect_others();
    client first = client_with_worker(), second = quick_client();
    ck_assert(!waits_in_vain(&second));
    disconnect(&first);
    serve(&second, 0);
    ck_assert(waits_in_vain(&second));
}
END_TEST

START_TEST(when_there_are_too_many_connections_those_above_the_limit_let_go)
{
    client first = client_with_worker(), second = client_with_worker();
    connect_others();
    ck_assert(!waits_in_vain(&second));
    fake.suspend(second.request->connection, NULL);
    serve(&first, 0);
    ck_assert(waits_in_vain(&first));
}
END_TEST

START_TEST(a_worker_that_its_connection_leaves_is_free)
{
    connect_others();
    client first = client_with_worker(), second = quick_client();
    ck_assert(!waits_in_vain(&second));
    serve(&second, 0);
    fake.suspend(first.request->connection, NULL);
    ck_assert(waits_in_vain(&second));
}
END_TEST

START_TEST(what_is_due_is_due_after_one_answer)
{
    client c = quick_client();
    say_something(&c);
    ck_assert_int_eq(look(&c), APR_SUCCESS);
    hear_it(&c);
    ck_assert(!waits_in_vain(&c)); /* after another handler's answer */
    serve(&c, 0);
    c.wait = 0;
    serve(&c, 0);
    ck_assert(!waits_in_vain(&c));
}
END_TEST

START_TEST(the_wait_is_not_the_requests_time)
{
    client c = quick_client();
    fake.worker.start_time = apr_time_now();
    ck_assert_int_eq(wait_in_vain(&c), WAIT_MS);
    ck_assert_int_eq(fake.worker.start_time, apr_time_now());
}
END_TEST

/* How long a connection is kept so much time after it began to keep its worker. */
static const struct {
    int kept, wait;
} keeping[] = {
    {SILENT_MS, WAIT_MS},
    {KEPT_MOST_MS - WAIT_MS, WAIT_MS},
    {KEPT_MOST_MS - WAIT_MS / 2, WAIT_MS / 2},
    {KEPT_MOST_MS - 1, 1},
    {KEPT_MOST_MS, 0},
    {0, WAIT_MS},
    {-1, 0}, /* the clock was set back */
};

START_TEST(after_a_second_it_is_the_listeners_turn)
{
    client c = client_with_worker();
    pass(keeping[_i].kept - SILENT_MS);
    ck_assert_int_eq(wait_in_vain(&c), keeping[_i].wait);
    serve(&c, 0);
    ck_assert(waits_in_vain(&c) == (keeping[_i].wait < WAIT_MS)); /* begins anew, if it was quick */
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("keepalive");
    TCase *t = tcase_create("keepalive");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, the_first_request_says_nothing_about_the_client);
    tcase_add_test(t, a_quick_client_is_awaited_once_for_each_answer);
    tcase_add_test(t, a_client_that_took_as_long_as_the_wait_is_not_awaited);
    tcase_add_test(t, the_wait_ends_when_the_request_comes);
    tcase_add_test(t, the_wait_ends_when_the_client_goes);
    tcase_add_test(t, a_request_that_is_there_already_is_found_at_once);
    tcase_add_test(t, other_reads_are_passed_on);
    tcase_add_test(t, nobody_waits_while_an_answer_is_under_way);
    tcase_add_test(t, some_requests_are_not_for_waiting);
    tcase_add_test(t, where_connections_are_few_each_may_keep_a_worker);
    tcase_add_test(t, what_has_no_worker_is_no_connection_of_the_child);
    tcase_add_loop_test(t, no_more_workers_are_kept_than_may, 4, 8);
    tcase_add_test(t, when_there_are_too_many_connections_those_above_the_limit_let_go);
    tcase_add_test(t, a_worker_that_its_connection_leaves_is_free);
    tcase_add_test(t, what_is_due_is_due_after_one_answer);
    tcase_add_test(t, the_wait_is_not_the_requests_time);
    tcase_add_loop_test(t, after_a_second_it_is_the_listeners_turn, 0,
                        sizeof keeping / sizeof *keeping);
    suite_add_tcase(s, t);
    return s;
}
