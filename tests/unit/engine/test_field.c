#include "engine/kernel/field.h"
#include "suite.h"

#include <gmp.h>
#include <math.h>

static uint64_t p;
static size_t wrong; /* values; assertions would take too long for so many */

static void set_up(void)
{
    wrong = 0;
    fields_prepare(64);
}

/* A constant of the tables as a residue from 0; it must be the representative nearest to 0. */
static uint64_t residue(double x)
{
    wrong += fabs(x) > (double)p / 2;
    return x < 0 ? p - (uint64_t)-x : (uint64_t)x;
}

static uint64_t product(double a, double b)
{
    return (uint64_t)((unsigned __int128)residue(a) * residue(b) % p);
}

static void tear_down(void)
{
    ck_assert_uint_eq(wrong, 0);
}

static void expect(uint64_t found, uint64_t expected)
{
    wrong += found != expected;
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
    expect(product(i, i), p - 1);
    for (int inverse = 0; inverse < 2; inverse++)
        for (size_t j = 0; j < LOW_RECORDS; j++) {
            const double *w = f->low[inverse][j];
            expect(product(w[1], w[1]), residue(w[0]));
            expect(product(w[1], inverse ? f->lane_inverse[1] : i), residue(w[2]));
            expect(product(w[3], w[3]), residue(w[1]));
            expect(product(w[5], w[5]), residue(w[2]));
            expect(product(w[7], w[7]), residue(w[3]));
        }
    for (size_t j = 0; j < LOW_RECORDS; j++)
        for (size_t r = 0; r < ROOTS; r++)
            expect(product(f->low[0][j][r], f->low[1][j][r]), 1);
}
END_TEST

/* The blocks beyond the low records: w(j) for multiples j of their number, each root multiplied
 * from those of j's binary digits. The kernels' leaves have 64, 16 and 4 points. */
START_TEST(each_record_of_the_longest_transform_is_the_product_of_two)
{
    static const size_t leaf_points[] = {64, 16, 4};
    const field *f = &fields[_i];
    p = field_prime[_i];
    for (size_t k = 0; k < 3; k++) {
        fields_prepare(leaf_points[k]);
        size_t records = ((size_t)1 << POINTS_LOG) / leaf_points[k] / LOW_RECORDS;
        for (size_t m = 1; m < records; m *= 2) {
            expect(product(f->high[0][m][0], f->high[0][m][0]),
                   residue(m > 1 ? f->high[0][m / 2][0] : f->low[0][LOW_RECORDS / 2][0]));
            for (size_t j = 0; j < m && m + j < records; j++)
                for (size_t r = 0; r < ROOTS; r++) {
                    expect(product(f->high[0][m][r], f->high[0][j][r]),
                           residue(f->high[0][m + j][r]));
                    expect(product(f->high[0][m + j][r], f->high[1][m + j][r]), 1);
                }
        }
        for (size_t j = 0; j < records; j++) {
            const double *w = f->high[0][j];
            expect(product(w[1], w[1]), residue(w[0]));
            expect(residue(w[1]), residue(w[2]));
            for (size_t r = 3; r < 7; r++)
                expect(product(w[r], w[r]), residue(w[1]));
            expect(product(w[7], w[7]), residue(w[3]));
        }
    }
}
END_TEST

START_TEST(the_other_constants_are_the_inverses_they_stand_for)
{
    const field *f = &fields[_i];
    p = field_prime[_i];
    for (unsigned k = 0; k <= POINTS_LOG; k++)
        expect((uint64_t)(residue(f->scale[k]) * ((unsigned __int128)1 << k) % p), 1);
    for (int j = 0; j < _i; j++)
        expect((uint64_t)((unsigned __int128)residue(f->divisor[j]) * field_prime[j] % p), 1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("field");
    TCase *t = tcase_create("field");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, the_moduli_are_primes_below_2_49_with_roots_of_unity, 0, FIELDS);
    tcase_add_loop_test(t, the_roots_of_a_block_are_square_roots_of_its_own, 0, FIELDS);
    tcase_add_loop_test(t, each_record_of_the_longest_transform_is_the_product_of_two, 0, FIELDS);
    tcase_add_loop_test(t, the_other_constants_are_the_inverses_they_stand_for, 0, FIELDS);
    suite_add_tcase(s, t);
    return s;
}
