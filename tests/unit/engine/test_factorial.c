#include "engine/factorial.h"
#include "heap.h"
#include "suite.h"

#include <gmp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static heap memory;
static factorial_job job;

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
    job = (factorial_job){.memory = &memory.memory};
    mp_set_memory_functions(gmp_allocate, gmp_reallocate, gmp_free);
}

static void tear_down(void)
{
    ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_eq(gmp_used, 0);
}

/* The digits of n!, between two guards that must stay as they are. The caller frees it. */
static char *compute(uint64_t n)
{
    size_t count = factorial_digit_count(n);
    char *block = malloc(count + 3);
    memset(block, '#', count + 2);
    ck_assert_int_eq(factorial_compute(&job, n, block + 1), FACTORIAL_OK);
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
    uint64_t top = suite_under_valgrind() ? 300 : 5000;
    for (uint64_t n = 0; n <= top; n++)
        assert_same_as_gmp(n);
}
END_TEST

START_TEST(larger_n_agree_with_mpz_fac_ui)
{
    static const uint64_t known[] = {8000, 8001, 8191, 8192, 20000, 65536, 99999, 100000, 400000};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_same_as_gmp(known[i]);
    srand(20260102);
    int count = suite_under_valgrind() ? 2 : 30;
    for (int i = 0; i < count; i++)
        assert_same_as_gmp(5000 + (uint64_t)rand() % 95000);
}
END_TEST

START_TEST(a_million_agrees_with_mpz_fac_ui)
{
    assert_same_as_gmp(1000000);
}
END_TEST

START_TEST(more_than_the_limit_is_refused)
{
    char digit;
    ck_assert_int_eq(factorial_compute(&job, FACTORIAL_LIMIT + 1, &digit), FACTORIAL_TOO_LARGE);
    ck_assert_int_eq(factorial_compute(&job, UINT64_MAX, &digit), FACTORIAL_TOO_LARGE);
}
END_TEST

START_TEST(refused_memory_is_an_error_that_leaves_nothing)
{
    char *digits = malloc(factorial_digit_count(30000));
    factorial_status status = FACTORIAL_OUT_OF_MEMORY;
    for (int refused = 1; status == FACTORIAL_OUT_OF_MEMORY; refused++) {
        heap_refuse(&memory, refused);
        status = factorial_compute(&job, 30000, digits);
        ck_assert_uint_eq(memory.used, 0);
        ck_assert_uint_eq(gmp_used, 0);
        ck_assert_int_lt(refused, 10000);
    }
    ck_assert_int_eq(status, FACTORIAL_OK);
    free(digits);
}
END_TEST

START_TEST(the_estimate_of_memory_is_an_upper_bound_and_a_near_one)
{
    static const uint64_t n[] = {0, 1, 20, 1000, 8000, 8001, 30000, 100000, 300000, 1000000};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        gmp_peak = 0;
        memory.peak = 0;
        free(compute(n[i]));
        size_t need = factorial_memory_need(n[i], FACTORIAL_GMP, 1);
        /* What GMP holds was acquired and given back before: the larger of both is the peak. */
        size_t peak = gmp_peak > memory.peak ? gmp_peak : memory.peak;
        ck_assert_uint_le(peak, need);
        if (n[i] >= 100000)
            ck_assert_uint_le(need, (size_t)(1.3 * (double)peak));
    }
}
END_TEST

typedef struct {
    atomic_bool cancelled;
    struct timespec delay;
} canceller;

static void *cancel_later(void *argument)
{
    canceller *c = argument;
    nanosleep(&c->delay, NULL);
    atomic_store(&c->cancelled, true);
    return NULL;
}

START_TEST(a_flag_set_at_any_moment_stops_the_computation)
{
    char *digits = malloc(factorial_digit_count(1000000));
    int step = suite_under_valgrind() ? 20 : 3;
    for (int milliseconds = 0; milliseconds < 50; milliseconds += step) {
        canceller c = {.delay = {.tv_nsec = milliseconds * 1000000L}};
        job.cancelled = &c.cancelled;
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, cancel_later, &c), 0);
        factorial_status status = FACTORIAL_OK;
        while (status == FACTORIAL_OK)
            status = factorial_compute(&job, 1000000, digits);
        ck_assert_int_eq(status, FACTORIAL_CANCELLED);
        ck_assert_uint_eq(memory.used, 0);
        ck_assert_uint_eq(gmp_used, 0);
        pthread_join(thread, NULL);
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
    tcase_add_test(t, small_factorials_are_products_of_machine_words);
    tcase_add_test(t, every_n_up_to_5000_agrees_with_mpz_fac_ui);
    tcase_add_test(t, larger_n_agree_with_mpz_fac_ui);
    if (!suite_under_valgrind())
        tcase_add_test(t, a_million_agrees_with_mpz_fac_ui);
    tcase_add_test(t, more_than_the_limit_is_refused);
    tcase_add_test(t, refused_memory_is_an_error_that_leaves_nothing);
    tcase_add_test(t, the_estimate_of_memory_is_an_upper_bound_and_a_near_one);
    tcase_add_test(t, a_flag_set_at_any_moment_stops_the_computation);
    suite_add_tcase(s, t);
    return s;
}
