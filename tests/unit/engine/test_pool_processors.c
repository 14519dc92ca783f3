/* The processors that a pool's threads run on and yield. Here the C library's functions for them
 * are the test's own. */
#include "engine/job.h"
#include "engine/pool.h"
#include "suite.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static cpu_set_t allowed;      /* the processors of this test */
static atomic_bool all_on_one; /* every thread believes that it runs on the last of them */
static cpu_set_t set[2];       /* what sched_setaffinity was called with */
static atomic_int calls, next_processor;
static _Thread_local int yields, processor = -1;

int sched_getcpu(void)
{
    if (processor < 0)
        processor = atomic_fetch_add(&next_processor, 1);
    int last = CPU_SETSIZE - 1;
    while (all_on_one && !CPU_ISSET((size_t)last, &allowed))
        last--;
    return all_on_one ? last : processor;
}

int sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *to)
{
    int call = atomic_fetch_add(&calls, 1);
    if (call < 2)
        set[call] = *to;
    return syscall(SYS_sched_setaffinity, thread, size, to) < 0 ? -1 : 0;
}

int sched_yield(void)
{
    yields++;
    return (int)syscall(SYS_sched_yield);
}

static void set_up(void)
{
    yields = 0;
}

static int yields_before_first; /* of the caller, before it runs an iteration */
static int calls_before_second; /* of both, before the second iteration */

typedef struct {
    pthread_t caller;
    atomic_int inside;
} meeting;

/* Each of two iterations waits for the other, so that both threads have one. */
static void count_yields(void *context, size_t index)
{
    meeting *m = context;
    if (pthread_equal(pthread_self(), m->caller))
        yields_before_first = yields;
    if (atomic_fetch_add(&m->inside, 1) == 1)
        calls_before_second = atomic_load(&calls);
    while (atomic_load(&m->inside) < 2)
        syscall(SYS_sched_yield);
}

static void note_thread(void *helper)
{
    atomic_store((atomic_int *)helper, (int)syscall(SYS_gettid));
}

static bool sleeps(int thread)
{
    char name[64], state = 0;
    snprintf(name, sizeof name, "/proc/self/task/%d/stat", thread);
    FILE *file = fopen(name, "r");
    bool known = file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    if (file)
        fclose(file);
    return known && state == 'S';
}

/* Both threads run an iteration; the helper has slept before. It calls sched_setaffinity `each`
 * times when it starts, and as often when it is woken. */
static void run_with_helper(bool on_one, bool may_move, int each)
{
    struct timespec millisecond = {.tv_nsec = 1000000};
    atomic_int helper = 0;
    ck_assert_int_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    atomic_store(&all_on_one, on_one);
    atomic_store(&calls, 0);
    factorial_pool *own = factorial_pool_create(1, may_move, note_thread, &helper);
    ck_assert_int_eq(yields, may_move ? 1 : 0);
    factorial_job job = {.pool = own, .threads = 2};
    meeting m = {.caller = pthread_self()};
    /* A thread may also sleep for a moment in a library, hence ten looks. */
    for (int asleep = 0; asleep < 10 || atomic_load(&calls) < each; nanosleep(&millisecond, NULL))
        asleep = sleeps(atomic_load(&helper)) ? asleep + 1 : 0;
    yields = 0;
    pool_run(&job, 2, count_yields, &m);
    ck_assert_int_eq(calls_before_second, 2 * each);
    factorial_pool_destroy(own);
}

START_TEST(a_thread_on_the_processor_of_its_waker_moves_to_another)
{
    ck_assert_int_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    bool only = CPU_COUNT(&allowed) == 1;
    run_with_helper(true, true, only ? 1 : 2);
    cpu_set_t others = allowed;
    CPU_CLR((size_t)sched_getcpu(), &others);
    ck_assert(CPU_EQUAL(&set[0], &others));
    ck_assert(only || CPU_EQUAL(&set[1], &allowed));
    ck_assert_int_eq(yields_before_first, 1);
}
END_TEST

START_TEST(a_thread_on_another_processor_stays_there)
{
    run_with_helper(false, true, 0);
}
END_TEST

START_TEST(where_it_is_forbidden_no_thread_moves)
{
    run_with_helper(true, false, 0);
    ck_assert_int_eq(yields_before_first, 0);
}
END_TEST

static void do_nothing(void *context, size_t index)
{
}

START_TEST(threads_yield_between_iterations_that_they_share)
{
    factorial_job job = {.threads = 1, .yield = true}, alone = job_alone(&job);
    pool_run(&job, 7, do_nothing, NULL);
    ck_assert_int_eq(yields, 7);
    pool_run(&alone, 7, do_nothing, NULL);
    ck_assert_int_eq(yields, 7);
}
END_TEST

START_TEST(where_no_thread_sleeps_the_caller_yields_to_none)
{
    factorial_pool *none = factorial_pool_create(0, true, NULL, NULL);
    factorial_job job = {.pool = none, .threads = 2};
    pool_run(&job, 7, do_nothing, NULL);
    ck_assert_int_eq(yields, 0);
    factorial_pool_destroy(none);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("pool_processors");
    TCase *t = tcase_create("pool_processors");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_thread_on_the_processor_of_its_waker_moves_to_another);
    tcase_add_test(t, a_thread_on_another_processor_stays_there);
    tcase_add_test(t, where_it_is_forbidden_no_thread_moves);
    tcase_add_test(t, threads_yield_between_iterations_that_they_share);
    tcase_add_test(t, where_no_thread_sleeps_the_caller_yields_to_none);
    suite_add_tcase(s, t);
    return s;
}
