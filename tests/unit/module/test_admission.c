/* The budget: one process, several, and some that die. */
#include "admission.h"
#include "suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)

enum { PROCESSES = 8 };

static const admission_limits limits = {
    .memory = 100 * MIB, .computations = 3, .waiting = 2, .cached = 64};
static admission_ledger *ledger;
static admission here;

static void set_up(void)
{
    size_t bytes = admission_ledger_size(PROCESSES);
    ledger = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(ledger, MAP_FAILED);
    ck_assert_int_eq(admission_ledger_init(ledger, PROCESSES), 0);
    ck_assert(admission_join(&here, ledger));
}

static void tear_down(void)
{
    munmap(ledger, admission_ledger_size(PROCESSES));
}

/* A computation that needs no scratch block: so many bytes are charged, and none allocated. */
static admission_answer request(admission *a, const admission_limits *l, uint64_t bytes,
                                uint64_t *ticket)
{
    const admission_demand demand = {.others = bytes};
    admission_scratch scratch;
    return admission_request(a, l, &demand, ticket, &scratch);
}

static admission_answer ask(uint64_t bytes, uint64_t *ticket)
{
    return request(&here, &limits, bytes, ticket);
}

static void end_computation(admission *a)
{
    admission_finish(a, &limits, (admission_scratch){0});
}

static void assert_granted(uint64_t bytes)
{
    uint64_t ticket = 0;
    ck_assert_int_eq(ask(bytes, &ticket), ADMISSION_GRANTED);
    ck_assert_uint_eq(ticket, 0);
}

START_TEST(memory_is_granted_up_to_the_limit)
{
    uint64_t ticket = 0;
    assert_granted(60 * MIB);
    assert_granted(40 * MIB);
    ck_assert_int_eq(ask(1, &ticket), ADMISSION_WAITING);
    ck_assert_int_eq(ask(1, &ticket), ADMISSION_WAITING);
    end_computation(&here);
    admission_return(&here, 1);
    ck_assert_int_eq(ask(1, &ticket), ADMISSION_GRANTED);
    ck_assert_uint_eq(admission_sum(ledger).memory, 100 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).computing, 2);
}
END_TEST

START_TEST(computations_are_granted_up_to_the_limit)
{
    uint64_t ticket = 0;
    for (int i = 0; i < 3; i++)
        assert_granted(1);
    ck_assert_int_eq(ask(1, &ticket), ADMISSION_WAITING);
    end_computation(&here);
    ck_assert_int_eq(ask(1, &ticket), ADMISSION_GRANTED);
}
END_TEST

START_TEST(what_can_never_fit_never_overflows_the_sum)
{
    uint64_t ticket = 0;
    assert_granted(1);
    ck_assert_int_eq(ask(UINT64_MAX, &ticket), ADMISSION_WAITING);
    admission_withdraw(&here, ticket);
    ck_assert_uint_eq(admission_sum(ledger).memory, 1);
}
END_TEST

START_TEST(those_who_wait_are_served_in_order)
{
    uint64_t large = 0, small = 0;
    assert_granted(90 * MIB);
    ck_assert_int_eq(ask(50 * MIB, &large), ADMISSION_WAITING);
    ck_assert_int_eq(ask(1, &small), ADMISSION_WAITING); /* it would fit, but the other was first */
    end_computation(&here);
    admission_return(&here, 90 * MIB);
    ck_assert_int_eq(ask(1, &small), ADMISSION_WAITING);
    ck_assert_int_eq(ask(50 * MIB, &large), ADMISSION_GRANTED);
    ck_assert_int_eq(ask(1, &small), ADMISSION_GRANTED);
}
END_TEST

START_TEST(the_queue_is_bounded_and_a_place_in_it_can_be_given_up)
{
    uint64_t first = 0, second = 0, third = 0;
    assert_granted(100 * MIB);
    ck_assert_int_eq(ask(1, &first), ADMISSION_WAITING);
    ck_assert_int_eq(ask(1, &second), ADMISSION_WAITING);
    ck_assert_int_eq(ask(1, &third), ADMISSION_REFUSED);
    ck_assert_uint_eq(third, 0);
    admission_withdraw(&here, first);
    ck_assert_int_eq(ask(1, &third), ADMISSION_WAITING);
    admission_withdraw(&here, second);
    admission_withdraw(&here, third);
    ck_assert_uint_eq(admission_sum(ledger).waiting, 0);
}
END_TEST

START_TEST(changed_limits_hold_at_once)
{
    uint64_t ticket = 0;
    admission_limits fewer = limits, more = limits;
    fewer.memory = 10 * MIB;
    more.memory = 200 * MIB;
    assert_granted(50 * MIB);
    ck_assert_int_eq(request(&here, &fewer, 1, &ticket), ADMISSION_WAITING);
    ck_assert_int_eq(request(&here, &more, 150 * MIB, &ticket), ADMISSION_GRANTED);
}
END_TEST

static void *request_block(size_t bytes, admission_scratch *scratch)
{
    uint64_t ticket = 0;
    const admission_demand demand = {.scratch = bytes};
    ck_assert_int_eq(admission_request(&here, &limits, &demand, &ticket, scratch),
                     ADMISSION_GRANTED);
    memset(scratch->block, 1, bytes);
    return scratch->block;
}

START_TEST(a_scratch_block_is_cached_for_the_next_computation_and_charged_once)
{
    admission_scratch scratch;
    size_t bytes = 5 * MIB + 1, charged = 6 * MIB;
    void *first = request_block(bytes, &scratch);
    ck_assert_uint_eq(admission_sum(ledger).memory, charged);
    ck_assert_uint_eq(admission_sum(ledger).cached, 0);
    admission_finish(&here, &limits, scratch);
    ck_assert_uint_eq(admission_sum(ledger).memory, charged);
    ck_assert_uint_eq(admission_sum(ledger).cached, charged);
    ck_assert_ptr_eq(request_block(bytes - MIB, &scratch), first);
    ck_assert_uint_eq(admission_sum(ledger).memory, charged);
    ck_assert_uint_eq(admission_sum(ledger).cached, 0);
    admission_finish(&here, &limits, scratch);
    ck_assert(admission_drop_cached(&here));
    ck_assert(!admission_drop_cached(&here));
    ck_assert_uint_eq(admission_sum(ledger).memory, 0);
}
END_TEST

START_TEST(a_block_twice_as_long_or_too_short_is_not_taken)
{
    admission_scratch first, second, third;
    void *block = request_block(8 * MIB, &first);
    admission_finish(&here, &limits, first);
    ck_assert_ptr_ne(request_block(2 * MIB, &second), block);
    ck_assert_ptr_ne(request_block(10 * MIB, &third), block);
    admission_finish(&here, &limits, second);
    admission_finish(&here, &limits, third);
    admission_drop_cached(&here);
}
END_TEST

START_TEST(cached_blocks_are_bounded_in_number_and_bytes)
{
    admission_scratch scratch[3], large;
    admission_limits two = limits;
    two.cached = 2;
    for (int i = 0; i < 3; i++)
        request_block(MIB, &scratch[i]);
    for (int i = 0; i < 3; i++)
        admission_finish(&here, &two, scratch[i]);
    ck_assert_uint_eq(admission_sum(ledger).cached, 2 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).memory, 2 * MIB);
    request_block(24 * MIB, &large); /* with the others more than a quarter of the memory */
    admission_finish(&here, &limits, large);
    ck_assert_uint_eq(admission_sum(ledger).memory, 2 * MIB);
    admission_drop_cached(&here);
}
END_TEST

START_TEST(cached_blocks_make_room_for_a_request_that_lacks_memory)
{
    admission_scratch scratch;
    request_block(20 * MIB, &scratch);
    admission_finish(&here, &limits, scratch);
    assert_granted(100 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).cached, 0);
    ck_assert_uint_eq(admission_sum(ledger).memory, 100 * MIB);
}
END_TEST

START_TEST(cached_blocks_stay_if_only_a_computation_is_lacking)
{
    uint64_t ticket = 0;
    admission_scratch scratch;
    request_block(20 * MIB, &scratch);
    admission_finish(&here, &limits, scratch);
    for (int i = 0; i < 3; i++)
        assert_granted(1);
    ck_assert_int_eq(ask(1, &ticket), ADMISSION_WAITING);
    ck_assert_uint_eq(admission_sum(ledger).cached, 20 * MIB);
    ck_assert(!admission_memory_wanted(&here));
    admission_withdraw(&here, ticket);
    admission_drop_cached(&here);
}
END_TEST

START_TEST(memory_that_the_first_in_the_queue_lacks_is_wanted_and_not_cached)
{
    uint64_t first = 0, second = 0;
    admission_scratch scratch;
    request_block(20 * MIB, &scratch);
    assert_granted(70 * MIB);
    ck_assert_int_eq(ask(20 * MIB, &first), ADMISSION_WAITING);
    ck_assert(admission_memory_wanted(&here));
    ck_assert_int_eq(ask(1, &second), ADMISSION_WAITING);
    ck_assert(admission_memory_wanted(&here));
    ck_assert(!admission_charge(&here, &limits, 1));
    admission_finish(&here, &limits, scratch);
    ck_assert_uint_eq(admission_sum(ledger).memory, 70 * MIB);
    ck_assert_int_eq(ask(20 * MIB, &first), ADMISSION_GRANTED);
    ck_assert(!admission_memory_wanted(&here));
    ck_assert_int_eq(ask(1, &second), ADMISSION_GRANTED);
}
END_TEST

START_TEST(memory_without_a_computation_is_charged_if_it_fits)
{
    ck_assert(admission_charge(&here, &limits, 99 * MIB));
    ck_assert(!admission_charge(&here, &limits, 2 * MIB));
    ck_assert(admission_charge(&here, &limits, MIB));
    ck_assert_uint_eq(admission_sum(ledger).memory, 100 * MIB);
    admission_return(&here, 100 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).memory, 0);
}
END_TEST

START_TEST(nothing_is_charged_if_the_system_has_no_memory)
{
    uint64_t ticket = 0;
    struct rlimit small = {64 << 20, 64 << 20};
    admission_scratch scratch;
    const admission_demand demand = {.scratch = 90 * MIB, .others = MIB};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &small), 0);
    ck_assert_int_eq(admission_request(&here, &limits, &demand, &ticket, &scratch),
                     ADMISSION_NO_MEMORY);
    ck_assert_uint_eq(admission_sum(ledger).memory, 0);
    ck_assert_uint_eq(admission_sum(ledger).computing, 0);
}
END_TEST

static void give_back_in_haste(int signal_number)
{
    /* What the test is about. NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c) */
    admission_leave(&here, ADMISSION_WORKER);
}

START_TEST(a_signal_handler_may_give_back_whatever_it_has_interrupted)
{
    ck_assert(admission_enter(&here, ADMISSION_WORKER, 2, 2));
    ck_assert(admission_enter(&here, ADMISSION_WORKER, 2, 2));
    signal(SIGUSR1, give_back_in_haste);
    pthread_mutex_lock((pthread_mutex_t *)ledger); /* its first member */
    raise(SIGUSR1);
    pthread_mutex_unlock((pthread_mutex_t *)ledger);
    admission_leave(&here, ADMISSION_WORKER);
    ck_assert_uint_eq(admission_sum(ledger).busy[ADMISSION_WORKER], 0);
}
END_TEST

START_TEST(slots_are_bounded_here_and_everywhere_for_each_kind)
{
    ck_assert(admission_enter(&here, ADMISSION_WORKER, 2, 10));
    ck_assert(admission_enter(&here, ADMISSION_WORKER, 2, 10));
    ck_assert(!admission_enter(&here, ADMISSION_WORKER, 2, 10));
    ck_assert(!admission_enter(&here, ADMISSION_WORKER, 10, 2));
    admission_leave(&here, ADMISSION_WORKER);
    ck_assert(admission_enter(&here, ADMISSION_WORKER, 10, 2));
    ck_assert(admission_enter(&here, ADMISSION_STREAM, 1, 1));
    ck_assert(!admission_enter(&here, ADMISSION_STREAM, 1, 1));
    ck_assert_uint_eq(admission_sum(ledger).busy[ADMISSION_WORKER], 2);
    ck_assert_uint_eq(admission_sum(ledger).busy[ADMISSION_STREAM], 1);
}
END_TEST

/* ---- other processes */

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

START_TEST(a_process_killed_with_the_lock_locks_nobody_out)
{
    kill_process(start_process(die_with_the_lock));
    assert_granted(1);
}
END_TEST

START_TEST(accounts_of_ended_processes_are_taken_again)
{
    /* One is this process's own. */
    for (int i = 0; i < 3 * PROCESSES; i++)
        kill_process(start_process(take_most));
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
        tear_down();
        set_up();
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

/* ---- threads */

enum { ROUNDS = 2000 };

static void *take_and_give(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t ticket = 0, bytes = 30 * MIB + (uint64_t)i;
        admission_answer answer = ask(bytes, &ticket);
        while (answer == ADMISSION_WAITING && i % 3)
            answer = ask(bytes, &ticket);
        if (answer == ADMISSION_WAITING)
            admission_withdraw(&here, ticket);
        if (answer == ADMISSION_GRANTED)
            end_computation(&here);
        if (answer == ADMISSION_GRANTED)
            admission_return(&here, bytes);
    }
    return unused;
}

START_TEST(nothing_is_lost_between_threads)
{
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, take_and_give, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    admission_totals sum = admission_sum(ledger);
    ck_assert_uint_eq(sum.memory, 0);
    ck_assert_uint_eq(sum.computing, 0);
    ck_assert_uint_eq(sum.waiting, 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("admission");
    TCase *t = tcase_create("admission");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, memory_is_granted_up_to_the_limit);
    tcase_add_test(t, computations_are_granted_up_to_the_limit);
    tcase_add_test(t, what_can_never_fit_never_overflows_the_sum);
    tcase_add_test(t, those_who_wait_are_served_in_order);
    tcase_add_test(t, the_queue_is_bounded_and_a_place_in_it_can_be_given_up);
    tcase_add_test(t, changed_limits_hold_at_once);
    tcase_add_test(t, a_scratch_block_is_cached_for_the_next_computation_and_charged_once);
    tcase_add_test(t, a_block_twice_as_long_or_too_short_is_not_taken);
    tcase_add_test(t, cached_blocks_are_bounded_in_number_and_bytes);
    tcase_add_test(t, cached_blocks_make_room_for_a_request_that_lacks_memory);
    tcase_add_test(t, cached_blocks_stay_if_only_a_computation_is_lacking);
    tcase_add_test(t, memory_that_the_first_in_the_queue_lacks_is_wanted_and_not_cached);
    tcase_add_test(t, memory_without_a_computation_is_charged_if_it_fits);
    tcase_add_test(t, slots_are_bounded_here_and_everywhere_for_each_kind);
    if (!suite_sanitized() && !suite_under_valgrind()) /* they want more address space */
        tcase_add_test(t, nothing_is_charged_if_the_system_has_no_memory);
    if (!suite_sanitized() && !suite_under_valgrind()) /* they see the unlocking twice */
        tcase_add_test(t, a_signal_handler_may_give_back_whatever_it_has_interrupted);
    tcase_add_test(t, nothing_is_lost_between_threads);
    if (!suite_under_valgrind()) { /* which ends the robust lists of the processes it runs */
        tcase_add_test(t, what_a_killed_process_held_is_free_at_once);
        tcase_add_test(t, a_killed_process_is_no_longer_in_the_queue);
        tcase_add_test(t, a_process_killed_with_the_lock_locks_nobody_out);
        tcase_add_test(t, accounts_of_ended_processes_are_taken_again);
    }
    if (!suite_sanitized() && !suite_under_valgrind()) { /* a hundred times slower */
        tcase_add_test(t, processes_killed_at_random_break_no_limit_and_block_nobody);
#ifdef __x86_64__ /* elsewhere an atomic operation may not end if it is single-stepped */
        tcase_add_loop_test(t, a_process_killed_at_any_store_leaves_nothing_behind, 0,
                            sizeof deaths / sizeof *deaths);
#endif
    }
    suite_add_tcase(s, t);
    return s;
}
