#include "engine/digit_count.h"
#include "engine/factorial.h"
#include "suite.h"

#include <fenv.h>
#include <gmp.h>

START_TEST(the_count_is_right_for_every_n_up_to_20000)
{
    mpz_t x, power; /* n! and the smallest power of ten above it */
    mpz_init_set_ui(x, 1);
    mpz_init_set_ui(power, 10);
    uint64_t count = 1;
    unsigned long top = suite_under_valgrind() ? 2000 : 20000;
    for (unsigned long n = 0; n <= top; n++) {
        if (n > 0)
            mpz_mul_ui(x, x, n);
        for (; mpz_cmp(x, power) >= 0; count++)
            mpz_mul_ui(power, power, 10);
        ck_assert_uint_eq(factorial_digit_count(n), count);
    }
    mpz_clears(x, power, NULL);
}
END_TEST

/* Numbers whose logarithms come near to an integer. */
START_TEST(the_count_is_the_same_in_every_rounding_mode)
{
    static const uint64_t n[] = {12861320, 21603225, 54528830, 1000000, FACTORIAL_LIMIT};
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++)
        for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
            uint64_t expected = factorial_digit_count(n[i]);
            fesetround(modes[m]);
            uint64_t count = factorial_digit_count(n[i]);
            fesetround(FE_TONEAREST);
            ck_assert_uint_eq(count, expected);
        }
}
END_TEST

/*
 * n! = m 10^(count - 1) with 1 <= m < 10, m kept in extended precision: two roundings a step, so
 * that even after 10^8 steps m is right to 2e-11. As m never comes nearer than 1e-8 to 1 or to 10,
 * the walk's own count is certain, and so is that log10 n! is never within 4e-9 of an integer.
 */
START_TEST(the_count_is_right_for_every_n_up_to_the_limit)
{
    long double m = 6;
    uint64_t count = 1;
    for (uint64_t n = 4; n <= FACTORIAL_LIMIT; n++) {
        m *= (long double)n;
        while (m >= 1e4L) {
            m /= 1e4L;
            count += 4;
        }
        while (m >= 10) {
            m /= 10;
            count++;
        }
        if (m < 1 + 1e-8L || m > 10 - 1e-7L || factorial_digit_count(n) != count)
            ck_abort_msg("n = %lu: m = %.12Lf, %lu digits by the walk, %lu by the formula",
                         (unsigned long)n, m, (unsigned long)count,
                         (unsigned long)factorial_digit_count(n));
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("digit_count");
    TCase *t = tcase_create("digit_count");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, the_count_is_right_for_every_n_up_to_20000);
    tcase_add_test(t, the_count_is_the_same_in_every_rounding_mode);
    /* Valgrind computes long doubles in 64 bits. */
    if (!suite_under_valgrind())
        tcase_add_test(t, the_count_is_right_for_every_n_up_to_the_limit);
    suite_add_tcase(s, t);
    return s;
}
