#include "engine/cpu.h"
#include "engine/crossovers.h"
#include "engine/factorial.h"
#include "engine/kernels.h"
#include "heap.h"
#include "suite.h"

#include <fenv.h>
#include <gmp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static heap memory;
static factorial_job job;

/* How a test computes: its loop's index. */
enum { BY_GMP, BY_AUTO, BY_FIRST_KERNEL, BY_SECOND_KERNEL, WAYS };

static const kernel *forced;

/* False where there is no such kernel. */
static bool choose(int way)
{
    forced = way >= BY_FIRST_KERNEL ? cpu_kernel((unsigned)way - BY_FIRST_KERNEL) : NULL;
    if (way >= BY_FIRST_KERNEL && !forced)
        return false;
    if (way == BY_AUTO)
        factorial_prepare();
    if (forced)
        ck_assert(kernels_try(forced));
    job.method = way == BY_GMP ? FACTORIAL_GMP : FACTORIAL_AUTO;
    return true;
}

static factorial_status compute_to(char *digits, uint64_t n)
{
    return forced ? factorial_compute_by(forced, &job, n, digits)
                  : factorial_compute(&job, n, digits);
}

/* What GMP holds; counted because the engine's estimate must cover it. */
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
    heap_init(&memory);
    job = (factorial_job){
        .memory = &memory.memory, .threads = 2, .pool = factorial_pool_create(7, NULL, NULL)};
    ck_assert_ptr_nonnull(job.pool);
    forced = NULL;
    mp_set_memory_functions(gmp_allocate, gmp_reallocate, gmp_free);
}

static void tear_down(void)
{
    factorial_pool_destroy(job.pool);
    ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_eq(gmp_used, 0);
}

/* The digits of n!, between two guards that must stay as they are. The caller frees it. */
static char *compute(uint64_t n)
{
    size_t count = factorial_digit_count(n);
    char *block = malloc(count + 3);
    memset(block, '#', count + 2);
    ck_assert_int_eq(compute_to(block + 1, n), FACTORIAL_OK);
    ck_assert_int_eq(block[0], '#');
    ck_assert_int_eq(block[count + 1], '#');
    memmove(block, block + 1, count);
    block[count] = '\0';
    return block;
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
    uint64_t n = suite_under_valgrind() ? 8000 : 300000;
    char *alone = compute(n);
    for (unsigned threads = 0; threads <= 8; threads++) {
        job.threads = threads;
        job.gives_way = threads % 2;
        char *digits = compute(n);
        ck_assert_int_eq(strcmp(digits, alone), 0);
        free(digits);
    }
    free(alone);
}
END_TEST

START_TEST(more_than_the_limit_is_refused)
{
    if (!choose(_i))
        return;
    char digit;
    ck_assert_int_eq(compute_to(&digit, FACTORIAL_LIMIT + 1), FACTORIAL_TOO_LARGE);
    ck_assert_int_eq(compute_to(&digit, UINT64_MAX), FACTORIAL_TOO_LARGE);
}
END_TEST

START_TEST(refused_memory_is_an_error_that_leaves_nothing)
{
    if (!choose(_i))
        return;
    static const uint64_t n[] = {90, 5000, 30000};
    char *digits = malloc(factorial_digit_count(30000));
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        factorial_status status = FACTORIAL_OUT_OF_MEMORY;
        for (int refused = 1; status == FACTORIAL_OUT_OF_MEMORY; refused++) {
            heap_refuse(&memory, refused);
            status = compute_to(digits, n[i]);
            ck_assert_uint_eq(memory.used, 0);
            ck_assert_uint_eq(gmp_used, 0);
            ck_assert_int_lt(refused, 10000);
        }
        ck_assert_int_eq(status, FACTORIAL_OK);
    }
    free(digits);
}
END_TEST

START_TEST(the_estimate_of_memory_is_an_upper_bound_and_a_near_one)
{
    if (!choose(_i))
        return;
    static const uint64_t n[] = {0,    1,     100,    101,    4096,   4097,   8000,
                                 8001, 30000, 100000, 300000, 777777, 1000000};
    size_t count = sizeof n / sizeof *n;
    for (size_t i = 0; i < (suite_under_valgrind() ? 9 : count); i++) {
        job.threads = 1 + (unsigned)i % 8;
        gmp_peak = 0;
        memory.peak = 0;
        free(compute(n[i]));
        size_t need = factorial_memory_need(n[i], job.method, job.threads);
        /* What GMP holds was acquired and given back before: the larger of both is the peak. */
        size_t peak = gmp_peak > memory.peak ? gmp_peak : memory.peak;
        ck_assert_uint_le(peak, need);
        if (n[i] >= 100000)
            ck_assert_uint_le(need, (size_t)(1.3 * (double)peak));
    }
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

/* ---- a machine that computes wrong */

static kernel broken;

static void store_wrong(convolution *c, size_t chunk)
{
    cpu_kernel(0)->store(c, chunk);
    if (chunk == 0)
        c->product[0] ^= 1;
}

/* Right for squares. */
static void multiply_wrong(const field *f, double *a, double *b, size_t points, size_t j,
                           const atomic_bool *cancelled)
{
    cpu_kernel(0)->multiply(f, a, b, points, j, cancelled);
    if (a != b)
        a[0] = 0;
}

START_TEST(a_wrong_result_is_an_error)
{
    if (!cpu_kernel(0))
        return;
    ck_assert(kernels_try(cpu_kernel(0)));
    broken = *cpu_kernel(0);
    broken.store = store_wrong;
    char *digits = malloc(factorial_digit_count(20000));
    ck_assert_int_eq(factorial_compute_by(&broken, &job, 20000, digits), FACTORIAL_WRONG);
    free(digits);
}
END_TEST

START_TEST(a_kernel_that_computes_wrong_is_not_used)
{
    if (!cpu_kernel(0))
        return;
    broken = *cpu_kernel(0);
    ck_assert(kernels_try(&broken));
    broken.store = store_wrong;
    ck_assert(!kernels_try(&broken));
    broken = *cpu_kernel(0);
    broken.multiply = multiply_wrong;
    ck_assert(!kernels_try(&broken));
}
END_TEST

START_TEST(auto_is_gmp_until_a_kernel_has_been_chosen)
{
    ck_assert_str_eq(factorial_kernel(), "gmp");
    ck_assert_uint_eq(factorial_memory_need(100000, FACTORIAL_AUTO, 1),
                      factorial_memory_need(100000, FACTORIAL_GMP, 1));
    assert_same_as_gmp(9000);
    bool chosen = factorial_prepare();
    ck_assert_int_eq(factorial_prepare(), chosen);
    ck_assert_int_eq(chosen, cpu_kernel(0) != NULL);
    ck_assert_str_eq(factorial_kernel(), chosen ? cpu_kernel(0)->name : "gmp");
    assert_same_as_gmp(9000);
}
END_TEST

/* ---- several at once */

static void *compute_some(void *argument)
{
    const char *expected = argument;
    char *digits = malloc(factorial_digit_count(20000));
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(factorial_compute(&job, 20000, digits), FACTORIAL_OK);
        ck_assert_mem_eq(digits, expected, factorial_digit_count(20000));
    }
    free(digits);
    return NULL;
}

START_TEST(several_computations_share_the_threads)
{
    mp_set_memory_functions(NULL, NULL, NULL); /* these here are not made for threads */
    choose(BY_AUTO);
    job.threads = 3;
    char *expected = compute(20000);
    pthread_t thread[3];
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, compute_some, expected), 0);
    for (size_t i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    free(expected);
}
END_TEST

/* ---- cancelling */

typedef struct {
    atomic_bool cancelled;
    struct timespec delay;
    clockid_t clock;    /* of the computing thread: other work on this machine is not in it */
    struct timespec at; /* on that clock, when the flag was set */
} canceller;

static void *cancel_later(void *argument)
{
    canceller *c = argument;
    nanosleep(&c->delay, NULL);
    clock_gettime(c->clock, &c->at);
    atomic_store(&c->cancelled, true);
    return NULL;
}

static double seconds(struct timespec t)
{
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

START_TEST(a_flag_set_at_any_moment_stops_the_computation_at_once)
{
    if (!choose(_i))
        return;
    uint64_t n = suite_under_valgrind() ? 100000 : 3000000;
    char *digits = malloc(factorial_digit_count(n));
    int step = suite_under_valgrind() ? 40 : 7;
    for (int milliseconds = 0; milliseconds < 120; milliseconds += step) {
        canceller c = {.delay = {.tv_nsec = milliseconds * 1000000L}};
        job.cancelled = &c.cancelled;
        pthread_getcpuclockid(pthread_self(), &c.clock);
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, cancel_later, &c), 0);
        factorial_status status = FACTORIAL_OK;
        while (status == FACTORIAL_OK)
            status = compute_to(digits, n);
        struct timespec end;
        clock_gettime(c.clock, &end);
        ck_assert_int_eq(status, FACTORIAL_CANCELLED);
        ck_assert_uint_eq(memory.used, 0);
        ck_assert_uint_eq(gmp_used, 0);
        pthread_join(thread, NULL);
        if (_i != BY_GMP && !suite_under_valgrind() && !suite_sanitized())
            ck_assert_double_lt(seconds(end) - seconds(c.at), 0.050);
    }
    free(digits);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("factorial");
    TCase *t = tcase_create("factorial");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, auto_is_gmp_until_a_kernel_has_been_chosen);
    tcase_add_loop_test(t, small_factorials_are_products_of_machine_words, 0, WAYS);
    tcase_add_loop_test(t, every_n_up_to_5000_agrees_with_mpz_fac_ui, 0, WAYS);
    tcase_add_loop_test(t, larger_n_agree_with_mpz_fac_ui, 0, WAYS);
    if (!suite_under_valgrind() && !suite_sanitized())
        tcase_add_loop_test(t, a_million_agrees_with_mpz_fac_ui, 0, WAYS);
    tcase_add_loop_test(t, the_digits_do_not_depend_on_the_number_of_threads, BY_AUTO, WAYS);
    tcase_add_loop_test(t, more_than_the_limit_is_refused, 0, WAYS);
    tcase_add_loop_test(t, refused_memory_is_an_error_that_leaves_nothing, 0, WAYS);
    tcase_add_loop_test(t, the_estimate_of_memory_is_an_upper_bound_and_a_near_one, 0, 2);
    tcase_add_loop_test(t, rounding_is_to_nearest_within_and_as_it_was_afterwards, BY_AUTO, WAYS);
    tcase_add_test(t, a_wrong_result_is_an_error);
    tcase_add_test(t, a_kernel_that_computes_wrong_is_not_used);
    tcase_add_test(t, several_computations_share_the_threads);
    tcase_add_loop_test(t, a_flag_set_at_any_moment_stops_the_computation_at_once, 0, WAYS);
    suite_add_tcase(s, t);
    return s;
}
