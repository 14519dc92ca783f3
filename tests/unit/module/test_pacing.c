#include "fake_httpd.h"
#include "pacing.h"
#include "process.h"
#include "suite.h"

#include <apr_portable.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint64_t large = 1000000;
static const int64_t SECOND = 1000000;

static factorial_request q;
static int releases;         /* of the digits' block */
static apr_status_t sent;    /* what sending ends with */
static int64_t asking_takes; /* microseconds, to send what httpd holds */

/* No limit follows the wall clock. */
static void set_up(void)
{
    fake_set_up();
    fake_turn_wall_clock();
}

/* A process of the event MPM with two slots for workers, and one for streams. */
static request_rec *paced_request(void)
{
    request_rec *r = fake_request("number=5");
    fake.threads = 8;
    fake.async = true;
    ck_assert(process_prepare(r->server));
    process_init(fake.pool, r->server);
    pacing_register();
    /* Behind all that change a response, before the connection's own. */
    ck_assert_int_eq(fake.filter_type, AP_FTYPE_CONNECTION - 1);
    q = (factorial_request){.r = r};
    releases = 0;
    sent = APR_SUCCESS;
    asking_takes = 0;
    return r;
}

/* httpd's filter of the connection: holds data until it has been asked so often to send it. */
static int asks_until_sent;

static apr_status_t send_held(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    ck_assert_ptr_null(brigade);
    fake.monotonic += asking_takes;
    if (--asks_until_sent <= 0)
        f->c->data_in_output_filters = 0;
    return sent;
}

static void start_pacing(request_rec *r, uint64_t bytes, uint64_t timeout)
{
    static ap_filter_rec_t core_record = {.name = "core", .filter_func.out_func = send_held};
    ap_filter_t *core = apr_pcalloc(r->pool, sizeof *core);
    *core = (ap_filter_t){.frec = &core_record, .c = r->connection};
    r->connection->output_filters = core;
    q.r = r;
    q.plan.digits = bytes;
    q.settings.send_timeout = timeout;
    pacing_start(&q);
    if (r->proto_output_filters)
        r->proto_output_filters->next = core;
}

static void count_release(void *text)
{
    releases++;
}

/* Adds so many bytes to the brigade, as one block that pacing must not keep. */
static void append(apr_bucket_brigade *brigade, size_t bytes)
{
    char *text = apr_palloc(brigade->p, bytes);
    for (size_t i = 0; i < bytes; i++)
        text[i] = (char)('a' + i % 23);
    APR_BRIGADE_INSERT_TAIL(
        brigade, apr_bucket_heap_create(text, bytes, count_release, brigade->bucket_alloc));
}

static apr_bucket_brigade *new_brigade(const request_rec *r)
{
    return apr_brigade_create(r->pool, r->connection->bucket_alloc);
}

static apr_status_t pass(const request_rec *r, apr_bucket_brigade *brigade)
{
    return fake.filter(r->proto_output_filters, brigade);
}

static void append_end(apr_bucket_brigade *brigade)
{
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(brigade->bucket_alloc));
}

/* Sends so many bytes through the filter that pacing_start has added, as httpd would. */
static apr_status_t send_through(request_rec *r, size_t bytes)
{
    apr_bucket_brigade *brigade = new_brigade(r);
    append(brigade, bytes);
    append_end(brigade);
    return pass(r, brigade);
}

START_TEST(parts_of_other_responses_are_not_paced)
{
    request_rec *r = paced_request(), outer = *r;
    r->main = &outer;
    start_pacing(r, large, 10);
    ck_assert_int_eq(fake.filters_added, 0);
    ck_assert(!q.expired);
}
END_TEST

static apr_status_t fail_to_read(apr_bucket *b, const char **data, apr_size_t *length,
                                 apr_read_type_e block)
{
    return APR_EGENERAL;
}

static void keep_bucket(void *bucket)
{
}

/* The bucket's length, and what stands before it. */
static const struct {
    apr_size_t length, before;
} unreadable[] = {{(apr_size_t)-1, 0}, {(apr_size_t)-1, 10}, {10, 0}, {10, 10}};

START_TEST(what_cannot_be_read_ends_the_response)
{
    static const apr_bucket_type_t broken = {"BROKEN",
                                             5,
                                             APR_BUCKET_DATA,
                                             apr_bucket_destroy_noop,
                                             fail_to_read,
                                             apr_bucket_setaside_notimpl,
                                             apr_bucket_split_notimpl,
                                             apr_bucket_copy_notimpl};
    request_rec *r = paced_request();
    start_pacing(r, large, 10);
    apr_bucket_brigade *brigade = new_brigade(r);
    apr_bucket b = {.type = &broken, .length = unreadable[_i].length, .free = keep_bucket};
    if (unreadable[_i].before)
        append(brigade, unreadable[_i].before);
    APR_BRIGADE_INSERT_TAIL(brigade, &b);
    append_end(brigade);
    ck_assert_int_eq(pass(r, brigade), APR_EGENERAL);
    ck_assert_int_eq(fake.passes, 0);
    ck_assert(!q.expired);
}
END_TEST

START_TEST(what_httpd_takes_without_waiting_is_passed_on_as_one_bucket)
{
    request_rec *r = paced_request();
    start_pacing(r, 50000, 10);
    apr_bucket_brigade *brigade = new_brigade(r);
    append(brigade, 100); /* headers */
    ck_assert_int_eq(pass(r, brigade), APR_SUCCESS);
    ck_assert_int_eq(fake.passes, 0);
    append(brigade, 20000);
    append(brigade, 30000);
    append_end(brigade);
    ck_assert_int_eq(pass(r, brigade), APR_SUCCESS);
    ck_assert_int_eq(fake.passes, 1);
    ck_assert_int_eq(fake.data_buckets, 1);
    ck_assert_int_eq(fake.ends, 1);
    ck_assert_int_eq(releases, 3);
    ck_assert_uint_eq(strlen(fake.body), 50100);
    ck_assert(!q.slot.taken);
}
END_TEST

START_TEST(a_flush_is_passed_on_at_once)
{
    request_rec *r = paced_request();
    start_pacing(r, large, 10);
    apr_bucket_brigade *brigade = new_brigade(r);
    append(brigade, 100);
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(brigade->bucket_alloc));
    append(brigade, 200);
    ck_assert_int_eq(pass(r, brigade), APR_SUCCESS);
    ck_assert_int_eq(fake.flushes, 1);
    ck_assert_uint_eq(strlen(fake.body), 100);
    ck_assert_int_eq(send_through(r, 300), APR_SUCCESS);
    ck_assert_uint_eq(strlen(fake.body), 600);
    brigade = new_brigade(r);
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(brigade->bucket_alloc));
    ck_assert_int_eq(pass(r, brigade), APR_SUCCESS);
    ck_assert_int_eq(fake.flushes, 2);
    ck_assert_int_eq(fake.data_buckets, 2);
}
END_TEST

/* FlushMaxThreshold and the largest chunk that httpd takes without waiting. */
static const struct {
    size_t threshold, chunk;
} chunks[] = {{65535, 60000}, {1 << 20, 60000}, {12000, 11000}, {1, 1024}};

START_TEST(a_large_response_is_passed_on_in_chunks_and_whole)
{
    request_rec *r = paced_request();
    fake.core->flush_max_threshold = chunks[_i / 2].threshold;
    ck_assert_int_eq(apr_socket_create(&fake.socket, APR_INET, SOCK_STREAM, 0, r->pool), 0);
    /* The shortest and the longest that takes 17 chunks. */
    size_t bytes = _i % 2 ? 17 * chunks[_i / 2].chunk : 16 * chunks[_i / 2].chunk + 1;
    start_pacing(r, bytes, 10);
    ck_assert_int_eq(send_through(r, bytes), APR_SUCCESS);
    ck_assert_uint_eq(strlen(fake.body), bytes);
    for (size_t i = 0; i < bytes; i++)
        if (fake.body[i] != (char)('a' + i % 23))
            ck_abort_msg("byte %zu is wrong", i);
    ck_assert_int_eq(fake.passes, 17);
    ck_assert_int_eq(fake.ends, 1);
    ck_assert_int_eq(releases, 1);
    ck_assert(!q.expired);
    apr_socket_close(fake.socket);
}
END_TEST

/* ---- time */

START_TEST(at_the_deadline_the_connection_is_given_up)
{
    fake_stop_clocks();
    request_rec *r = paced_request();
    start_pacing(r, 1000, 10);
    fake.monotonic = 10 * SECOND;
    ck_assert_int_eq(send_through(r, 1000), APR_ECONNABORTED);
    ck_assert(q.expired);
    ck_assert(r->connection->aborted);
    ck_assert_str_eq(fake.body, "");
    ck_assert_int_eq(releases, 1);
}
END_TEST

START_TEST(a_large_response_has_a_second_more_for_each_whole_128_kib)
{
    fake_stop_clocks();
    request_rec *r = paced_request();
    start_pacing(r, (uint64_t)20 * 131072 - 1 + (uint64_t)_i, 10);
    fake.monotonic = 29 * SECOND;
    ck_assert_int_eq(send_through(r, 1000), _i ? APR_SUCCESS : APR_ECONNABORTED);
    ck_assert_int_eq(q.expired, !_i);
}
END_TEST

START_TEST(a_client_that_httpd_has_waited_for_in_vain_is_given_up)
{
    request_rec *r = paced_request();
    start_pacing(r, large, 10);
    fake.pass_result = APR_TIMEUP; /* perhaps a moment before the deadline */
    ck_assert_int_eq(send_through(r, large), APR_ECONNABORTED);
    ck_assert_int_eq(fake.passes, 1);
    ck_assert(q.expired);
    ck_assert(r->connection->aborted);
}
END_TEST

START_TEST(another_error_is_passed_back_as_it_is)
{
    request_rec *r = paced_request();
    start_pacing(r, large, 10);
    fake.pass_result = APR_EPIPE;
    ck_assert_int_eq(send_through(r, large), APR_EPIPE);
    ck_assert_int_eq(fake.passes, 1);
    ck_assert(!q.expired);
}
END_TEST

/* ---- a client that httpd holds data for */

static int client_end;

/* The request's connection is a socket, and httpd holds data until it has been asked so often. */
static void hold_data(request_rec *r, int asks)
{
    int pair[2];
    apr_os_sock_t server_end;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    server_end = pair[0];
    client_end = pair[1];
    ck_assert_int_eq(apr_os_sock_put(&fake.socket, &server_end, r->pool), APR_SUCCESS);
    ck_assert_int_eq(apr_socket_timeout_set(fake.socket, apr_time_from_sec(5)), APR_SUCCESS);
    r->connection->data_in_output_filters = 1;
    asks_until_sent = asks;
}

/* Until the socket takes no more. */
static void fill_socket(void)
{
    static const char some[4096];
    apr_os_sock_t descriptor;
    apr_os_sock_get(&descriptor, fake.socket);
    while (send(descriptor, some, sizeof some, MSG_DONTWAIT) > 0)
        ;
}

static void take_all_slots(void)
{
    while (admission_enter(process->budget, ADMISSION_WORKER, process->here, process->everywhere))
        ;
    while (admission_enter(process->budget, ADMISSION_STREAM, process->streams, process->streams))
        ;
}

static unsigned slots_taken(admission_kind kind)
{
    return admission_sum(process->budget->ledger).busy[kind];
}

START_TEST(a_chunk_waits_with_a_slot_until_httpd_holds_nothing)
{
    request_rec *r = paced_request();
    hold_data(r, 3);
    start_pacing(r, large, 10);
    ck_assert_int_eq(send_through(r, 1000), APR_SUCCESS);
    ck_assert_int_eq(asks_until_sent, 0);
    ck_assert_uint_eq(strlen(fake.body), 1000);
    ck_assert_uint_eq(slots_taken(ADMISSION_WORKER), 1);
    slot_return(&q.slot, r);
    ck_assert_uint_eq(slots_taken(ADMISSION_WORKER), 0);
    close(client_end);
}
END_TEST

START_TEST(an_error_while_it_waits_ends_the_response)
{
    request_rec *r = paced_request();
    hold_data(r, 3);
    start_pacing(r, large, 10);
    sent = APR_ECONNRESET;
    ck_assert_int_eq(send_through(r, 1000), APR_ECONNRESET);
    ck_assert_int_eq(asks_until_sent, 2);
    ck_assert_str_eq(fake.body, "");
    ck_assert(!q.expired);
    close(client_end);
}
END_TEST

/* What httpd buffers for sure is at most the rest of a chunk that it takes at once. */
START_TEST(up_to_half_a_chunk_may_be_buffered_when_the_next_one_is_passed_on)
{
    request_rec *r = paced_request();
    hold_data(r, 3);
    start_pacing(r, large, 10);
    ((process_state *)process)->async = false;
    take_all_slots();
    ck_assert_int_eq(send_through(r, PACING_CHUNK / 2 + (size_t)_i), APR_SUCCESS);
    ck_assert_int_eq(asks_until_sent, 0);
    ((process_state *)process)->async = true;
    r->connection->data_in_output_filters = 1;
    ck_assert_int_eq(send_through(r, 1000), _i ? APR_ECONNABORTED : APR_SUCCESS);
    close(client_end);
}
END_TEST

START_TEST(without_a_slot_no_worker_waits)
{
    request_rec *r = paced_request();
    hold_data(r, 3);
    take_all_slots();
    start_pacing(r, large, 10);
    ck_assert_int_eq(send_through(r, 1000), APR_ECONNABORTED);
    ck_assert_int_eq(asks_until_sent, 3);
    ck_assert(q.expired);
    ck_assert(r->connection->aborted);
    close(client_end);
}
END_TEST

START_TEST(where_each_connection_has_a_worker_waiting_needs_no_slot)
{
    request_rec *r = paced_request();
    hold_data(r, 3);
    take_all_slots();
    ((process_state *)process)->async = false;
    start_pacing(r, large, 10);
    ck_assert_int_eq(send_through(r, 1000), APR_SUCCESS);
    ck_assert_int_eq(asks_until_sent, 0);
    close(client_end);
}
END_TEST

START_TEST(a_stream_needs_a_slot_from_its_second_chunk_on)
{
    conn_rec master = {0};
    request_rec *r = paced_request();
    r->connection->master = &master;
    start_pacing(r, large, 10);
    ck_assert_int_eq(send_through(r, PACING_CHUNK), APR_SUCCESS);
    ck_assert_uint_eq(slots_taken(ADMISSION_STREAM), 0);
    ck_assert_int_eq(send_through(r, 1000), APR_SUCCESS);
    ck_assert_uint_eq(slots_taken(ADMISSION_STREAM), 1);
    ck_assert_uint_eq(slots_taken(ADMISSION_WORKER), 0);
    slot_return(&q.slot, r);
    take_all_slots();
    start_pacing(r, large, 10);
    ck_assert_int_eq(send_through(r, PACING_CHUNK), APR_SUCCESS);
    ck_assert_int_eq(send_through(r, 1000), APR_ECONNABORTED);
    ck_assert(q.expired);
}
END_TEST

/* httpd's Timeout in seconds, and how often it is asked, every five seconds, to send what it holds.
 * The deadline is ten seconds after the start. */
static const struct {
    int timeout, asks;
} waits[] = {{-1, 2}, {0, 0}, {5, 1}, {10, 2}, {30, 2}};

START_TEST(a_silent_client_is_given_up_after_httpds_timeout_and_at_the_deadline)
{
    fake_stop_clocks();
    request_rec *r = paced_request();
    hold_data(r, 1000000);
    fill_socket();
    apr_socket_timeout_set(fake.socket, waits[_i].timeout * SECOND);
    asking_takes = 5 * SECOND;
    start_pacing(r, 1000, 10);
    ck_assert_int_eq(send_through(r, 1000), APR_ECONNABORTED);
    ck_assert_int_eq(1000000 - asks_until_sent, waits[_i].asks);
    ck_assert(q.expired);
    ck_assert(r->connection->aborted);
    ck_assert_str_eq(fake.body, "");
    close(client_end);
}
END_TEST

START_TEST(a_socket_that_httpd_has_closed_ends_the_wait)
{
    request_rec *r = paced_request();
    hold_data(r, 1000000);
    start_pacing(r, large, 10);
    apr_socket_close(fake.socket);
    ck_assert_int_eq(send_through(r, 1000), APR_ECONNABORTED);
    ck_assert(!q.expired);
    ck_assert_str_eq(fake.body, "");
    close(client_end);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("pacing");
    TCase *t = tcase_create("pacing");
    tcase_add_checked_fixture(t, set_up, fake_tear_down);
    tcase_add_test(t, parts_of_other_responses_are_not_paced);
    tcase_add_loop_test(t, what_cannot_be_read_ends_the_response, 0,
                        sizeof unreadable / sizeof *unreadable);
    tcase_add_test(t, what_httpd_takes_without_waiting_is_passed_on_as_one_bucket);
    tcase_add_test(t, a_flush_is_passed_on_at_once);
    tcase_add_loop_test(t, a_large_response_is_passed_on_in_chunks_and_whole, 0,
                        2 * sizeof chunks / sizeof *chunks);
    tcase_add_test(t, at_the_deadline_the_connection_is_given_up);
    tcase_add_loop_test(t, a_large_response_has_a_second_more_for_each_whole_128_kib, 0, 2);
    tcase_add_test(t, a_client_that_httpd_has_waited_for_in_vain_is_given_up);
    tcase_add_test(t, another_error_is_passed_back_as_it_is);
    tcase_add_test(t, a_chunk_waits_with_a_slot_until_httpd_holds_nothing);
    tcase_add_test(t, an_error_while_it_waits_ends_the_response);
    tcase_add_loop_test(t, up_to_half_a_chunk_may_be_buffered_when_the_next_one_is_passed_on, 0, 2);
    tcase_add_test(t, without_a_slot_no_worker_waits);
    tcase_add_test(t, where_each_connection_has_a_worker_waiting_needs_no_slot);
    tcase_add_test(t, a_stream_needs_a_slot_from_its_second_chunk_on);
    tcase_add_loop_test(t, a_silent_client_is_given_up_after_httpds_timeout_and_at_the_deadline, 0,
                        sizeof waits / sizeof *waits);
    tcase_add_test(t, a_socket_that_httpd_has_closed_ends_the_wait);
    suite_add_tcase(s, t);
    return s;
}
