#include "engine/checksum.h"
#include "suite.h"

#include <gmp.h>
#include <stdlib.h>

static factorial_job job;

static void set_up(void)
{
    job = (factorial_job){.threads = 2, .pool = factorial_pool_create(1, NULL, NULL)};
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

START_TEST(of_a_factorial_and_of_its_limbs_it_is_the_same)
{
    for (uint64_t n = 10; n < 3000; n += 13) {
        mpz_t x, ten;
        mpz_inits(x, ten, NULL);
        mpz_fac_ui(x, n);
        mpz_set_ui(ten, 10);
        uint64_t zeros = mpz_remove(x, x, ten);
        ck_assert_uint_eq(checksum_of_words(&job, mpz_limbs_read(x), mpz_size(x), zeros),
                          checksum_of_factorial(&job, n));
        mpz_clears(x, ten, NULL);
    }
}
END_TEST

static uint64_t by_division(const limb *a, size_t limbs, unsigned __int128 base)
{
    unsigned __int128 value = 0;
    while (limbs-- > 0)
        value = (value * (base % modulus) + a[limbs]) % modulus;
    return (uint64_t)value;
}

START_TEST(of_limbs_it_is_the_remainder)
{
    enum { LONGEST = 3000 };
    static limb a[LONGEST];
    srand(20260104);
    for (size_t limbs = 1; limbs <= LONGEST; limbs += limbs < 200 ? 1 : 37) {
        for (size_t i = 0; i < limbs; i++)
            a[i] = limbs % 3 ? (uint64_t)rand() * (uint64_t)rand() % LIMB_BASE : LIMB_BASE - 1;
        ck_assert_uint_eq(checksum_of_limbs(&job, a, limbs, 0), by_division(a, limbs, LIMB_BASE));
        for (size_t i = 0; i < limbs; i++)
            a[i] = limbs % 3 ? a[i] << 4 : UINT64_MAX;
        ck_assert_uint_eq(checksum_of_words(&job, a, limbs, 0),
                          by_division(a, limbs, (unsigned __int128)1 << 64));
    }
}
END_TEST

START_TEST(any_changed_limb_changes_it)
{
    enum { LIMBS = 500 };
    limb a[LIMBS] = {0};
    uint64_t before = checksum_of_limbs(&job, a, LIMBS, 1);
    for (size_t i = 0; i < LIMBS; i++) {
        a[i] = 1 + i;
        ck_assert_uint_ne(checksum_of_limbs(&job, a, LIMBS, 1), before);
        a[i] = 0;
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
    tcase_add_test(t, of_a_factorial_and_of_its_limbs_it_is_the_same);
    tcase_add_test(t, of_limbs_it_is_the_remainder);
    tcase_add_test(t, any_changed_limb_changes_it);
    suite_add_tcase(s, t);
    return s;
}
