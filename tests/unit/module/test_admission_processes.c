/* The budget of several processes, and of some that die. */
#include "budget.h"
#include "suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What another process does before it tells that it is ready; then it waits to be killed. It
 * asserts nothing: Check's assertions of two processes at once garble the file in which it counts
 * them. */
typedef void deed(admission *a);

static pid_t start_process(deed *does)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        admission a;
        if (!admission_join(&a, ledger))
            _exit(1);
        does(&a);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void kill_process(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void take_most(admission *a)
{
    uint64_t ticket = 0;
    request(a, &limits, 90 * MIB, &ticket);
    admission_charge(a, &limits, 5 * MIB);
    admission_enter(a, ADMISSION_WORKER, 5, 5);
}

static void wait_in_front(admission *a)
{
    uint64_t ticket = 0;
    request(a, &limits, 90 * MIB, &ticket);
}

static void die_with_the_lock(admission *a)
{
    /* The lock is the ledger's first member. */
    pthread_mutex_lock((pthread_mutex_t *)a->ledger);
}

START_TEST(what_a_killed_process_held_is_free_at_once)
{
    uint64_t ticket = 0;
    pid_t pid = start_process(take_most);
    ck_assert_uint_eq(admission_sum(ledger).memory, 95 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).busy[ADMISSION_WORKER], 1);
    ck_assert_int_eq(ask(50 * MIB, &ticket), ADMISSION_WAITING);
    ck_assert_int_eq(ask(50 * MIB, &ticket), ADMISSION_WAITING);
    kill_process(pid);
    ck_assert_int_eq(ask(50 * MIB, &ticket), ADMISSION_GRANTED);
    ck_assert_uint_eq(admission_sum(ledger).memory, 50 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).computing, 1);
    ck_assert_uint_eq(admission_sum(ledger).busy[ADMISSION_WORKER], 0);
}
END_TEST

START_TEST(a_killed_process_is_no_longer_in_the_queue)
{
    uint64_t ticket = 0;
    assert_granted(95 * MIB);
    pid_t pid = start_process(wait_in_front);
    ck_assert_int_eq(ask(5 * MIB, &ticket), ADMISSION_WAITING);
    kill_process(pid);
    ck_assert_int_eq(ask(5 * MIB, &ticket), ADMISSION_GRANTED);
    ck_assert_uint_eq(admission_sum(ledger).waiting, 0);
}
END_TEST

START_TEST(what_a_killed_process_held_is_free_for_slots_and_charges_too)
{
    kill_process(start_process(take_most));
    ck_assert(admission_enter(&here, ADMISSION_WORKER, 1, 1));
    kill_process(start_process(take_most));
    ck_assert(!admission_enter(&here, ADMISSION_WORKER, 5, 1)); /* that is held here */
    kill_process(start_process(take_most));
    ck_assert(admission_charge(&here, &limits, 50 * MIB));
    ck_assert_uint_eq(admission_sum(ledger).memory, 50 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).computing, 0);
}
END_TEST

static void wait_for_memory(admission *a)
{
    uint64_t ticket = 0;
    request(a, &limits, 50 * MIB, &ticket);
}

START_TEST(what_a_killed_process_waited_for_is_not_wanted_any_more)
{
    assert_granted(60 * MIB);
    pid_t pid = start_process(wait_for_memory);
    ck_assert(admission_memory_wanted(&here));
    ck_assert(!admission_charge(&here, &limits, 1));
    kill_process(pid);
    ck_assert(admission_charge(&here, &limits, 1));
    ck_assert(!admission_memory_wanted(&here));
}
END_TEST

START_TEST(a_process_killed_with_the_lock_locks_nobody_out_and_the_lock_still_locks)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)ledger;
    for (int i = 0; i < 2; i++) {
        kill_process(start_process(die_with_the_lock));
        assert_granted(1);
        ck_assert_int_eq(pthread_mutex_trylock(lock), 0);
        ck_assert_int_eq(pthread_mutex_unlock(lock), 0);
    }
}
END_TEST

START_TEST(accounts_of_ended_processes_are_taken_again)
{
    /* One is this process's own. */
    for (int i = 0; i < 3 * PROCESSES; i++) {
        kill_process(start_process(take_most));
        ck_assert_uint_eq(admission_sum(ledger).memory, 0);
    }
    pid_t alive[PROCESSES - 1];
    for (int i = 0; i < PROCESSES - 1; i++)
        alive[i] = start_process(wait_in_front);
    admission none;
    ck_assert(!admission_join(&none, ledger));
    for (int i = 0; i < PROCESSES - 1; i++)
        kill_process(alive[i]);
    ck_assert(admission_join(&none, ledger));
}
END_TEST

/* ---- a process killed at any store */

#ifdef __x86_64__
static const bool single_steps = true;
#else /* an atomic operation may not end if it is single-stepped */
static const bool single_steps = false;
#endif

static void wait_behind(admission *a)
{
    uint64_t ticket = 0;
    request(a, &limits, 90 * MIB, &ticket);
}

static void take_some(admission *a)
{
    uint64_t ticket = 0;
    request(a, &limits, 20 * MIB, &ticket);
    admission_enter(a, ADMISSION_WORKER, 5, 5);
}

static void be_granted(admission *a)
{
    uint64_t ticket = 0;
    request(a, &limits, 30 * MIB, &ticket);
}

static void finish(admission *a)
{
    end_computation(a);
    admission_return(a, 20 * MIB);
    admission_leave(a, ADMISSION_WORKER);
}

static void withdraw(admission *a)
{
    admission_withdraw(a, 2); /* the second ticket of all: a dead process has the first */
}

static void join(admission *a)
{
    admission_join(a, ledger);
}

static void close_the_dead(admission *a)
{
    admission_sum(ledger);
}

static void nothing(admission *a)
{
}

/* What a process does undisturbed after it has joined, and what it is killed in. */
static const struct {
    deed *before, *in;
} deaths[] = {{nothing, wait_behind},  {nothing, be_granted},     {take_some, finish},
              {wait_behind, withdraw}, {nothing, close_the_dead}, {NULL, join}};

/* Runs the process up to so many changes of the ledger. False if it ends before. */
static bool step(pid_t pid, unsigned changes)
{
    size_t bytes = admission_ledger_size(PROCESSES);
    void *last = malloc(bytes);
    int status = 0;
    memcpy(last, ledger, bytes);
    while (changes > 0) {
        ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
        waitpid(pid, &status, 0);
        if (!WIFSTOPPED(status))
            break;
        if (memcmp(last, ledger, bytes) != 0) {
            memcpy(last, ledger, bytes);
            changes--;
        }
    }
    free(last);
    return changes == 0;
}

static pid_t start_traced(int death)
{
    pid_t pid = fork();
    if (pid == 0) {
        admission a;
        if (deaths[death].before) {
            admission_join(&a, ledger);
            deaths[death].before(&a);
        }
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        deaths[death].in(&a);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    ck_assert(WIFSTOPPED(status));
    return pid;
}

START_TEST(a_process_killed_at_any_store_leaves_nothing_behind)
{
    bool killed = true;
    for (unsigned changes = 1; killed; changes++) {
        uint64_t ticket = 0;
        ck_assert_uint_lt(changes, 100);
        budget_tear_down();
        budget_set_up();
        assert_granted(40 * MIB);
        kill_process(start_process(wait_in_front));
        pid_t pid = start_traced(_i);
        /* A place in the queue that was this process's before. */
        ck_assert_int_eq(ask(90 * MIB, &ticket), ADMISSION_WAITING);
        admission_withdraw(&here, ticket);
        ticket = 0;
        killed = step(pid, changes);
        if (killed)
            kill_process(pid);
        ck_assert_int_eq(ask(60 * MIB, &ticket), ADMISSION_GRANTED);
        admission_totals sum = admission_sum(ledger);
        ck_assert_uint_eq(sum.memory, 100 * MIB);
        ck_assert_uint_eq(sum.computing, 2);
        ck_assert_uint_eq(sum.waiting, 0);
        ck_assert_uint_eq(sum.busy[ADMISSION_WORKER], 0);
        for (int i = 1; i < PROCESSES; i++) /* all other accounts are free */
            kill_process(start_process(nothing));
    }
}
END_TEST

/* ---- processes killed at random */

enum { STRESSED = 4, THREADS = 3, KILLS = 20 };

/* Shared by all processes of the stress test. */
static struct {
    atomic_int granted, broken; /* the latter: invariants */
} * counts;

static void *compute_at_random(void *a)
{
    unsigned seed = (unsigned)getpid() + (unsigned)syscall(SYS_gettid);
    for (;;) {
        uint64_t ticket = 0;
        admission_scratch scratch;
        const admission_demand demand = {.scratch = (size_t)(rand_r(&seed) % 20 + 1) * MIB,
                                         .others = (size_t)(rand_r(&seed) % 6 + 1) * MIB};
        admission_answer answer;
        while ((answer = admission_request(a, &limits, &demand, &ticket, &scratch)) ==
               ADMISSION_WAITING) {
            if (admission_memory_wanted(a))
                admission_drop_cached(a);
            usleep(500);
        }
        if (answer != ADMISSION_GRANTED)
            continue;
        admission_totals sum = admission_sum(ledger);
        atomic_fetch_add(&counts->granted, 1);
        if (sum.memory > limits.memory || sum.computing > limits.computations)
            atomic_fetch_add(&counts->broken, 1);
        usleep((useconds_t)(rand_r(&seed) % 1000));
        admission_finish(a, &limits, scratch);
        admission_return(a, demand.others);
    }
    return NULL;
}

static void compute_for_ever(admission *a)
{
    static admission copy; /* the threads outlast the caller's */
    pthread_t thread;
    copy = *a;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread, NULL, compute_at_random, &copy);
}

static void wait_for_grants(int more)
{
    for (int start = atomic_load(&counts->granted); atomic_load(&counts->granted) < start + more;)
        usleep(1000);
}

START_TEST(processes_killed_at_random_break_no_limit_and_block_nobody)
{
    pid_t pid[STRESSED];
    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < STRESSED; i++)
        pid[i] = start_process(compute_for_ever);
    for (int i = 0; i < KILLS; i++) {
        wait_for_grants(10);
        kill_process(pid[i % STRESSED]);
        pid[i % STRESSED] = start_process(compute_for_ever);
    }
    for (int i = 0; i < STRESSED; i++)
        kill_process(pid[i]);
    ck_assert_int_eq(atomic_load(&counts->broken), 0);
    assert_granted(100 * MIB);
    admission_totals sum = admission_sum(ledger);
    ck_assert_uint_eq(sum.memory, 100 * MIB);
    ck_assert_uint_eq(sum.computing, 1);
    ck_assert_uint_eq(sum.waiting, 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("admission_processes");
    TCase *t = tcase_create("admission_processes");
    tcase_add_checked_fixture(t, budget_set_up, budget_tear_down);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, what_a_killed_process_held_is_free_at_once);
    tcase_add_test(t, a_killed_process_is_no_longer_in_the_queue);
    tcase_add_test(t, what_a_killed_process_held_is_free_for_slots_and_charges_too);
    tcase_add_test(t, what_a_killed_process_waited_for_is_not_wanted_any_more);
    tcase_add_test(t, a_process_killed_with_the_lock_locks_nobody_out_and_the_lock_still_locks);
    tcase_add_test(t, accounts_of_ended_processes_are_taken_again);
    if (!suite_sanitized()) { /* a hundred times slower */
        tcase_add_test(t, processes_killed_at_random_break_no_limit_and_block_nobody);
        tcase_add_loop_test(t, a_process_killed_at_any_store_leaves_nothing_behind, 0,
                            single_steps ? sizeof deaths / sizeof *deaths : 0);
    }
    suite_add_tcase(s, t);
    return s;
}
