#include "engine/kernel/field.h"
#include "suite.h"

#include <gmp.h>
#include <math.h>

static uint64_t p;

static void set_up(void)
{
    fields_prepare(64);
}

/* A constant of the tables as a residue from 0; it must be the representative nearest to 0. */
static uint64_t residue(double x)
{
    ck_assert_double_le(fabs(x), (double)p / 2);
    return x < 0 ? p - (uint64_t)-x : (uint64_t)x;
}

static uint64_t product(double a, double b)
{
    return (uint64_t)((unsigned __int128)residue(a) * residue(b) % p);
}

START_TEST(the_moduli_are_primes_below_2_49_with_roots_of_unity)
{
    mpz_t x;
    mpz_init_set_ui(x, field_prime[_i]);
    ck_assert_int_gt(mpz_probab_prime_p(x, 30), 0);
    mpz_clear(x);
    ck_assert_uint_lt(field_prime[_i], (uint64_t)1 << 49);
    ck_assert_uint_eq((field_prime[_i] - 1) % ((uint64_t)1 << 30), 0);
}
END_TEST

START_TEST(the_roots_of_a_block_are_square_roots_of_its_own)
{
    const field *f = &fields[_i];
    p = field_prime[_i];
    double i = f->lane_root[1];
    ck_assert_uint_eq(product(i, i), p - 1);
    for (int inverse = 0; inverse < 2; inverse++)
        for (size_t j = 0; j < LOW_RECORDS; j++) {
            const double *w = f->low[inverse][j];
            ck_assert_uint_eq(product(w[1], w[1]), residue(w[0]));
            ck_assert_uint_eq(product(w[1], inverse ? f->lane_inverse[1] : i), residue(w[2]));
            ck_assert_uint_eq(product(w[3], w[3]), residue(w[1]));
            ck_assert_uint_eq(product(w[5], w[5]), residue(w[2]));
            ck_assert_uint_eq(product(w[7], w[7]), residue(w[3]));
        }
    for (size_t j = 0; j < LOW_RECORDS; j++)
        for (size_t r = 0; r < ROOTS; r++)
            ck_assert_uint_eq(product(f->low[0][j][r], f->low[1][j][r]), 1);
}
END_TEST

START_TEST(the_other_constants_are_the_inverses_they_stand_for)
{
    const field *f = &fields[_i];
    p = field_prime[_i];
    ck_assert_uint_eq(product(f->half, 2), 1);
    ck_assert_uint_eq(product(f->quarter, 4), 1);
    for (unsigned k = 0; k <= POINTS_LOG; k++)
        ck_assert_uint_eq((uint64_t)(residue(f->scale[k]) * ((unsigned __int128)1 << k) % p), 1);
    for (int j = 0; j < _i; j++)
        ck_assert_uint_eq(
            (uint64_t)((unsigned __int128)residue(f->divisor[j]) * field_prime[j] % p), 1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("field");
    TCase *t = tcase_create("field");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_loop_test(t, the_moduli_are_primes_below_2_49_with_roots_of_unity, 0, FIELDS);
    tcase_add_loop_test(t, the_roots_of_a_block_are_square_roots_of_its_own, 0, FIELDS);
    tcase_add_loop_test(t, the_other_constants_are_the_inverses_they_stand_for, 0, FIELDS);
    suite_add_tcase(s, t);
    return s;
}
