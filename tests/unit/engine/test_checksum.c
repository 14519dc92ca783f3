#include "engine/checksum.h"
#include "engine/kernel/dispatch.h"
#include "suite.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

static factorial_job job;

static void set_up(void)
{
    job = (factorial_job){.threads = 2, .pool = factorial_pool_create(1, false, NULL, NULL)};
}

static void tear_down(void)
{
    factorial_pool_destroy(job.pool);
}

static const uint64_t modulus = ((uint64_t)1 << 61) - 1;

START_TEST(of_a_factorial_it_is_the_product_of_all_numbers)
{
    enum { LARGEST = 3000 };
    uint64_t expected = 1;
    for (uint64_t n = 1; n <= LARGEST; n++) {
        expected = (uint64_t)((unsigned __int128)expected * n % modulus);
        ck_assert_uint_eq(checksum_of_factorial(&job, n), expected);
    }
    for (uint64_t n = LARGEST + 1; n <= 3000000; n++)
        expected = (uint64_t)((unsigned __int128)expected * n % modulus);
    ck_assert_uint_eq(checksum_of_factorial(&job, 3000000), expected);
}
END_TEST

/* The kernel that the index names; NULL is none, the last index. */
enum { READERS = 3 };

static const kernel *reader(int index)
{
    return index + 1 < READERS ? dispatch_available((unsigned)index) : NULL;
}

static uint64_t by_division(const char *digits, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = (value * 5 % modulus * 2 + (uint64_t)(digits[i] - '0')) % modulus;
    return value;
}

START_TEST(of_a_text_it_is_the_remainder)
{
    enum { LONGEST = 700000 };
    char *digits = malloc(LONGEST);
    srand(20260104);
    for (size_t i = 0; i < LONGEST; i++)
        digits[i] = (char)('0' + rand() % 10);
    for (size_t count = 1; count < LONGEST; count += count < 700 ? 1 : count / 3)
        ck_assert_uint_eq(checksum_of_text(reader(_i), &job, digits, count),
                          by_division(digits, count));
    for (size_t i = 0; i < LONGEST; i++)
        digits[i] = '9';
    for (size_t count = 1; count < LONGEST; count += count < 700 ? 17 : count / 2)
        ck_assert_uint_eq(checksum_of_text(reader(_i), &job, digits, count),
                          by_division(digits, count));
    free(digits);
}
END_TEST

/* Whether it becomes another digit or something else. */
START_TEST(any_changed_character_changes_it)
{
    enum { COUNT = 1000 };
    char digits[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        digits[i] = (char)('0' + i % 10);
    uint64_t before = checksum_of_text(reader(_i), &job, digits, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        for (unsigned flip = 1; flip < 256; flip += i % 97 ? 63 : 1) {
            digits[i] = (char)(digits[i] ^ (char)flip);
            ck_assert_uint_ne(checksum_of_text(reader(_i), &job, digits, COUNT), before);
            digits[i] = (char)(digits[i] ^ (char)flip);
        }
    ck_assert_uint_eq(checksum_of_text(reader(_i), &job, digits, COUNT), before);
}
END_TEST

START_TEST(of_a_factorial_and_of_its_text_it_is_the_same)
{
    for (uint64_t n = 0; n < 3000; n += 13) {
        mpz_t x;
        mpz_init(x);
        mpz_fac_ui(x, n);
        char *text = mpz_get_str(NULL, 10, x);
        ck_assert_uint_eq(checksum_of_text(reader(_i), &job, text, strlen(text)),
                          checksum_of_factorial(&job, n));
        free(text);
        mpz_clear(x);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("checksum");
    TCase *t = tcase_create("checksum");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, of_a_factorial_it_is_the_product_of_all_numbers);
    tcase_add_loop_test(t, of_a_text_it_is_the_remainder, 0, READERS);
    tcase_add_loop_test(t, any_changed_character_changes_it, 0, READERS);
    tcase_add_loop_test(t, of_a_factorial_and_of_its_text_it_is_the_same, 0, READERS);
    suite_add_tcase(s, t);
    return s;
}
