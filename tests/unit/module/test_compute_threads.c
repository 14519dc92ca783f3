#include "compute_threads.h"
#include "priority.h"
#include "suite.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    SECOND = 1000,
    FOREVER = 1000 * SECOND /* much longer than a test may take */
};

typedef struct {
    compute_task task;
    atomic_bool *gate; /* runs until it is true; NULL: not at all */
    int nice, policy;
    bool blocks_signals;
    atomic_long thread; /* 0 until it runs */
} probe;

static void run_probe(compute_task *task)
{
    probe *p = (probe *)task;
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    p->blocks_signals = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGUSR1) == 1;
    p->policy = (int)syscall(SYS_sched_getscheduler, 0);
    p->nice = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
    atomic_store(&p->thread, syscall(SYS_gettid));
    while (p->gate && !atomic_load(p->gate))
        usleep(1000);
}

static bool never_idle(void *unused, unsigned milliseconds)
{
    return false;
}

static const int policies[] = {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE};

START_TEST(a_task_runs_on_a_thread_of_lower_priority_that_no_signal_reaches)
{
    /* By system calls: musl has these functions, but they only fail. */
    struct sched_param parameters = {0};
    ck_assert_int_eq(syscall(SYS_sched_setscheduler, 0, policies[_i], &parameters), 0);
    ck_assert(priority_probe());
    compute_threads *r = compute_threads_create(2, never_idle, NULL);
    probe p = {.task.run = run_probe};
    int before = getpriority(PRIO_PROCESS, 0);
    ck_assert(compute_threads_submit(r, &p.task));
    ck_assert(compute_threads_wait(r, &p.task, FOREVER));
    ck_assert_int_ne(p.thread, syscall(SYS_gettid));
    int lower = before + 5 < 19 ? before + 5 : 19;
    ck_assert_int_eq(p.nice, policies[_i] == SCHED_IDLE ? before : lower); /* idle is lowest */
    ck_assert_int_eq(p.policy, policies[_i]);
    ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), before);
    ck_assert(p.blocks_signals);
    ck_assert(compute_threads_stop(r, FOREVER));
}
END_TEST

START_TEST(threads_are_reused_and_bounded)
{
    enum { MOST = 3, TASKS = 40 };
    compute_threads *r = compute_threads_create(MOST, never_idle, NULL);
    atomic_bool gate = false;
    probe p[TASKS];
    long threads[MOST] = {0};
    for (int i = 0; i < TASKS; i++) {
        p[i] = (probe){.task.run = run_probe, .gate = &gate};
        ck_assert(compute_threads_submit(r, &p[i].task));
    }
    for (int i = 0; i < MOST; i++) /* each thread has one of the first tasks */
        while (!atomic_load(&p[i].thread))
            usleep(1000);
    ck_assert(!compute_threads_wait(r, &p[0].task, 20));
    atomic_store(&gate, true);
    for (int i = 0; i < TASKS; i++) {
        ck_assert(compute_threads_wait(r, &p[i].task, FOREVER));
        int k = 0;
        while (k < MOST && threads[k] && threads[k] != p[i].thread)
            k++;
        ck_assert_int_lt(k, MOST);
        threads[k] = p[i].thread;
    }
    ck_assert_int_ne(threads[MOST - 1], 0);
    ck_assert(compute_threads_stop(r, FOREVER));
}
END_TEST

START_TEST(what_was_submitted_is_run_even_at_the_end)
{
    compute_threads *r = compute_threads_create(1, never_idle, NULL);
    atomic_bool gate = false;
    probe first = {.task.run = run_probe, .gate = &gate}, second = {.task.run = run_probe};
    probe late = {.task.run = run_probe};
    ck_assert(compute_threads_submit(r, &first.task));
    ck_assert(compute_threads_submit(r, &second.task));
    ck_assert(!compute_threads_stop(r, 20)); /* the first one runs on */
    ck_assert(!compute_threads_submit(r, &late.task));
    atomic_store(&gate, true);
    ck_assert(compute_threads_wait(r, &second.task, FOREVER));
    ck_assert(compute_threads_stop(r, FOREVER));
}
END_TEST

static atomic_int idle_calls;

static bool idle_twice(void *last, unsigned milliseconds)
{
    atomic_store((atomic_uint *)last, milliseconds);
    return atomic_fetch_add(&idle_calls, 1) < 1;
}

START_TEST(idle_threads_say_so_until_nobody_wants_to_know)
{
    atomic_uint idle_time = 0;
    compute_threads *r = compute_threads_create(2, idle_twice, &idle_time);
    probe p = {.task.run = run_probe};
    atomic_store(&idle_calls, 0);
    usleep(300000);
    ck_assert_int_eq(idle_calls, 0); /* no thread, nobody idle */
    ck_assert(compute_threads_submit(r, &p.task));
    ck_assert(compute_threads_wait(r, &p.task, FOREVER));
    for (int i = 0; i < 100 && atomic_load(&idle_calls) < 2; i++)
        usleep(20000);
    usleep(300000);
    ck_assert_int_eq(idle_calls, 2);
    ck_assert_uint_ge(idle_time, 150);
    ck_assert(compute_threads_stop(r, FOREVER));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("compute_threads");
    TCase *t = tcase_create("compute_threads");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_task_runs_on_a_thread_of_lower_priority_that_no_signal_reaches, 0,
                        sizeof policies / sizeof *policies);
    tcase_add_test(t, threads_are_reused_and_bounded);
    tcase_add_test(t, what_was_submitted_is_run_even_at_the_end);
    tcase_add_test(t, idle_threads_say_so_until_nobody_wants_to_know);
    suite_add_tcase(s, t);
    return s;
}
