/* Computations that do not come to a result: a machine that computes wrong, cancelling. */
#include "computing.h"
#include "engine/kernel/dispatch.h"
#include "suite.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* ---- a machine that computes wrong */

static kernel broken;

static void store_wrong(convolution *c, size_t chunk)
{
    dispatch_available(0)->store(c, chunk);
    if (chunk == 0)
        c->product[0] ^= 1;
}

/* Most products are a limb too short, and so is the result. */
static void store_short(convolution *c, size_t chunk)
{
    dispatch_available(0)->store(c, chunk);
    if (chunk == c->chunks - 1)
        c->product[c->limbs - 1] = 0;
}

static void (*const wrong_stores[])(convolution *c, size_t chunk) = {store_wrong, store_short};

START_TEST(a_wrong_result_is_an_error)
{
    if (!choose(BY_FIRST_KERNEL))
        return;
    broken = *dispatch_available(0);
    broken.store = wrong_stores[_i];
    used = &broken;
    factorial_plan plan = plan_for(20000);
    compute_expecting(&plan, FACTORIAL_WRONG);
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
    compute_expecting(&plan, FACTORIAL_WRONG);
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
    compute_expecting(&plan, FACTORIAL_OK);
    long all = c.asked;
    ck_assert_int_gt(all, 100);
    /* With two threads they ask a little more or less often each time. */
    for (long until = 1; until < all / 10 * 9; until += until < 4 ? 1 : all / (slow ? 7 : 41)) {
        c.asked = 0;
        c.until = until;
        compute_expecting(&plan, FACTORIAL_CANCELLED);
        struct timespec end;
        clock_gettime(c.clock, &end);
        ck_assert_uint_eq(gmp_used, 0);
        /* Some milliseconds, of this thread's own time; the margin is for slow machines. */
        if (way != BY_GMP)
            ck_assert_double_lt(seconds(end) - seconds(c.at), 2);
    }
}
END_TEST

/* GMP's calls cannot be interrupted: hardly any must be begun after the answer is yes. */
static size_t taken_before;

static bool cancelled_and_noted(void *context)
{
    bool yes = cancelled(context);
    if (((canceller *)context)->asked == ((canceller *)context)->until)
        taken_before = gmp_taken;
    return yes;
}

START_TEST(once_cancelled_gmp_has_hardly_any_more_to_do)
{
    choose(BY_GMP);
    canceller c = {.until = LONG_MAX, .clock = CLOCK_MONOTONIC};
    job.threads = 1; /* so they ask as often each time */
    job.cancelled = cancelled_and_noted;
    job.context = &c;
    factorial_plan plan = plan_for(60000);
    compute_expecting(&plan, FACTORIAL_OK);
    long all = c.asked, divisions = 0;
    for (long until = 1; until <= all; until += suite_under_valgrind() ? 9 : 1) {
        c.asked = 0;
        c.until = until;
        compute_expecting(&plan, FACTORIAL_CANCELLED);
        ck_assert_uint_le(gmp_taken - taken_before, plan.digits / 5); /* half of the result */
        ck_assert_int_lt(c.asked - until, 20);
        divisions += gmp_taken - taken_before > plan.digits / 13;
    }
    ck_assert_int_le(divisions,
                     3); /* each is cancelled with its numbers at hand; nothing else is */
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("stops");
    TCase *t = tcase_create("stops");
    tcase_add_checked_fixture(t, computing_set_up, computing_tear_down);
    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, a_wrong_result_is_an_error, 0,
                        sizeof wrong_stores / sizeof *wrong_stores);
    tcase_add_test(t, a_wrong_character_is_an_error);
    tcase_add_loop_test(t, a_computation_that_is_cancelled_at_any_moment_stops, 0, WAYS);
    tcase_add_test(t, once_cancelled_gmp_has_hardly_any_more_to_do);
    suite_add_tcase(s, t);
    return s;
}
