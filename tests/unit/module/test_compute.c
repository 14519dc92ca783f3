#include "compute.h"
#include "engine/factorial.h"
#include "fake_httpd.h"
#include "memory.h"
#include "metrics.h"
#include "process.h"
#include "result.h"
#include "suite.h"

#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* No limit and no duration follows the wall clock. */
static void set_up(void)
{
    fake_set_up();
    fake_turn_wall_clock();
}

static void set(request_rec *r, const char *name, const char *value)
{
    void *record = ap_get_module_config(r->per_dir_config, &factorial_module);
    ck_assert_ptr_null(fake_directive(record, name, value));
}

/* A child of a server whose MPM has so many threads in a child, 1 as prefork has. */
static request_rec *start_child(int threads)
{
    request_rec *r = fake_request(NULL);
    fake.threads = threads;
    ck_assert(process_prepare(r->server));
    process_init(fake.pool, r->server);
    ck_assert(process->joined);
    ck_assert_int_eq(process->compute_threads != NULL, threads > 1);
    set(r, "FactorialTimeout", "3600"); /* compute threads may wait long for a busy machine */
    return r;
}

static const int thread_counts[] = {1, 8};

/* What handler.c does: fills the record in and computes. */
static outcome compute(request_rec *r, uint64_t n, factorial_request *q)
{
    *q = (factorial_request){.r = r,
                             .settings = directives_location(r),
                             .n = n,
                             .plan = factorial_make_plan(n, process->method)};
    return compute_digits(q);
}

static void assert_budget_is_free(void)
{
    admission_drop_cached(process->budget);
    admission_totals sum = admission_sum(process->budget->ledger);
    ck_assert_uint_eq(sum.memory, 0);
    ck_assert_uint_eq(sum.computing, 0);
    ck_assert_uint_eq(sum.waiting, 0);
    ck_assert_uint_eq(sum.busy[ADMISSION_WORKER], 0);
}

START_TEST(a_small_number_needs_no_budget)
{
    factorial_request q;
    request_rec *r = fake_request(NULL);
    ck_assert(metrics_create(r->server, NULL));
    ck_assert_int_eq(compute(r, 20, &q), OUTCOME_OK);
    ck_assert(!memcmp(q.digits, "2432902008176640000", 19));
    ck_assert(!q.slot.taken);
    result_free(q.digits);
    slot_return(&q.slot, q.r);
}
END_TEST

START_TEST(a_small_number_is_neither_charged_nor_counted)
{
    factorial_request q;
    request_rec *r = start_child(thread_counts[_i]);
    ((process_state *)process)->limits.memory = 0;
    ((process_state *)process)->short_most = 0;
    ck_assert_int_eq(compute(r, 4096, &q), OUTCOME_OK);
    ck_assert(!q.slot.taken);
    ck_assert_uint_eq(admission_sum(process->budget->ledger).memory, 0);
    result_free(q.digits);
    assert_budget_is_free();
}
END_TEST

START_TEST(a_large_number_holds_its_digits_until_they_are_released)
{
    factorial_request q;
    request_rec *r = start_child(thread_counts[_i]);
    ck_assert_int_eq(compute(r, 60000, &q), OUTCOME_OK);
    ck_assert(!memcmp(q.digits, "1564137708026", 13));
    ck_assert_uint_gt(q.computed, 0);
    admission_drop_cached(process->budget);
    admission_totals sum = admission_sum(process->budget->ledger);
    ck_assert_uint_eq(sum.memory, result_size(q.plan.digits));
    ck_assert_uint_eq(sum.computing, 0);
    ck_assert_uint_eq(sum.busy[ADMISSION_WORKER], 1);
    slot_return(&q.slot, q.r);
    result_free(q.digits);
    assert_budget_is_free();
}
END_TEST

/* The memory that n! needs is charged exactly as it is allocated. */
static uint64_t memory_of(uint64_t n)
{
    factorial_plan plan = factorial_make_plan(n, process->method);
    return memory_size(plan.scratch) + plan.gmp_heap + result_size(plan.digits);
}

START_TEST(a_short_number_is_charged_but_needs_no_computation_of_the_budget)
{
    factorial_request q;
    request_rec *r = start_child(thread_counts[_i]);
    ((process_state *)process)->limits.computations = 0;
    ck_assert_int_eq(compute(r, 10000, &q), OUTCOME_OK);
    ck_assert_uint_eq(admission_sum(process->budget->ledger).memory, result_size(q.plan.digits));
    ck_assert(!q.slot.taken);
    result_free(q.digits);
    assert_budget_is_free();
}
END_TEST

START_TEST(short_numbers_one_after_another_leave_nothing_behind)
{
    factorial_request q;
    request_rec *r = start_child(8);
    ((process_state *)process)->short_most = 1;
    long before = 0;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(compute(r, 15000, &q), OUTCOME_OK);
        ck_assert(!q.slot.taken);
        result_free(q.digits);
        if (i == 0)
            before = suite_address_space();
    }
    if (!suite_sanitized())
        ck_assert_int_eq(suite_address_space(), before);
    assert_budget_is_free();
}
END_TEST

START_TEST(a_short_number_that_finds_no_room_is_treated_as_a_long_one)
{
    factorial_request q;
    request_rec *r = start_child(8);
    process_state *state = (process_state *)process;
    for (int i = 0; i < 2; i++) {
        state->short_most = 0; /* others compute short numbers */
        ck_assert_int_eq(compute(r, 10000, &q), OUTCOME_OK);
        ck_assert(q.slot.taken);
        slot_return(&q.slot, q.r);
        result_free(q.digits);
        assert_budget_is_free();
        state->short_most = 1;
        ck_assert_int_eq(compute(r, 10000, &q), OUTCOME_OK);
        ck_assert(!q.slot.taken);
        result_free(q.digits);
    }
    state->limits.memory = 1;
    set(r, "FactorialQueueTimeout", "0");
    ck_assert_int_eq(compute(r, 10000, &q), OUTCOME_BUSY);
    ck_assert(q.slot.taken);
    slot_return(&q.slot, q.r);
    assert_budget_is_free();
}
END_TEST

START_TEST(a_scratch_block_is_cached_and_freed_when_another_process_lacks_memory)
{
    factorial_request q;
    admission other;
    admission_scratch scratch;
    request_rec *r = start_child(8);
    uint64_t ticket = 0;
    const admission_demand most = {.others = process->limits.memory - 1};
    ck_assert_int_eq(compute(r, 100000, &q), OUTCOME_OK);
    result_free(q.digits);
    slot_return(&q.slot, q.r);
    ck_assert_uint_eq(admission_sum(process->budget->ledger).cached, memory_size(q.plan.scratch));
    ck_assert_uint_eq(admission_sum(process->budget->ledger).memory, memory_size(q.plan.scratch));
    ck_assert(admission_join(&other, process->budget->ledger));
    admission_answer answer;
    do { /* compute threads check ten times a second while they are idle */
        answer = admission_request(&other, &process->limits, &most, &ticket, &scratch);
        usleep(10000);
    } while (answer == ADMISSION_WAITING);
    ck_assert_int_eq(answer, ADMISSION_GRANTED);
}
END_TEST

START_TEST(nobody_is_refused_for_memory_that_is_kept)
{
    factorial_request q;
    request_rec *r = start_child(thread_counts[_i]);
    ck_assert_int_eq(compute(r, 100000, &q), OUTCOME_OK);
    result_free(q.digits);
    slot_return(&q.slot, q.r);
    uint64_t n = 150000;
    ((process_state *)process)->limits.waiting = 0;
    ((process_state *)process)->limits.memory = memory_of(n);
    ck_assert_int_eq(compute(r, n, &q), OUTCOME_OK);
    result_free(q.digits);
    slot_return(&q.slot, q.r);
    assert_budget_is_free();
}
END_TEST

#ifdef __GLIBC__ /* musl returns freed memory to the system at once */
static int trims;

int malloc_trim(size_t rest)
{
    trims++;
    return 1;
}
#endif

static const char *const engines[] = {"auto", "gmp"};

START_TEST(a_long_number_needs_the_memory_that_its_plan_says)
{
    factorial_request q;
    request_rec *r = fake_request(NULL);
    void *record = ap_get_module_config(r->server->lookup_defaults, &factorial_module);
    ck_assert_ptr_null(fake_directive_outside(record, "FactorialEngine", engines[_i]));
    fake.threads = 1;
    ck_assert(process_prepare(r->server));
    process_init(fake.pool, r->server);
    set(r, "FactorialQueueTimeout", "0");
    uint64_t n = 30000;
    for (uint64_t less = 0; less < 2; less++) {
        ((process_state *)process)->limits.memory = memory_of(n) - less;
        ck_assert_int_eq(compute(r, n, &q), less ? OUTCOME_BUSY : OUTCOME_OK);
        slot_return(&q.slot, q.r);
        if (!less)
            result_free(q.digits);
        assert_budget_is_free();
    }
#ifdef __GLIBC__
    ck_assert_int_eq(trims, q.plan.gmp_heap > 0);
#endif
}
END_TEST

START_TEST(without_an_account_large_numbers_are_refused)
{
    factorial_request q;
    ck_assert_int_eq(compute(fake_request(NULL), 60000, &q), OUTCOME_BUSY);
    ck_assert_ptr_null(q.digits);
    slot_return(&q.slot, q.r);
}
END_TEST

START_TEST(who_finds_the_budget_taken_waits_and_is_refused)
{
    factorial_request q;
    uint64_t ticket = 0;
    request_rec *r = start_child(thread_counts[_i]);
    set(r, "FactorialQueueTimeout", "0");
    ((process_state *)process)->limits.computations = 1;
    const admission_demand demand = {.others = 1000};
    admission_scratch scratch;
    ck_assert_int_eq(
        admission_request(process->budget, &process->limits, &demand, &ticket, &scratch),
        ADMISSION_GRANTED);
    ck_assert_int_eq(compute(r, 60000, &q), OUTCOME_BUSY);
    ck_assert_ptr_null(q.digits);
    slot_return(&q.slot, q.r);
    ((process_state *)process)->limits.waiting = 0;
    r->connection->aborted = 1; /* a request that waits would find this */
    ck_assert_int_eq(compute(r, 60000, &q), OUTCOME_BUSY);
    slot_return(&q.slot, q.r);
    admission_finish(process->budget, &process->limits, scratch);
    admission_return(process->budget, 1000);
    assert_budget_is_free();
}
END_TEST

START_TEST(what_takes_too_long_is_stopped)
{
    factorial_request q;
    request_rec *r = start_child(thread_counts[_i]);
    set(r, "FactorialTimeout", "1");
    uint64_t n = 60000000;
    ((process_state *)process)->limits.memory = (uint64_t)64 << 30;
    ck_assert_int_eq(compute(r, n, &q), OUTCOME_TIMEOUT);
    ck_assert_uint_ge(q.computed, 1000000);
    ck_assert_uint_lt(q.computed, 5000000);
    slot_return(&q.slot, q.r);
    assert_budget_is_free();
}
END_TEST

/* Computed in a quarter of a second: there is time to look up. */
static const uint64_t long_enough = 10000000;

START_TEST(a_client_that_has_gone_stops_its_computation)
{
    factorial_request q;
    request_rec *r = start_child(thread_counts[_i]);
    r->connection->aborted = 1;
    ck_assert_int_eq(compute(r, long_enough, &q), OUTCOME_GONE);
    slot_return(&q.slot, q.r);
    assert_budget_is_free();
}
END_TEST

START_TEST(a_child_that_is_to_end_in_haste_stops_computing)
{
    factorial_request q;
    request_rec *r = start_child(thread_counts[_i]);
    process_stopping(fake.pool, 1);
    ck_assert_int_eq(compute(r, 60000, &q), OUTCOME_OK);
    result_free(q.digits);
    slot_return(&q.slot, q.r);
    process_stopping(fake.pool, 0);
    ck_assert_int_eq(compute(r, long_enough, &q), OUTCOME_STOPPING);
    slot_return(&q.slot, q.r);
    assert_budget_is_free();
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    factorial_request q;
    request_rec *r = start_child(1);
    rlim_t little_more = ((rlim_t)suite_address_space() << 10) + (64 << 20);
    struct rlimit small = {little_more, little_more};
    ((process_state *)process)->limits.memory = (uint64_t)64 << 30;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &small), 0);
    ck_assert_int_eq(compute(r, 50000000, &q), OUTCOME_MEMORY);
    ck_assert_ptr_null(q.digits);
    slot_return(&q.slot, q.r);
    assert_budget_is_free();
}
END_TEST

#ifdef __GLIBC__ /* musl has no stack of more than 8 MiB */
START_TEST(no_thread_is_an_error)
{
    factorial_request q;
    pthread_attr_t huge;
    request_rec *r = start_child(8);
    pthread_attr_init(&huge);
    ck_assert_int_eq(pthread_attr_setstacksize(&huge, (size_t)1 << 46), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&huge), 0);
    ck_assert_int_eq(compute(r, 30000, &q), OUTCOME_MEMORY);
    ck_assert_ptr_null(q.digits);
    slot_return(&q.slot, q.r);
    assert_budget_is_free();
}
END_TEST
#endif

START_TEST(the_largest_number_is_what_memory_has_room_for)
{
    request_rec *r = fake_request(NULL);
    void *record = ap_get_module_config(r->server->lookup_defaults, &factorial_module);
    ck_assert(process_prepare(r->server));
    ck_assert_ptr_null(fake_directive(record, "FactorialMemory", "8"));
    ck_assert_ptr_null(fake_directive(record, "FactorialEngine", engines[_i]));
    process_init(fake.pool, r->server);
    uint64_t n = process->largest;
    ck_assert_uint_gt(n, 50000);
    ck_assert_uint_lt(n, 2000000);
    size_t room = (size_t)8 << 20;
    ck_assert_uint_le(memory_of(n), room);
    n++;
    ck_assert_uint_gt(memory_of(n), room);
}
END_TEST

Suite *suite(void)
{
    enum { BOTH = sizeof thread_counts / sizeof *thread_counts };
    Suite *s = suite_create("compute");
    TCase *t = tcase_create("compute");
    tcase_add_checked_fixture(t, set_up, fake_tear_down);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, a_small_number_needs_no_budget);
    tcase_add_loop_test(t, the_largest_number_is_what_memory_has_room_for, 0, 2);
    /* Each needs a process that is no child yet. */
    if (!suite_under_valgrind()) {
        tcase_add_loop_test(t, a_small_number_is_neither_charged_nor_counted, 0, BOTH);
        tcase_add_loop_test(t, a_short_number_is_charged_but_needs_no_computation_of_the_budget, 0,
                            BOTH);
        tcase_add_test(t, short_numbers_one_after_another_leave_nothing_behind);
        tcase_add_test(t, a_short_number_that_finds_no_room_is_treated_as_a_long_one);
        tcase_add_test(t, a_scratch_block_is_cached_and_freed_when_another_process_lacks_memory);
        tcase_add_loop_test(t, nobody_is_refused_for_memory_that_is_kept, 0, BOTH);
        tcase_add_loop_test(t, a_long_number_needs_the_memory_that_its_plan_says, 0, 2);
        tcase_add_test(t, without_an_account_large_numbers_are_refused);
        tcase_add_loop_test(t, a_large_number_holds_its_digits_until_they_are_released, 0, BOTH);
        tcase_add_loop_test(t, who_finds_the_budget_taken_waits_and_is_refused, 0, BOTH);
        tcase_add_loop_test(t, what_takes_too_long_is_stopped, 0, BOTH);
        tcase_add_loop_test(t, a_client_that_has_gone_stops_its_computation, 0, BOTH);
        tcase_add_loop_test(t, a_child_that_is_to_end_in_haste_stops_computing, 0, BOTH);
    }
    if (!suite_sanitized() && !suite_under_valgrind())
        tcase_add_test(t, no_memory_is_an_error);
#ifdef __GLIBC__
    if (!suite_sanitized() && !suite_under_valgrind())
        tcase_add_test(t, no_thread_is_an_error);
#endif
    suite_add_tcase(s, t);
    return s;
}
