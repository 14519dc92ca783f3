#include "engine/digit_count.h"
#include "engine/factorial.h"
#include "engine/summary.h"
#include "suite.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

/* The leading digits are those of `factorial`, cut, and the count puts the point in its place. */
static void assert_leading(const mpz_t factorial, const factorial_summary *s)
{
    mpz_t low, high;
    mpz_inits(low, high, NULL);
    mpz_ui_pow_ui(high, 10, s->digits - FACTORIAL_LEADING_DIGITS);
    mpz_set_str(low, s->leading, 10);
    mpz_mul(low, low, high);
    mpz_add(high, high, low);
    ck_assert_msg(strlen(s->leading) == FACTORIAL_LEADING_DIGITS && s->leading[0] != '0' &&
                      mpz_cmp(low, factorial) <= 0 && mpz_cmp(factorial, high) < 0,
                  "n = %lu: not %s and %lu digits", (unsigned long)s->n, s->leading,
                  (unsigned long)s->digits);
    mpz_clears(low, high, NULL);
}

START_TEST(a_factorial_of_up_to_20_digits_is_given_whole)
{
    static const struct {
        uint64_t n, digits, zeros;
        const char *leading;
    } cases[] = {{0, 1, 0, "1"},
                 {1, 1, 0, "1"},
                 {3, 1, 0, "6"},
                 {5, 3, 1, "120"},
                 {10, 7, 2, "3628800"},
                 {20, 19, 4, "2432902008176640000"},
                 {21, 20, 4, "51090942171709440000"},
                 {22, 22, 4, "11240007277776076800"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        factorial_summary s;
        factorial_summarize(cases[i].n, &s);
        ck_assert_uint_eq(s.n, cases[i].n);
        ck_assert_uint_eq(s.digits, cases[i].digits);
        ck_assert_uint_eq(s.trailing_zeros, cases[i].zeros);
        ck_assert_str_eq(s.leading, cases[i].leading);
    }
}
END_TEST

/* The first precision leaves nine of these undecided. */
START_TEST(every_n_up_to_5000_is_as_the_exact_factorial)
{
    uint64_t zeros = 0, top = suite_under_valgrind() ? 1800 : 5000;
    mpz_t factorial;
    mpz_init_set_ui(factorial, 1);
    for (uint64_t n = 1; n <= top; n++) {
        mpz_mul_ui(factorial, factorial, n);
        for (uint64_t rest = n; rest % 5 == 0; rest /= 5)
            zeros++;
        factorial_summary s;
        factorial_summarize(n, &s);
        ck_assert_uint_eq(s.trailing_zeros, zeros);
        if (s.digits >= FACTORIAL_LEADING_DIGITS)
            assert_leading(factorial, &s);
    }
    mpz_clear(factorial);
}
END_TEST

/*
 * Multiplies on with the first 60 digits of an interval that contains n!. In a million steps its
 * ends drift apart in the 54th digit, so that both begin with the same 20.
 */
START_TEST(n_up_to_a_million_are_as_the_product_of_all_numbers)
{
    static const uint64_t base = 1000000;
    uint64_t dropped = 0, top = suite_under_valgrind() ? 10000 : 1000000;
    mpz_t low, high;
    mpz_init_set_ui(low, 1);
    mpz_init_set_ui(high, 1);
    for (uint64_t n = 1; n <= top; n++) {
        mpz_mul_ui(low, low, n);
        mpz_mul_ui(high, high, n);
        for (; mpz_sizeinbase(low, 10) > 66; dropped += 6) {
            mpz_fdiv_q_ui(low, low, base);
            mpz_cdiv_q_ui(high, high, base);
        }
        if (n < 5000 || n % 10 != 0)
            continue;
        char text[80], upper[80];
        mpz_get_str(text, 10, low);
        mpz_get_str(upper, 10, high);
        ck_assert(!strncmp(text, upper, FACTORIAL_LEADING_DIGITS) && strlen(text) == strlen(upper));
        factorial_summary s;
        factorial_summarize(n, &s);
        ck_assert_uint_eq(s.digits, dropped + strlen(text));
        text[FACTORIAL_LEADING_DIGITS] = '\0';
        ck_assert_str_eq(s.leading, text);
    }
    mpz_clears(low, high, NULL);
}
END_TEST

/*
 * From PARI/GP: lngamma(n + 1) / log(10) with 120 digits. The first precision does not decide
 * 128,923,884, 32,474,572,201, 498,565,948,772 and 85,734,099,966,664.
 */
START_TEST(n_far_above_any_computed_factorial_are_as_pari_has_them)
{
    static const struct {
        uint64_t n, digits;
        const char *leading;
    } cases[] = {
        {434785u, 2262616u, "49347279825899377572"},
        {8675309u, 56424131u, "85985029357559456122"},
        {100000000u, 756570557u, "16172037949214623863"},
        {128923884u, 989624754u, "10601868970988170342"},
        {1000000000u, 8565705523u, "99046265792229937372"},
        {4294967295u, 39507966967u, "51659809817843134426"},
        {4294967296u, 39507966977u, "22187719368521597961"},
        {32474572201u, 327254348840u, "37368298486117819010"},
        {498565948772u, 5615561732905u, "34489458987749168779"},
        {1000000000000u, 11565705518104u, "14036611603737560907"},
        {70368744177663u, 943861969420545u, "17028508015322517216"},
        {70368744177664u, 943861969420559u, "11982747242575311394"},
        {85734099966664u, 1157312536467214u, "78684877918141699279"},
        {99999999999999u, 1356570551809669u, "16456020559872978883"},
        {100000000000000u, 1356570551809683u, "16456020559872978883"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        factorial_summary s;
        factorial_summarize(cases[i].n, &s);
        ck_assert_uint_eq(s.digits, cases[i].digits);
        ck_assert_str_eq(s.leading, cases[i].leading);
    }
}
END_TEST

static size_t longest; /* bytes that GMP has asked for at once */

static void *note_allocation(size_t bytes)
{
    longest = bytes > longest ? bytes : longest;
    return malloc(bytes);
}

static void *note_reallocation(void *block, size_t before, size_t after)
{
    longest = after > longest ? after : longest;
    return realloc(block, after);
}

static void free_block(void *block, size_t bytes)
{
    free(block);
}

/* A larger bound of the error would take twice the precision, and again. */
START_TEST(the_first_precision_decides_the_largest_n)
{
    factorial_summary s;
    mp_set_memory_functions(note_allocation, note_reallocation, free_block);
    factorial_summarize(FACTORIAL_SUMMARY_LIMIT, &s);
    mp_set_memory_functions(NULL, NULL, NULL);
    ck_assert_uint_gt(longest, 0);
    ck_assert_uint_le(longest, 144); /* it takes 96, or 288 with a second precision */
}
END_TEST

/* (n + 1)! = (n + 1) n!: the two intervals that 20 digits stand for must meet. */
START_TEST(a_factorial_is_the_one_before_times_n)
{
    mpz_t before, after, power;
    mpz_inits(before, after, power, NULL);
    srand(20260102);
    int count = suite_under_valgrind() ? 100 : 3000;
    for (int i = 0; i < count; i++) {
        uint64_t n = ((uint64_t)rand() << 31 | (uint64_t)rand()) % FACTORIAL_SUMMARY_LIMIT;
        n >>= rand() % 37;
        if (n < 25)
            continue;
        factorial_summary s, next;
        factorial_summarize(n, &s);
        factorial_summarize(n + 1, &next);
        mpz_set_str(before, s.leading, 10);
        mpz_mul_ui(before, before, n + 1);
        mpz_set_str(after, next.leading, 10);
        mpz_ui_pow_ui(power, 10, next.digits - s.digits);
        mpz_mul(after, after, power);
        mpz_add(power, power, after); /* the end of the interval after n + 1 */
        ck_assert_int_lt(mpz_cmp(before, power), 0);
        mpz_add_ui(before, before, n + 1); /* the end of n's interval, multiplied */
        ck_assert_int_lt(mpz_cmp(after, before), 0);
    }
    mpz_clears(before, after, power, NULL);
}
END_TEST

START_TEST(the_count_is_that_of_factorial_digit_count)
{
    srand(20260103);
    int count = suite_under_valgrind() ? 100 : 3000;
    for (int i = 0; i < count; i++) {
        uint64_t n = (uint64_t)rand() % (FACTORIAL_LIMIT + 1);
        factorial_summary s;
        factorial_summarize(n, &s);
        ck_assert_uint_eq(s.digits, factorial_digit_count(n));
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("summary");
    TCase *t = tcase_create("summary");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_factorial_of_up_to_20_digits_is_given_whole);
    tcase_add_test(t, every_n_up_to_5000_is_as_the_exact_factorial);
    tcase_add_test(t, n_up_to_a_million_are_as_the_product_of_all_numbers);
    tcase_add_test(t, n_far_above_any_computed_factorial_are_as_pari_has_them);
    tcase_add_test(t, the_first_precision_decides_the_largest_n);
    tcase_add_test(t, a_factorial_is_the_one_before_times_n);
    tcase_add_test(t, the_count_is_that_of_factorial_digit_count);
    suite_add_tcase(s, t);
    return s;
}
