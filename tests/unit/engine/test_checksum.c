#include "engine/checksum.h"
#include "heap.h"
#include "suite.h"

#include <gmp.h>
#include <stdlib.h>

static heap memory;
static factorial_job job;

static void set_up(void)
{
    heap_init(&memory);
    job = (factorial_job){
        .memory = &memory.memory, .threads = 2, .pool = factorial_pool_create(1, NULL, NULL)};
}

static void tear_down(void)
{
    factorial_pool_destroy(job.pool);
    ck_assert_uint_eq(memory.used, 0);
}

static const uint64_t modulus = ((uint64_t)1 << 61) - 1;

START_TEST(the_primes_side_is_the_product_of_all_numbers)
{
    uint64_t expected = 1; /* n! / 10^zeros */
    mpz_t ten, p;
    mpz_init_set_ui(ten, 10);
    mpz_init_set_ui(p, modulus);
    mpz_invert(ten, ten, p);
    uint64_t tenth = mpz_get_ui(ten), zeros = 0;
    mpz_clears(ten, p, NULL);
    for (uint64_t n = 1; n < 3000; n++) {
        expected = (uint64_t)((unsigned __int128)expected * n % modulus);
        for (; zeros < primes_exponent(n, 5); zeros++)
            expected = (uint64_t)((unsigned __int128)expected * tenth % modulus);
        primes found;
        ck_assert_int_eq(primes_sieve(&job, n, &found), FACTORIAL_OK);
        ck_assert_uint_eq(checksum_of_primes(&job, &found, n, zeros), expected);
        primes_free(&job, &found);
    }
}
END_TEST

static uint64_t by_division(const limb *a, size_t limbs)
{
    unsigned __int128 value = 0;
    while (limbs-- > 0)
        value = (value * LIMB_BASE + a[limbs]) % modulus;
    return (uint64_t)value;
}

START_TEST(the_limbs_side_is_the_remainder)
{
    enum { LONGEST = 3000 };
    static limb a[LONGEST];
    srand(20260104);
    for (size_t limbs = 1; limbs <= LONGEST; limbs += limbs < 200 ? 1 : 37) {
        for (size_t i = 0; i < limbs; i++)
            a[i] = limbs % 3 ? (uint64_t)rand() * (uint64_t)rand() % LIMB_BASE : LIMB_BASE - 1;
        ck_assert_uint_eq(checksum_of_limbs(&job, a, limbs), by_division(a, limbs));
    }
}
END_TEST

START_TEST(any_changed_limb_changes_it)
{
    enum { LIMBS = 500 };
    limb a[LIMBS] = {0};
    uint64_t before = checksum_of_limbs(&job, a, LIMBS);
    for (size_t i = 0; i < LIMBS; i++) {
        a[i] = 1 + i;
        ck_assert_uint_ne(checksum_of_limbs(&job, a, LIMBS), before);
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
    tcase_add_test(t, the_primes_side_is_the_product_of_all_numbers);
    tcase_add_test(t, the_limbs_side_is_the_remainder);
    tcase_add_test(t, any_changed_limb_changes_it);
    suite_add_tcase(s, t);
    return s;
}
