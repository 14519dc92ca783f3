/* The plan of n!, and whether the computation keeps to it. */
#include "computing.h"
#include "engine/digit_count.h"
#include "engine/thresholds.h"
#include "guarded_scratch.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

START_TEST(the_cost_and_the_algorithm_follow_from_n)
{
    choose(BY_AUTO);
    static const struct {
        uint64_t n;
        factorial_cost cost, cost_gmp;
    } cases[] = {
        {0, FACTORIAL_INSTANT, FACTORIAL_INSTANT},
        {INSTANT_MAX, FACTORIAL_INSTANT, FACTORIAL_INSTANT},
        {INSTANT_MAX + 1, FACTORIAL_SHORT, FACTORIAL_SHORT},
        {SHORT_MAX_GMP, FACTORIAL_SHORT, FACTORIAL_SHORT},
        {SHORT_MAX_GMP + 1, FACTORIAL_SHORT, FACTORIAL_LONG},
        {SHORT_MAX, FACTORIAL_SHORT, FACTORIAL_LONG},
        {SHORT_MAX + 1, FACTORIAL_LONG, FACTORIAL_LONG},
        {FACTORIAL_LIMIT, FACTORIAL_LONG, FACTORIAL_LONG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        factorial_plan plan = factorial_make_plan(cases[i].n, FACTORIAL_AUTO);
        factorial_plan by_gmp = factorial_make_plan(cases[i].n, FACTORIAL_GMP);
        ck_assert_uint_eq(plan.n, cases[i].n);
        ck_assert_uint_eq(plan.digits, factorial_digit_count(cases[i].n));
        ck_assert_int_eq(by_gmp.algorithm, FACTORIAL_BY_GMP);
        ck_assert_int_eq(by_gmp.cost, cases[i].cost_gmp);
        ck_assert_int_eq(plan.algorithm, cases[i].n <= INSTANT_MAX ? FACTORIAL_BY_TABLE
                                         : used                    ? FACTORIAL_BY_TRANSFORM
                                                                   : FACTORIAL_BY_GMP);
        ck_assert_int_eq(plan.cost, used ? cases[i].cost : cases[i].cost_gmp);
        if (plan.algorithm != FACTORIAL_BY_GMP)
            ck_assert_uint_eq(plan.gmp_heap, 0);
        if (plan.cost == FACTORIAL_INSTANT) {
            ck_assert_uint_eq(plan.scratch, 0);
            ck_assert_uint_le(plan.digits, 13020);
            ck_assert_uint_le(by_gmp.scratch, FACTORIAL_INSTANT_SCRATCH);
        } else if (plan.cost == FACTORIAL_SHORT) {
            ck_assert_uint_le(plan.digits, 56130);
        }
    }
}
END_TEST

START_TEST(the_scratch_block_is_never_exceeded_and_nearly_filled)
{
    if (!choose(_i))
        return;
    static const uint64_t large[] = {65536, 99991, 262144, 500000, 1000000, 2000003};
    static const unsigned threads[] = {1, 2, 3, 5, 17, 64};
    bool slow = suite_under_valgrind() || suite_sanitized();
    for (uint64_t n = 2; n <= 45000; n += (n < 300    ? 1u
                                           : n < 4200 ? 13u
                                                      : 411u) *
                                          (slow ? 37 : 1)) {
        factorial_plan plan = plan_for(n);
        job.threads = threads[n % 3];
        compute_expecting(&plan, FACTORIAL_OK);
    }
    for (size_t i = 0; i < (slow ? 2 : sizeof large / sizeof *large); i++) {
        factorial_plan plan = plan_for(large[i]);
        double fraction;
        job.threads = threads[i];
        guarded_scratch_delete(compute_guarded(&plan, FACTORIAL_OK, &fraction), plan.digits);
        ck_assert_double_gt(fraction, 0.8); /* a single thread leaves slots unused */
    }
}
END_TEST

/* tests/guards looks for this row in docs/mod_factorial.md. */
#define DOCUMENTED_ROW "| in MB | 0.1 | 1.6 | 19 | 222 | 2413 |"

/* The memory of the result and of the scratch block, in megabytes. */
static double megabytes(uint64_t n)
{
    factorial_plan plan = plan_for(n);
    return 1e-6 * (double)(plan.digits + plan.scratch);
}

START_TEST(the_memory_is_as_documented)
{
    char row[sizeof DOCUMENTED_ROW + 16];
    if (!choose(BY_FIRST_KERNEL))
        return;
    snprintf(row, sizeof row, "| in MB | %.1f | %.1f | %.0f | %.0f | %.0f |", megabytes(10000),
             megabytes(100000), megabytes(1000000), megabytes(10000000), megabytes(100000000));
    ck_assert_str_eq(row, DOCUMENTED_ROW);
}
END_TEST

START_TEST(the_bound_of_what_gmp_allocates_holds_and_is_a_near_one)
{
    choose(BY_GMP);
    static const uint64_t n[] = {0,    1,     100,    101,    4096,   4097,   8000,
                                 8001, 30000, 100000, 300000, 777777, 1000000};
    size_t count = sizeof n / sizeof *n;
    for (size_t i = 0; i < (suite_under_valgrind() ? 9 : count); i++) {
        factorial_plan plan = plan_for(n[i]);
        gmp_peak = 0;
        free(compute(n[i]));
        ck_assert_uint_le(gmp_peak, plan.gmp_heap);
        if (n[i] >= 100000)
            ck_assert_uint_le(plan.gmp_heap, (size_t)(1.3 * (double)gmp_peak));
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("plan");
    TCase *t = tcase_create("plan");
    tcase_add_checked_fixture(t, computing_set_up, computing_tear_down);
    tcase_set_timeout(t, 240);
    tcase_add_test(t, the_cost_and_the_algorithm_follow_from_n);
    tcase_add_test(t, the_memory_is_as_documented);
    tcase_add_loop_test(t, the_scratch_block_is_never_exceeded_and_nearly_filled, 0, WAYS);
    tcase_add_test(t, the_bound_of_what_gmp_allocates_holds_and_is_a_near_one);
    suite_add_tcase(s, t);
    return s;
}
