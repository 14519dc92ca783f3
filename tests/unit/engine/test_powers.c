#include "engine/kernel/convolution.h"
#include "engine/kernel/dispatch.h"
#include "engine/powers.h"
#include "guarded_scratch.h"
#include "integers.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>

static factorial_job job;

/* P_i of these lengths, of which the first is P_0's; 0: the number 1. */
static products_by_bit products_of(const size_t *length, unsigned bits)
{
    products_by_bit p = {.bits = bits};
    for (unsigned bit = 0; bit < bits; bit++) {
        size_t limbs = length[bit] ? length[bit] : 1;
        p.power[bit].length = limbs;
        p.power[bit].limbs = guarded_scratch_new(limbs * sizeof(limb));
        for (size_t i = 0; i < limbs; i++)
            p.power[bit].limbs[i] = length[bit] ? LIMB_BASE - 1 - (limb)(rand() % 1000) : 1;
    }
    return p;
}

static void release(products_by_bit *p)
{
    for (unsigned bit = 0; bit < p->bits; bit++)
        guarded_scratch_delete(p->power[bit].limbs, p->power[bit].length * sizeof(limb));
}

static size_t limbs_of_result(const products_by_bit *p)
{
    size_t limbs = 0;
    for (unsigned bit = 0; bit < p->bits; bit++)
        limbs += p->power[bit].length << bit;
    return limbs;
}

static const struct {
    unsigned bits;
    size_t length[8];
} products[] = {
    {1, {3}},
    {1, {0}},
    {2, {5, 2}},
    {3, {0, 0, 7}},
    {4, {90, 0, 20, 3}},
    {5, {0, 0, 0, 0, 1}},
    {6, {300, 150, 75, 37, 18, 9}},
    {7, {10, 500, 1, 0, 60, 2, 11}},
    {8, {1000, 500, 250, 125, 64, 32, 16, 8}},
};

START_TEST(the_result_is_the_product_of_all_powers)
{
    const kernel *k = dispatch_available(0);
    if (!k)
        return;
    fields_prepare(k->leaf_points);
    products_by_bit p = products_of(products[_i].length, products[_i].bits);
    size_t limbs = limbs_of_result(&p), size = (limbs + p.bits) * sizeof(limb);
    size_t scratch_size = decimal_scratch_least(k, limbs + 1);
    limb *result = guarded_scratch_new(size);
    workspace w = {k, &job, guarded_scratch_new(scratch_size), scratch_size};
    size_t length = powers_multiply(&p, &w, result);
    mpz_t x, expected;
    mpz_inits(x, expected, NULL);
    mpz_set_ui(expected, 1);
    for (unsigned bit = p.bits; bit-- > 0;) {
        integer_from_limbs(x, p.power[bit].limbs, p.power[bit].length);
        mpz_mul(expected, expected, expected);
        mpz_mul(expected, expected, x);
    }
    integer_from_limbs(x, result, length);
    ck_assert_int_eq(mpz_cmp(x, expected), 0);
    ck_assert_uint_ne(result[length - 1], 0);
    mpz_clears(x, expected, NULL);
    guarded_scratch_delete(w.scratch, scratch_size);
    guarded_scratch_delete(result, size);
    release(&p);
}
END_TEST

/* ---- which products are computed, by a kernel that adds up decimal_time of all */

static double time_taken;
static const kernel timer;

static void note_load(const convolution *c, unsigned operand, size_t chunk)
{
    if (operand == 0 && chunk == 0)
        time_taken += decimal_time(&timer, c->operand_limbs[0], c->operand_limbs[1],
                                   c->operand[0] == c->operand[1]);
}

static void ignore_load_block(const field *f, double *points, size_t count, size_t j, const limb *b,
                              size_t limbs)
{
}

static void ignore_multiply(const field *f, double *a, double *b, size_t points, size_t j,
                            unsigned levels, const factorial_job *unused)
{
}

static void note_store(convolution *c, size_t chunk)
{
    c->product[c->limbs - 1] = 1;
    for (unsigned k = 0; k < c->segments; k++)
        c->carry[k][chunk][0] = c->carry[k][chunk][1] = 0;
}

static const kernel timer = {.leaf_points = 64,
                             .load = note_load,
                             .load_block = ignore_load_block,
                             .multiply = ignore_multiply,
                             .store = note_store};

/* The least time of all ways to divide the range into two, down to single bits. */
static double least_time(const size_t *length, unsigned bits)
{
    double least = bits == 1 ? 0 : INFINITY;
    for (unsigned lower = 1; lower <= 3 && lower < bits; lower++) {
        size_t upper_limbs = 0, lower_limbs = 0;
        for (unsigned bit = lower; bit < bits; bit++)
            upper_limbs += length[bit] << (bit - lower);
        for (unsigned bit = 0; bit < lower; bit++)
            lower_limbs += length[bit] << bit;
        double time = least_time(length + lower, bits - lower) + least_time(length, lower);
        for (unsigned i = 0; i < lower; i++)
            time += decimal_time(&timer, upper_limbs << i, upper_limbs << i, true);
        time += decimal_time(&timer, upper_limbs << lower, lower_limbs, false);
        least = time < least ? time : least;
    }
    return least;
}

START_TEST(the_powers_are_multiplied_in_the_fastest_order)
{
    enum { BITS = 8, SHORTEST = 100 }; /* all products are long enough for transforms */
    size_t length[BITS];
    srand((unsigned)_i);
    for (unsigned bit = BITS; bit-- > 0;)
        length[bit] = bit == BITS - 1 ? SHORTEST + (size_t)rand() % 100
                      : rand() % 4    ? length[bit + 1] * 2 - (size_t)rand() % 9
                                      : SHORTEST + (size_t)rand() % 1000;
    products_by_bit p = products_of(length, BITS);
    size_t limbs = limbs_of_result(&p);
    limb *result = malloc((limbs + BITS) * sizeof *result);
    ck_assert_ptr_nonnull(result);
    /* Scratch memory is not touched. */
    workspace w = {&timer, &job, NULL, convolution_scratch(&timer, limbs)};
    time_taken = 0;
    ck_assert_uint_eq(powers_multiply(&p, &w, result), limbs);
    ck_assert_double_eq_tol(time_taken, least_time(length, BITS), 0.5);
    free(result);
    release(&p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("powers");
    TCase *t = tcase_create("powers");
    tcase_add_loop_test(t, the_result_is_the_product_of_all_powers, 0,
                        sizeof products / sizeof *products);
    tcase_add_loop_test(t, the_powers_are_multiplied_in_the_fastest_order, 0, 50);
    suite_add_tcase(s, t);
    return s;
}
