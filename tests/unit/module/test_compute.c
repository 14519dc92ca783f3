#include "compute.h"
#include "fake_httpd.h"
#include "suite.h"

#include <string.h>
#include <sys/resource.h>

START_TEST(digits_are_the_callers_until_released)
{
    char *digits = NULL;
    ck_assert_int_eq(compute_digits(fake_request(NULL), 20, 19, &digits), FACTORIAL_OK);
    ck_assert(!memcmp(digits, "2432902008176640000", 19));
    compute_release(digits);
}
END_TEST

START_TEST(no_memory_is_an_error_and_a_line_in_the_log)
{
    struct rlimit small = {64 << 20, 64 << 20};
    char *digits = NULL;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &small), 0);
    uint64_t n = 50000000;
    factorial_status status =
        compute_digits(fake_request(NULL), n, factorial_digit_count(n), &digits);
    ck_assert_int_eq(status, FACTORIAL_OUT_OF_MEMORY);
    ck_assert_ptr_null(digits);
    ck_assert_int_eq(fake.log_lines, 1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("compute");
    TCase *t = tcase_create("compute");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_test(t, digits_are_the_callers_until_released);
    if (!suite_sanitized() && !suite_under_valgrind())
        tcase_add_test(t, no_memory_is_an_error_and_a_line_in_the_log);
    suite_add_tcase(s, t);
    return s;
}
