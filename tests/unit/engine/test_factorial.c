#include "engine/digit_count.h"
#include "engine/factorial_by.h"
#include "engine/kernel/dispatch.h"
#include "engine/thresholds.h"
#include "guarded_scratch.h"
#include "suite.h"

#include <fenv.h>
#include <gmp.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HELPERS = 63 };

static factorial_job job;

/* How a test computes: its loop's index. */
enum { BY_GMP, BY_AUTO, BY_FIRST_KERNEL, BY_SECOND_KERNEL, WAYS };

static int way;
static const kernel *used; /* of BY_AUTO, or the forced one */

/* False where there is no such kernel. */
static bool choose(int index)
{
    way = index;
    used = way >= BY_FIRST_KERNEL ? dispatch_available((unsigned)way - BY_FIRST_KERNEL) : NULL;
    if (way >= BY_FIRST_KERNEL && !used)
        return false;
    if (way == BY_AUTO) {
        factorial_prepare();
        used = dispatch_used();
    } else if (used) {
        ck_assert(dispatch_try(used));
    }
    return true;
}

/* A kernel computes from n = 2 on. */
static factorial_plan plan_for(uint64_t n)
{
    return way >= BY_FIRST_KERNEL && n >= 2
               ? factorial_plan_by(FACTORIAL_BY_TRANSFORM, used, n)
               : factorial_make_plan(n, way == BY_GMP ? FACTORIAL_GMP : FACTORIAL_AUTO);
}

/* What GMP holds; counted because the plan's bound must cover it. */
static size_t gmp_used, gmp_peak;

static void count_gmp(size_t more, size_t less)
{
    gmp_used += more;
    if (gmp_used > gmp_peak)
        gmp_peak = gmp_used;
    gmp_used -= less;
}

static void *gmp_allocate(size_t bytes)
{
    count_gmp(bytes, 0);
    return malloc(bytes);
}

static void *gmp_reallocate(void *block, size_t before, size_t after)
{
    count_gmp(after, before);
    return realloc(block, after);
}

static void gmp_free(void *block, size_t bytes)
{
    count_gmp(0, bytes);
    free(block);
}

static void set_up(void)
{
    job = (factorial_job){.threads = 2, .pool = factorial_pool_create(HELPERS, NULL, NULL)};
    ck_assert_ptr_nonnull(job.pool);
    mp_set_memory_functions(gmp_allocate, gmp_reallocate, gmp_free);
}

static void tear_down(void)
{
    factorial_pool_destroy(job.pool);
    ck_assert_uint_eq(gmp_used, 0);
}

static size_t block_size(const factorial_plan *plan)
{
    return (plan->scratch + 63) / 64 * 64;
}

/* Computes into buffers which end at pages that cannot be touched. The part of the scratch block
 * that was used goes to *fraction, unless that is NULL. The digits are the caller's to delete. */
static char *compute_guarded(const factorial_plan *plan, factorial_status expected,
                             double *fraction)
{
    size_t size = block_size(plan);
    char *digits = guarded_scratch_new(plan->digits), *scratch = guarded_scratch_new(size);
    ck_assert_int_eq(factorial_compute_by(used, plan, &job, digits, scratch), expected);
    if (fraction)
        *fraction = (double)guarded_scratch_used(scratch, size) / (double)size;
    guarded_scratch_delete(scratch, size);
    return digits;
}

/* The digits of n! as a string. The caller frees it. */
static char *compute(uint64_t n)
{
    factorial_plan plan = plan_for(n);
    char *digits = compute_guarded(&plan, FACTORIAL_OK, NULL), *text = malloc(plan.digits + 1);
    memcpy(text, digits, plan.digits);
    text[plan.digits] = '\0';
    guarded_scratch_delete(digits, plan.digits);
    return text;
}

static void assert_same_as_gmp(uint64_t n)
{
    mpz_t x;
    mpz_init(x);
    mpz_fac_ui(x, n);
    char *expected = malloc(mpz_sizeinbase(x, 10) + 2);
    mpz_get_str(expected, 10, x);
    char *digits = compute(n);
    if (strcmp(digits, expected) != 0)
        ck_abort_msg("wrong digits for n = %lu", (unsigned long)n);
    free(digits);
    free(expected);
    mpz_clear(x);
}

/* ---- the digits */

START_TEST(small_factorials_are_products_of_machine_words)
{
    if (!choose(_i))
        return;
    uint64_t product = 1;
    for (uint64_t n = 0; n <= 20; n++) {
        product *= n > 0 ? n : 1;
        char expected[32];
        snprintf(expected, sizeof expected, "%lu", (unsigned long)product);
        char *digits = compute(n);
        ck_assert_str_eq(digits, expected);
        free(digits);
    }
}
END_TEST

START_TEST(every_n_up_to_5000_agrees_with_mpz_fac_ui)
{
    if (!choose(_i))
        return;
    uint64_t step = suite_under_valgrind() ? 31 : suite_sanitized() ? 7 : 1;
    for (uint64_t n = 0; n <= 5000; n += step)
        assert_same_as_gmp(n);
}
END_TEST

START_TEST(larger_n_agree_with_mpz_fac_ui)
{
    if (!choose(_i))
        return;
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
    if (choose(_i))
        assert_same_as_gmp(1000000);
}
END_TEST

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

/* ---- the plan */

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
            ck_assert_uint_le(by_gmp.scratch, 16384);
        } else if (plan.cost == FACTORIAL_SHORT) {
            ck_assert_uint_le(plan.digits, 56130);
        }
    }
}
END_TEST

START_TEST(auto_is_gmp_until_the_engine_is_prepared)
{
    ck_assert_str_eq(factorial_kernel(), "gmp");
    ck_assert_int_eq(factorial_make_plan(5, FACTORIAL_AUTO).algorithm, FACTORIAL_BY_GMP);
    ck_assert_int_eq(factorial_make_plan(100000, FACTORIAL_AUTO).algorithm, FACTORIAL_BY_GMP);
    way = BY_AUTO;
    assert_same_as_gmp(9000);
    bool chosen = factorial_prepare();
    ck_assert_int_eq(factorial_prepare(), chosen);
    ck_assert_int_eq(chosen, dispatch_available(0) != NULL);
    ck_assert_str_eq(factorial_kernel(), chosen ? dispatch_available(0)->name : "gmp");
    used = dispatch_used();
    assert_same_as_gmp(9000);
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
        guarded_scratch_delete(compute_guarded(&plan, FACTORIAL_OK, NULL), plan.digits);
    }
    for (size_t i = 0; i < (slow ? 2 : sizeof large / sizeof *large); i++) {
        factorial_plan plan = plan_for(large[i]);
        double fraction;
        job.threads = threads[i];
        guarded_scratch_delete(compute_guarded(&plan, FACTORIAL_OK, &fraction), plan.digits);
        ck_assert_double_gt(fraction, way == BY_GMP ? 0.7 : 0.99);
    }
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

/* ---- a machine that computes wrong */

static kernel broken;

static void store_wrong(convolution *c, size_t chunk)
{
    dispatch_available(0)->store(c, chunk);
    if (chunk == 0)
        c->product[0] ^= 1;
}

/* Right for squares. */
static void multiply_wrong(const field *f, double *a, double *b, size_t points, size_t j,
                           unsigned levels, const factorial_job *unused)
{
    dispatch_available(0)->multiply(f, a, b, points, j, levels, unused);
    if (a != b)
        a[0] = 0;
}

START_TEST(a_wrong_result_is_an_error)
{
    if (!choose(BY_FIRST_KERNEL))
        return;
    broken = *dispatch_available(0);
    broken.store = store_wrong;
    used = &broken;
    factorial_plan plan = plan_for(20000);
    guarded_scratch_delete(compute_guarded(&plan, FACTORIAL_WRONG, NULL), plan.digits);
}
END_TEST

/* The last character of all. */
static void write_text_wrong(char *end, const limb *a, size_t count)
{
    dispatch_available(0)->write_limbs(end, a, count);
    if (count > 0)
        end[-1] ^= 1;
}

START_TEST(a_wrong_character_is_an_error)
{
    if (!choose(BY_FIRST_KERNEL))
        return;
    broken = *dispatch_available(0);
    broken.write_limbs = write_text_wrong;
    used = &broken;
    factorial_plan plan = plan_for(5000);
    guarded_scratch_delete(compute_guarded(&plan, FACTORIAL_WRONG, NULL), plan.digits);
}
END_TEST

START_TEST(a_kernel_that_computes_wrong_is_not_used)
{
    if (!dispatch_available(0))
        return;
    broken = *dispatch_available(0);
    ck_assert(dispatch_try(&broken));
    broken.store = store_wrong;
    ck_assert(!dispatch_try(&broken));
    broken = *dispatch_available(0);
    broken.multiply = multiply_wrong;
    ck_assert(!dispatch_try(&broken));
}
END_TEST

/* ---- several at once */

/* A computation of one thread. The thread asserts nothing: Check's assertions are not for threads.
 */
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

/* ---- cancelling */

typedef struct {
    atomic_long asked;
    long until; /* the question that is answered by yes, and all after it */
    clockid_t clock;
    struct timespec at; /* when it was answered, by the computing thread's own time */
} canceller;

static bool cancelled(void *context)
{
    canceller *c = context;
    long asked = atomic_fetch_add(&c->asked, 1) + 1;
    if (asked == c->until)
        clock_gettime(c->clock, &c->at);
    return asked >= c->until;
}

static double seconds(struct timespec t)
{
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

START_TEST(a_computation_that_is_cancelled_at_any_moment_stops)
{
    if (!choose(_i))
        return;
    bool slow = suite_under_valgrind() || suite_sanitized();
    canceller c = {.until = LONG_MAX};
    job.cancelled = cancelled;
    job.context = &c;
    pthread_getcpuclockid(pthread_self(), &c.clock);
    factorial_plan plan = plan_for(slow ? 100000 : 1000000);
    guarded_scratch_delete(compute_guarded(&plan, FACTORIAL_OK, NULL), plan.digits);
    long all = c.asked;
    ck_assert_int_gt(all, 100);
    /* With two threads they ask a little more or less often each time. */
    for (long until = 1; until < all / 10 * 9; until += all / (slow ? 7 : 41)) {
        c.asked = 0;
        c.until = until;
        guarded_scratch_delete(compute_guarded(&plan, FACTORIAL_CANCELLED, NULL), plan.digits);
        struct timespec end;
        clock_gettime(c.clock, &end);
        ck_assert_uint_eq(gmp_used, 0);
        /* Some milliseconds, of this thread's own time; the margin is for slow machines. */
        if (way != BY_GMP)
            ck_assert_double_lt(seconds(end) - seconds(c.at), 2);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("factorial");
    TCase *t = tcase_create("factorial");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 240);
    tcase_add_test(t, auto_is_gmp_until_the_engine_is_prepared);
    tcase_add_loop_test(t, small_factorials_are_products_of_machine_words, 0, WAYS);
    tcase_add_loop_test(t, every_n_up_to_5000_agrees_with_mpz_fac_ui, 0, WAYS);
    tcase_add_loop_test(t, larger_n_agree_with_mpz_fac_ui, 0, WAYS);
    if (!suite_under_valgrind() && !suite_sanitized())
        tcase_add_loop_test(t, a_million_agrees_with_mpz_fac_ui, 0, WAYS);
    tcase_add_loop_test(t, the_digits_do_not_depend_on_the_number_of_threads, BY_AUTO, WAYS);
    tcase_add_loop_test(t, rounding_is_to_nearest_within_and_as_it_was_afterwards, BY_AUTO, WAYS);
    tcase_add_test(t, the_cost_and_the_algorithm_follow_from_n);
    tcase_add_loop_test(t, the_scratch_block_is_never_exceeded_and_nearly_filled, 0, WAYS);
    tcase_add_test(t, the_bound_of_what_gmp_allocates_holds_and_is_a_near_one);
    tcase_add_test(t, a_wrong_result_is_an_error);
    tcase_add_test(t, a_wrong_character_is_an_error);
    tcase_add_test(t, a_kernel_that_computes_wrong_is_not_used);
    tcase_add_test(t, several_computations_share_the_threads);
    tcase_add_loop_test(t, a_computation_that_is_cancelled_at_any_moment_stops, 0, WAYS);
    suite_add_tcase(s, t);
    return s;
}
