#include "engine/job.h"
#include "engine/pool.h"
#include "suite.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 1000 };

static factorial_pool *pool;

static void set_up(void)
{
    pool = factorial_pool_create(3, false, NULL, NULL);
    ck_assert_ptr_nonnull(pool);
}

static void tear_down(void)
{
    factorial_pool_destroy(pool);
}

static void count_step(void *context, size_t index)
{
    atomic_int *count = context;
    atomic_fetch_add(&count[index], 1);
}

static void assert_every_step_once(unsigned threads)
{
    factorial_job job = {.pool = pool, .threads = threads};
    for (size_t steps = 0; steps <= STEPS; steps += steps < 10 ? 1 : 99) {
        static atomic_int count[STEPS + 1];
        memset(count, 0, sizeof count);
        pool_run(&job, steps, count_step, count);
        for (size_t i = 0; i <= STEPS; i++)
            if (count[i] != (i < steps))
                ck_abort_msg("step %zu of %zu was taken %d times", i, steps, count[i]);
    }
}

START_TEST(every_step_is_taken_once)
{
    for (unsigned threads = 0; threads < 6; threads++)
        assert_every_step_once(threads);
}
END_TEST

typedef struct {
    int expected;
    atomic_int inside, most;
} presence;

static void be_present(void *context, size_t index)
{
    presence *p = context;
    int inside = atomic_fetch_add(&p->inside, 1) + 1, most = atomic_load(&p->most);
    while (inside > most && !atomic_compare_exchange_weak(&p->most, &most, inside))
        ;
    struct timespec millisecond = {.tv_nsec = 1000000};
    for (int i = 0; i == 0 || (i < 20000 && atomic_load(&p->most) < p->expected); i++)
        nanosleep(&millisecond, NULL);
    atomic_fetch_sub(&p->inside, 1);
}

START_TEST(no_more_threads_than_asked_for_take_part_and_all_of_them_do)
{
    for (int threads = 1; threads <= 4; threads++) {
        presence p = {.expected = threads};
        factorial_job job = {.pool = pool, .threads = (unsigned)threads};
        pool_run(&job, 60, be_present, &p);
        ck_assert_int_eq(p.most, threads);
    }
}
END_TEST

START_TEST(without_a_pool_the_calling_thread_does_it_all)
{
    presence p = {.expected = 1};
    factorial_job job = {.threads = 4};
    pool_run(&job, 5, be_present, &p);
    ck_assert_int_eq(p.most, 1);
    ck_assert_uint_eq(pool_threads(&job), 1);
}
END_TEST

/* Loops of differing length, 0 too, each of which looks at what the one before has left. */
enum { LOOPS = 200, LONGEST = 9 };

typedef struct {
    int begun;
    atomic_int fetching, wrong;
    int value[LONGEST]; /* not atomic: the next loop and its fetching must see them */
} chain;

static void raise_value(void *context, size_t index)
{
    chain *c = context;
    if (c->value[index] != c->begun - 1)
        atomic_fetch_add(&c->wrong, 1);
    c->value[index] = c->begun;
}

static bool next_in_chain(void *context, pool_loop *loop)
{
    chain *c = context;
    size_t count = (size_t)c->begun % LONGEST;
    if (atomic_fetch_add(&c->fetching, 1) > 0)
        atomic_fetch_add(&c->wrong, 1);
    for (size_t i = 0; c->begun > 0 && i < (size_t)(c->begun - 1) % LONGEST; i++)
        if (c->value[i] != c->begun)
            atomic_fetch_add(&c->wrong, 1);
    for (size_t i = 0; i < LONGEST; i++)
        c->value[i] = c->begun;
    bool more = c->begun < LOOPS;
    if (more) {
        c->begun++;
        *loop = (pool_loop){count, raise_value, c};
    }
    atomic_fetch_sub(&c->fetching, 1);
    return more;
}

static void *run_chains(void *context)
{
    atomic_int *wrong = context;
    for (unsigned threads = 1; threads <= 5; threads++) {
        chain c = {0};
        factorial_job job = {.pool = pool, .threads = threads};
        pool_run_sequence(&job, next_in_chain, &c);
        atomic_fetch_add(wrong, c.wrong + (c.begun != LOOPS));
    }
    return NULL;
}

/* Six computations, all with the same context. */
static void run_six_at_once(void *(*run)(void *), void *context)
{
    pthread_t thread[6];
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, run, context), 0);
    for (size_t i = 0; i < 6; i++)
        pthread_join(thread[i], NULL);
}

START_TEST(a_loop_begins_when_all_of_the_one_before_is_done)
{
    atomic_int wrong = 0;
    run_six_at_once(run_chains, &wrong);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

/* A loop in which the helper takes longer than the caller, and then one for both at once. */
typedef struct {
    int begun;
    pthread_t caller;
    atomic_int caller_done, inside;
    atomic_bool alone;
} meeting;

static void run_longer_on_the_helper(void *context, size_t index)
{
    meeting *m = context;
    if (pthread_equal(pthread_self(), m->caller)) {
        atomic_store(&m->caller_done, 1);
        while (atomic_load(&m->inside) == 0) /* so that each of the two has one */
            sched_yield();
        return;
    }
    atomic_store(&m->inside, 1);
    while (!atomic_load(&m->caller_done))
        sched_yield();
    struct timespec until_it_waits = {.tv_nsec = 50000000};
    nanosleep(&until_it_waits, NULL);
}

static void meet(void *context, size_t index)
{
    meeting *m = context;
    struct timespec millisecond = {.tv_nsec = 1000000};
    atomic_fetch_add(&m->inside, 1);
    for (int i = 0; atomic_load(&m->inside) < 3; i++, nanosleep(&millisecond, NULL))
        if (i == 20000) { /* only if it will never be */
            atomic_store(&m->alone, true);
            return;
        }
}

static bool next_to_meet(void *context, pool_loop *loop)
{
    meeting *m = context;
    *loop = (pool_loop){2, m->begun == 0 ? run_longer_on_the_helper : meet, m};
    return m->begun++ < 2; /* what is written with the last answer must not be run */
}

START_TEST(a_caller_that_waits_helps_again_in_the_next_loop)
{
    meeting m = {.caller = pthread_self()};
    factorial_pool *own = factorial_pool_create(1, false, NULL, NULL);
    factorial_job job = {.pool = own, .threads = 2};
    pool_run_sequence(&job, next_to_meet, &m);
    ck_assert(!m.alone);
    factorial_pool_destroy(own);
}
END_TEST

static bool is_set(void *flag)
{
    return atomic_load((atomic_bool *)flag);
}

static atomic_bool went_on;

static void cancel_at_ten(void *context, size_t index)
{
    atomic_bool *cancelled = context;
    if (index == 10)
        atomic_store(cancelled, true);
    while (index > 10 && !atomic_load(cancelled))
        sched_yield();
    if (index > 13) /* the three other threads may have taken one each */
        atomic_store(&went_on, true);
}

static bool cancelled_in_the_second(void *context, pool_loop *loop)
{
    static int begun;
    ck_assert_int_lt(begun, 2);
    begun++;
    *loop = (pool_loop){begun == 1 ? 4 : STEPS, cancel_at_ten, context};
    return true;
}

START_TEST(once_cancelled_no_further_loop_is_begun)
{
    atomic_bool cancelled = false;
    factorial_job job = {.pool = pool, .threads = 4, .cancelled = is_set, .context = &cancelled};
    pool_run_sequence(&job, cancelled_in_the_second, &cancelled);
    ck_assert(cancelled && !went_on);
}
END_TEST

static void *run_sums(void *context)
{
    atomic_int *total = context;
    factorial_job job = {.pool = pool, .threads = 4};
    for (int i = 0; i < 300; i++) {
        atomic_int count[50] = {0};
        pool_run(&job, 50, count_step, count);
        for (int k = 0; k < 50; k++)
            atomic_fetch_add(total, count[k]);
    }
    return NULL;
}

START_TEST(several_computations_share_a_pool)
{
    atomic_int total = 0;
    run_six_at_once(run_sums, &total);
    ck_assert_int_eq(total, 6 * 300 * 50);
}
END_TEST

START_TEST(once_cancelled_no_further_step_is_taken)
{
    atomic_bool cancelled = false;
    factorial_job job = {.pool = pool, .threads = 4, .cancelled = is_set, .context = &cancelled};
    pool_run(&job, STEPS, cancel_at_ten, &cancelled);
    ck_assert(cancelled && !went_on);
}
END_TEST

static void note_rounding(void *context, size_t index)
{
    atomic_int *other = context;
    if (fegetround() != FE_TONEAREST)
        atomic_fetch_add(other, 1);
    struct timespec millisecond = {.tv_nsec = 1000000};
    nanosleep(&millisecond, NULL);
}

static void count_start(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
    fesetround(FE_UPWARD);
}

START_TEST(each_helper_calls_started_and_has_the_default_environment_then)
{
    atomic_int started = 0, other = 0;
    factorial_pool *own = factorial_pool_create(3, false, count_start, &started);
    ck_assert_ptr_nonnull(own);
    factorial_job job = {.pool = own, .threads = 4};
    pool_run(&job, 100, note_rounding, &other);
    factorial_pool_destroy(own);
    ck_assert_int_eq(started, 3);
    ck_assert_int_eq(other, 0);
}
END_TEST

static void take_a_moment(void *context, size_t index)
{
    for (volatile int i = 0; i < 3000; i++)
        ;
}

/* The helper still polls for the next loop. */
START_TEST(a_pool_can_be_destroyed_right_after_a_loop)
{
    for (int i = 0; i < (suite_under_valgrind() || suite_sanitized() ? 100 : 3000); i++) {
        factorial_pool *own = factorial_pool_create(1, false, NULL, NULL);
        factorial_job job = {.pool = own, .threads = 2};
        pool_run(&job, 20, take_a_moment, NULL);
        factorial_pool_destroy(own);
    }
}
END_TEST

START_TEST(where_some_threads_cannot_be_started_none_is_left)
{
    int others = suite_threads();
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = ((rlim_t)suite_address_space() << 10) + (40 << 20);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ck_assert_ptr_null(factorial_pool_create(1000, false, NULL, NULL));
    suite_expect_threads(others);
}
END_TEST

START_TEST(a_pool_of_none_and_no_pool_can_be_destroyed)
{
    factorial_pool_destroy(NULL);
    factorial_pool *none = factorial_pool_create(0, true, NULL, NULL);
    ck_assert_ptr_nonnull(none);
    factorial_job job = {.pool = none, .threads = 2};
    atomic_int count[7] = {0};
    pool_run(&job, 7, count_step, count);
    ck_assert_int_eq(count[6], 1);
    factorial_pool_destroy(none);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("pool");
    TCase *t = tcase_create("pool");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, every_step_is_taken_once);
    tcase_add_test(t, no_more_threads_than_asked_for_take_part_and_all_of_them_do);
    tcase_add_test(t, without_a_pool_the_calling_thread_does_it_all);
    tcase_add_test(t, a_loop_begins_when_all_of_the_one_before_is_done);
    tcase_add_test(t, a_caller_that_waits_helps_again_in_the_next_loop);
    tcase_add_test(t, once_cancelled_no_further_loop_is_begun);
    tcase_add_test(t, several_computations_share_a_pool);
    tcase_add_test(t, a_pool_can_be_destroyed_right_after_a_loop);
    tcase_add_test(t, once_cancelled_no_further_step_is_taken);
    tcase_add_test(t, each_helper_calls_started_and_has_the_default_environment_then);
    tcase_add_test(t, a_pool_of_none_and_no_pool_can_be_destroyed);
    if (!suite_sanitized() && !suite_under_valgrind())
        tcase_add_test(t, where_some_threads_cannot_be_started_none_is_left);
    suite_add_tcase(s, t);
    return s;
}
