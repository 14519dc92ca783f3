#include "computing.h"
#include "guarded_scratch.h"
#include "suite.h"

#include <fenv.h>
#include <gmp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- n! by GMP */

/* Each way of computing n! gives GMP's digits. */
static void assert_same_as_gmp(uint64_t n)
{
    mpz_t x;
    mpz_init(x);
    mpz_fac_ui(x, n);
    char *expected = malloc(mpz_sizeinbase(x, 10) + 2);
    mpz_get_str(expected, 10, x);
    for (int i = 0; i < WAYS; i++) {
        if (!choose(i))
            continue;
        char *digits = compute(n);
        if (strcmp(digits, expected) != 0)
            ck_abort_msg("wrong digits for n = %lu, way %d", (unsigned long)n, i);
        free(digits);
    }
    free(expected);
    mpz_clear(x);
}

START_TEST(larger_n_agree_with_mpz_fac_ui)
{
    /* The first are for slow runs too. */
    static const uint64_t known[] = {8000,  8001,  8191, 65561,  65600,  65536,
                                     99999, 20000, 8192, 100000, 262145, 400000};
    bool slow = suite_under_valgrind() || suite_sanitized();
    for (size_t i = 0; i < (slow ? 5 : sizeof known / sizeof *known); i++)
        assert_same_as_gmp(known[i]);
    srand(20260102);
    for (int i = 0; i < (slow ? 2 : 25); i++) {
        uint64_t below = (uint64_t)5000 << (unsigned)rand() % (slow ? 3 : 7);
        assert_same_as_gmp(below + (uint64_t)rand() % below);
    }
}
END_TEST

START_TEST(a_million_agrees_with_mpz_fac_ui)
{
    assert_same_as_gmp(1000000);
}
END_TEST

START_TEST(up_to_three_million_they_agree_with_mpz_fac_ui)
{
    static const uint64_t large[] = {1234567, 1500000, 2097152, 2718281, 3000000};
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        assert_same_as_gmp(large[i]);
}
END_TEST

/* ---- n! from (n - 1)!, by plain multiplication in base 10^9 */

enum { PART = 1000000000, PART_DIGITS = 9, PARTS_MAX = 9000 };

static struct {
    uint32_t part[PARTS_MAX]; /* the lowest first */
    size_t parts;
    char text[PARTS_MAX * PART_DIGITS + 1];
} walk;

static void walk_to(uint64_t n)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < walk.parts; i++) {
        carry += walk.part[i] * n;
        walk.part[i] = (uint32_t)(carry % PART);
        carry /= PART;
    }
    if (carry)
        walk.part[walk.parts++] = (uint32_t)carry;
}

/* The number as text, which the next call overwrites. */
static const char *walk_text(void)
{
    char *at = walk.text + sprintf(walk.text, "%u", walk.part[walk.parts - 1]);
    for (size_t i = walk.parts - 1; i-- > 0; at += PART_DIGITS) {
        uint32_t part = walk.part[i];
        for (int k = PART_DIGITS; k-- > 0; part /= 10)
            at[k] = (char)('0' + part % 10);
    }
    *at = '\0';
    return walk.text;
}

START_TEST(every_n_agrees_with_plain_multiplication)
{
    if (!choose(_i))
        return;
    bool slow = suite_under_valgrind() || suite_sanitized();
    uint64_t top = !slow && (way == BY_AUTO || suite_nightly()) ? 20000 : 5000;
    uint64_t step = suite_under_valgrind() ? 31 : suite_sanitized() ? 7 : 1;
    walk.part[0] = 1;
    walk.parts = 1;
    for (uint64_t n = 0; n <= top; n++) {
        walk_to(n ? n : 1);
        if (n % step)
            continue;
        char *digits = compute(n);
        if (strcmp(digits, walk_text()) != 0)
            ck_abort_msg("wrong digits for n = %lu", (unsigned long)n);
        free(digits);
    }
    assert_same_as_gmp(top / step * step); /* so was the multiplication right */
}
END_TEST

/* ---- circumstances */

START_TEST(the_digits_do_not_depend_on_the_number_of_threads)
{
    if (!choose(_i))
        return;
    static const unsigned threads[] = {0, 1, 2, 3, 4, 5, 8, 16, 17, 24, 33, 64};
    uint64_t n = suite_under_valgrind() ? 45000 : 300000;
    char *alone = compute(n);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        job.threads = threads[i];
        job.yield = i % 2;
        char *digits = compute(n);
        ck_assert_int_eq(strcmp(digits, alone), 0);
        free(digits);
    }
    free(alone);
}
END_TEST

START_TEST(rounding_is_to_nearest_within_and_as_it_was_afterwards)
{
    if (!choose(_i))
        return;
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    char *expected = compute(20000);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        fesetround(modes[i]);
        char *digits = compute(20000);
        ck_assert_int_eq(fegetround(), modes[i]);
        fesetround(FE_TONEAREST);
        ck_assert_int_eq(strcmp(digits, expected), 0);
        free(digits);
    }
    free(expected);
}
END_TEST

/* A computation of one thread, which asserts nothing: Check's assertions are not for threads. */
typedef struct {
    pthread_t thread;
    factorial_plan plan;
    char *digits;
    void *scratch;
    const char *expected;
    int wrong;
} some;

static void *compute_some(void *argument)
{
    some *s = argument;
    for (int i = 0; i < 5; i++) {
        memset(s->digits, 0, s->plan.digits);
        s->wrong +=
            factorial_compute_by(used, &s->plan, &job, s->digits, s->scratch) != FACTORIAL_OK ||
            memcmp(s->digits, s->expected, s->plan.digits) != 0;
    }
    return NULL;
}

START_TEST(several_computations_share_the_threads)
{
    mp_set_memory_functions(NULL, NULL, NULL); /* these here are not made for threads */
    choose(BY_AUTO);
    job.threads = 3;
    char *expected = compute(20000);
    some thread[3];
    for (size_t i = 0; i < 3; i++) {
        some *s = &thread[i];
        *s = (some){.plan = plan_for(20000), .expected = expected};
        s->digits = guarded_scratch_new(s->plan.digits);
        s->scratch = guarded_scratch_new(block_size(&s->plan));
        ck_assert_int_eq(pthread_create(&s->thread, NULL, compute_some, s), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        some *s = &thread[i];
        pthread_join(s->thread, NULL);
        ck_assert_int_eq(s->wrong, 0);
        guarded_scratch_delete(s->digits, s->plan.digits);
        guarded_scratch_delete(s->scratch, block_size(&s->plan));
    }
    free(expected);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("factorial");
    TCase *t = tcase_create("factorial");
    tcase_add_checked_fixture(t, computing_set_up, computing_tear_down);
    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, every_n_agrees_with_plain_multiplication, 0, WAYS);
    tcase_add_test(t, larger_n_agree_with_mpz_fac_ui);
    if (!suite_under_valgrind() && !suite_sanitized())
        tcase_add_test(t, a_million_agrees_with_mpz_fac_ui);
    if (suite_nightly())
        tcase_add_test(t, up_to_three_million_they_agree_with_mpz_fac_ui);
    tcase_add_loop_test(t, the_digits_do_not_depend_on_the_number_of_threads, BY_AUTO, WAYS);
    tcase_add_loop_test(t, rounding_is_to_nearest_within_and_as_it_was_afterwards, BY_AUTO, WAYS);
    tcase_add_test(t, several_computations_share_the_threads);
    suite_add_tcase(s, t);
    return s;
}
