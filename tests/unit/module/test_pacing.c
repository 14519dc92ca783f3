#include "child.h"
#include "fake_httpd.h"
#include "pacing.h"
#include "suite.h"

#include <string.h>
#include <unistd.h>

static const uint64_t large = 1000000;

static request_rec *request_with_timeout(const char *seconds)
{
    request_rec *r = fake_request("number=5");
    void *record = ap_get_module_config(r->per_dir_config, &factorial_module);
    ck_assert_ptr_null(fake_directive(record, "FactorialSendTimeout", seconds));
    pacing_register();
    return r;
}

/* Sends so many bytes through the filter that pacing_start has added, as httpd would. */
static apr_status_t send_through(request_rec *r, size_t bytes)
{
    static ap_filter_rec_t record = {.name = "factorial_pacing"};
    ap_filter_t *f = apr_pcalloc(r->pool, sizeof *f);
    *f = (ap_filter_t){.frec = &record, .ctx = fake.filter_context, .r = r, .c = r->connection};
    r->proto_output_filters = f;
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
    request_rec *r = request_with_timeout("10"), outer = *r;
    pacing_start(r, PACING_FROM - 1);
    ck_assert_int_eq(fake.filters_added, 0);
    r->main = &outer;
    pacing_start(r, large);
    ck_assert_int_eq(fake.filters_added, 0);
    ck_assert(!pacing_expired(r));
}
END_TEST

START_TEST(a_large_answer_is_passed_on_in_pieces_and_whole)
{
    request_rec *r = request_with_timeout("10");
    pacing_start(r, large);
    ck_assert_int_eq(fake.filters_added, 1);
    ck_assert_int_eq(send_through(r, large), APR_SUCCESS);
    ck_assert_uint_eq(strlen(fake.body), large);
    for (size_t i = 0; i < large; i++)
        if (fake.body[i] != (char)('a' + i % 23))
            ck_abort_msg("byte %zu is wrong", i);
    ck_assert_int_eq(fake.passes, 1 + (int)(large / 65536));
    ck_assert_int_eq(fake.ends, 1);
    ck_assert(!pacing_expired(r));
}
END_TEST

START_TEST(all_that_is_charged_to_the_budget_is_paced)
{
    request_rec *r = request_with_timeout("10");
    pacing_start(r, factorial_digit_count(CHILD_SMALL_GMP + 1));
    ck_assert_int_eq(fake.filters_added, 1);
}
END_TEST

START_TEST(past_the_deadline_the_connection_is_given_up)
{
    request_rec *r = request_with_timeout("1");
    pacing_start(r, PACING_FROM);
    usleep(1100000);
    ck_assert_int_eq(send_through(r, PACING_FROM), APR_ECONNABORTED);
    ck_assert(pacing_expired(r));
    ck_assert(r->connection->aborted);
    ck_assert_str_eq(fake.body, "");
}
END_TEST

START_TEST(a_large_answer_has_a_second_more_for_each_128_kib)
{
    request_rec *r = request_with_timeout("1");
    pacing_start(r, (uint64_t)2 * 131072);
    usleep(1100000);
    ck_assert_int_eq(send_through(r, 1000), APR_SUCCESS);
    ck_assert(!pacing_expired(r));
}
END_TEST

START_TEST(a_client_that_httpd_has_waited_for_in_vain_is_given_up)
{
    request_rec *r = request_with_timeout("10");
    pacing_start(r, large);
    fake.pass_result = APR_TIMEUP; /* perhaps a moment before the deadline */
    ck_assert_int_eq(send_through(r, large), APR_ECONNABORTED);
    ck_assert_int_eq(fake.passes, 1);
    ck_assert(pacing_expired(r));
    ck_assert(r->connection->aborted);
}
END_TEST

START_TEST(another_error_is_passed_back_as_it_is)
{
    request_rec *r = request_with_timeout("10");
    pacing_start(r, large);
    fake.pass_result = APR_EPIPE;
    ck_assert_int_eq(send_through(r, large), APR_EPIPE);
    ck_assert_int_eq(fake.passes, 1);
    ck_assert(!pacing_expired(r));
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
    suite_add_tcase(s, t);
    return s;
}
