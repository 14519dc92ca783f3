#include "fake_httpd.h"
#include "pacing.h"
#include "process.h"
#include "suite.h"

#include <apr_portable.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint64_t large = 1000000;

static request_rec *paced_request(void)
{
    pacing_register();
    return fake_request("number=5");
}

/* httpd's filter of the connection: holds data until it has been asked so often to send it. */
static int asks_until_sent;

static apr_status_t send_held(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    ck_assert_ptr_null(brigade);
    if (--asks_until_sent <= 0)
        f->c->data_in_output_filters = 0;
    return APR_SUCCESS;
}

/* Sends so many bytes through the filter that pacing_start has added, as httpd would. */
static apr_status_t send_through(request_rec *r, size_t bytes)
{
    static ap_filter_rec_t record = {.name = "factorial_pacing"};
    static ap_filter_rec_t core_record = {.name = "core", .filter_func.out_func = send_held};
    ap_filter_t *f = apr_pcalloc(r->pool, sizeof *f), *core = apr_pcalloc(r->pool, sizeof *core);
    *core = (ap_filter_t){.frec = &core_record, .c = r->connection};
    *f = (ap_filter_t){
        .frec = &record, .ctx = fake.filter_context, .next = core, .r = r, .c = r->connection};
    r->proto_output_filters = f;
    r->connection->output_filters = core;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    char *text = apr_palloc(r->pool, bytes);
    for (size_t i = 0; i < bytes; i++)
        text[i] = (char)('a' + i % 23);
    APR_BRIGADE_INSERT_TAIL(brigade,
                            apr_bucket_immortal_create(text, bytes, r->connection->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(r->connection->bucket_alloc));
    return fake.filter(f, brigade);
}

START_TEST(small_answers_and_parts_of_others_are_not_paced)
{
    request_rec *r = paced_request(), outer = *r;
    pacing_start(r, PACING_FROM - 1, 10);
    ck_assert_int_eq(fake.filters_added, 0);
    r->main = &outer;
    pacing_start(r, large, 10);
    ck_assert_int_eq(fake.filters_added, 0);
    ck_assert(!pacing_expired(r));
}
END_TEST

START_TEST(a_large_answer_is_passed_on_in_pieces_and_whole)
{
    request_rec *r = paced_request();
    pacing_start(r, large, 10);
    ck_assert_int_eq(fake.filters_added, 1);
    ck_assert_int_eq(send_through(r, large), APR_SUCCESS);
    ck_assert_uint_eq(strlen(fake.body), large);
    for (size_t i = 0; i < large; i++)
        if (fake.body[i] != (char)('a' + i % 23))
            ck_abort_msg("byte %zu is wrong", i);
    ck_assert_int_eq(fake.passes, 1 + (int)(large / 60000));
    ck_assert_int_eq(fake.ends, 1);
    ck_assert(!pacing_expired(r));
}
END_TEST

START_TEST(all_that_is_charged_to_the_budget_is_paced)
{
    request_rec *r = paced_request();
    pacing_start(r, factorial_digit_count(PROCESS_SMALL_GMP + 1), 10);
    ck_assert_int_eq(fake.filters_added, 1);
}
END_TEST

START_TEST(past_the_deadline_the_connection_is_given_up)
{
    request_rec *r = paced_request();
    pacing_start(r, PACING_FROM, 1);
    usleep(1100000);
    ck_assert_int_eq(send_through(r, PACING_FROM), APR_ECONNABORTED);
    ck_assert(pacing_expired(r));
    ck_assert(r->connection->aborted);
    ck_assert_str_eq(fake.body, "");
}
END_TEST

START_TEST(a_large_answer_has_a_second_more_for_each_128_kib)
{
    request_rec *r = paced_request();
    pacing_start(r, (uint64_t)2 * 131072, 1);
    usleep(1100000);
    ck_assert_int_eq(send_through(r, 1000), APR_SUCCESS);
    ck_assert(!pacing_expired(r));
}
END_TEST

START_TEST(a_client_that_httpd_has_waited_for_in_vain_is_given_up)
{
    request_rec *r = paced_request();
    pacing_start(r, large, 10);
    fake.pass_result = APR_TIMEUP; /* perhaps a moment before the deadline */
    ck_assert_int_eq(send_through(r, large), APR_ECONNABORTED);
    ck_assert_int_eq(fake.passes, 1);
    ck_assert(pacing_expired(r));
    ck_assert(r->connection->aborted);
}
END_TEST

START_TEST(another_error_is_passed_back_as_it_is)
{
    request_rec *r = paced_request();
    pacing_start(r, large, 10);
    fake.pass_result = APR_EPIPE;
    ck_assert_int_eq(send_through(r, large), APR_EPIPE);
    ck_assert_int_eq(fake.passes, 1);
    ck_assert(!pacing_expired(r));
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

START_TEST(a_piece_waits_until_httpd_holds_nothing)
{
    request_rec *r = paced_request();
    hold_data(r, 3);
    pacing_start(r, large, 10);
    ck_assert_int_eq(send_through(r, 1000), APR_SUCCESS);
    ck_assert_int_eq(asks_until_sent, 0);
    ck_assert_uint_eq(strlen(fake.body), 1000);
    close(client_end);
}
END_TEST

START_TEST(a_client_that_takes_nothing_is_given_up)
{
    request_rec *r = paced_request();
    hold_data(r, 1000000);
    fill_socket();
    apr_socket_timeout_set(fake.socket, apr_time_from_msec(300)); /* httpd's Timeout */
    pacing_start(r, large, 10);
    ck_assert_int_eq(send_through(r, 1000), APR_ECONNABORTED);
    ck_assert(pacing_expired(r));
    ck_assert(r->connection->aborted);
    ck_assert_str_eq(fake.body, "");
    close(client_end);
}
END_TEST

START_TEST(a_socket_that_httpd_has_closed_ends_the_wait)
{
    request_rec *r = paced_request();
    hold_data(r, 1000000);
    pacing_start(r, large, 10);
    apr_socket_close(fake.socket);
    ck_assert_int_eq(send_through(r, 1000), APR_ECONNABORTED);
    ck_assert(!pacing_expired(r));
    ck_assert_str_eq(fake.body, "");
    close(client_end);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("pacing");
    TCase *t = tcase_create("pacing");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_test(t, small_answers_and_parts_of_others_are_not_paced);
    tcase_add_test(t, a_large_answer_is_passed_on_in_pieces_and_whole);
    tcase_add_test(t, all_that_is_charged_to_the_budget_is_paced);
    tcase_add_test(t, past_the_deadline_the_connection_is_given_up);
    tcase_add_test(t, a_large_answer_has_a_second_more_for_each_128_kib);
    tcase_add_test(t, a_client_that_httpd_has_waited_for_in_vain_is_given_up);
    tcase_add_test(t, another_error_is_passed_back_as_it_is);
    tcase_add_test(t, a_piece_waits_until_httpd_holds_nothing);
    tcase_add_test(t, a_client_that_takes_nothing_is_given_up);
    tcase_add_test(t, a_socket_that_httpd_has_closed_ends_the_wait);
    suite_add_tcase(s, t);
    return s;
}
