/* The budget of one process. */
#include "budget.h"
#include "suite.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

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

/* In the place of the C library's, which never fail. */
static bool attributes_fail, mutexes_fail;

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
{
    int (*real)(pthread_mutexattr_t *) = dlsym(RTLD_NEXT, "pthread_mutexattr_init");
    return attributes_fail ? ENOMEM : real(attributes);
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    int (*real)(pthread_mutex_t *, const pthread_mutexattr_t *) =
        dlsym(RTLD_NEXT, "pthread_mutex_init");
    return mutexes_fail ? EAGAIN : real(mutex, attributes);
}

START_TEST(a_ledger_whose_mutexes_fail_is_an_error)
{
    attributes_fail = true;
    int without_attributes = admission_ledger_init(ledger, PROCESSES);
    attributes_fail = false;
    mutexes_fail = true;
    int without_mutex = admission_ledger_init(ledger, PROCESSES);
    mutexes_fail = false;
    ck_assert_int_eq(without_attributes, ENOMEM);
    ck_assert_int_eq(without_mutex, EAGAIN);
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
    ck_assert_ptr_ne(request_block(3 * MIB, &second), block);
    ck_assert_ptr_ne(request_block(10 * MIB, &third), block);
    admission_finish(&here, &limits, second);
    admission_finish(&here, &limits, third);
    admission_drop_cached(&here);
}
END_TEST

START_TEST(cached_blocks_are_bounded_in_number)
{
    admission_scratch scratch[3];
    admission_limits two = limits;
    two.cached = 2;
    for (int i = 0; i < 3; i++)
        request_block(MIB, &scratch[i]);
    for (int i = 0; i < 3; i++)
        admission_finish(&here, &two, scratch[i]);
    ck_assert_uint_eq(admission_sum(ledger).cached, 2 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).memory, 2 * MIB);
    admission_drop_cached(&here);
}
END_TEST

START_TEST(a_quarter_of_the_memory_may_be_cached)
{
    admission_scratch large, small, smallest;
    request_block(22 * MIB, &large);
    request_block(3 * MIB, &small);
    request_block(MIB, &smallest);
    admission_finish(&here, &limits, large);
    admission_finish(&here, &limits, small);
    admission_finish(&here, &limits, smallest);
    ck_assert_uint_eq(admission_sum(ledger).cached, 25 * MIB);
    ck_assert_uint_eq(admission_sum(ledger).memory, 25 * MIB);
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

START_TEST(memory_is_wanted_until_the_first_in_the_queue_leaves_it)
{
    uint64_t first = 0, second = 0;
    assert_granted(90 * MIB);
    ck_assert_int_eq(ask(20 * MIB, &first), ADMISSION_WAITING);
    ck_assert_int_eq(ask(1, &second), ADMISSION_WAITING);
    admission_withdraw(&here, second);
    ck_assert(admission_memory_wanted(&here));
    admission_withdraw(&here, first);
    ck_assert(!admission_memory_wanted(&here));
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

/* ---- threads */

static void *lock_and_unlock(void *on_failure)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)ledger; /* its first member */
    return pthread_mutex_trylock(lock) || pthread_mutex_unlock(lock) ? on_failure : NULL;
}

/* Another thread can lock the ledger. This thread would not notice that it still holds the lock. */
static void assert_unlocked(void)
{
    pthread_t thread;
    void *failed;
    ck_assert_int_eq(pthread_create(&thread, NULL, lock_and_unlock, &here), 0);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
}

START_TEST(each_call_leaves_the_lock_free)
{
    uint64_t ticket = 0;
    admission_scratch scratch;
    admission other;
    ck_assert(admission_join(&other, ledger));
    assert_unlocked();
    request_block(MIB, &scratch);
    assert_unlocked();
    ck_assert(!admission_charge(&here, &limits, 100 * MIB));
    assert_unlocked();
    ck_assert_int_eq(ask(100 * MIB, &ticket), ADMISSION_WAITING);
    assert_unlocked();
    admission_withdraw(&here, ticket);
    assert_unlocked();
    admission_finish(&here, &limits, scratch); /* is cached, so nothing is returned */
    assert_unlocked();
    ck_assert(admission_drop_cached(&here));
    assert_unlocked();
    ck_assert(!admission_drop_cached(&here));
    assert_unlocked();
    admission_return(&here, 0);
    assert_unlocked();
    ck_assert(admission_enter(&here, ADMISSION_WORKER, 1, 1));
    assert_unlocked();
    admission_leave(&here, ADMISSION_WORKER);
    assert_unlocked();
    admission_sum(ledger);
    assert_unlocked();
}
END_TEST

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
    tcase_add_checked_fixture(t, budget_set_up, budget_tear_down);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, memory_is_granted_up_to_the_limit);
    tcase_add_test(t, computations_are_granted_up_to_the_limit);
    tcase_add_test(t, a_ledger_whose_mutexes_fail_is_an_error);
    tcase_add_test(t, what_can_never_fit_never_overflows_the_sum);
    tcase_add_test(t, those_who_wait_are_served_in_order);
    tcase_add_test(t, the_queue_is_bounded_and_a_place_in_it_can_be_given_up);
    tcase_add_test(t, changed_limits_hold_at_once);
    tcase_add_test(t, a_scratch_block_is_cached_for_the_next_computation_and_charged_once);
    tcase_add_test(t, a_block_twice_as_long_or_too_short_is_not_taken);
    tcase_add_test(t, cached_blocks_are_bounded_in_number);
    tcase_add_test(t, a_quarter_of_the_memory_may_be_cached);
    tcase_add_test(t, cached_blocks_make_room_for_a_request_that_lacks_memory);
    tcase_add_test(t, cached_blocks_stay_if_only_a_computation_is_lacking);
    tcase_add_test(t, memory_that_the_first_in_the_queue_lacks_is_wanted_and_not_cached);
    tcase_add_test(t, memory_is_wanted_until_the_first_in_the_queue_leaves_it);
    tcase_add_test(t, memory_without_a_computation_is_charged_if_it_fits);
    tcase_add_test(t, slots_are_bounded_here_and_everywhere_for_each_kind);
    if (!suite_sanitized() && !suite_under_valgrind()) /* they want more address space */
        tcase_add_test(t, nothing_is_charged_if_the_system_has_no_memory);
    if (!suite_sanitized() && !suite_under_valgrind()) /* they see the unlocking twice */
        tcase_add_test(t, a_signal_handler_may_give_back_whatever_it_has_interrupted);
    tcase_add_test(t, each_call_leaves_the_lock_free);
    tcase_add_test(t, nothing_is_lost_between_threads);
    suite_add_tcase(s, t);
    return s;
}
