/* What one server process is given, and the slots that its requests take of it. */
#include "engine/pool.h"
#include "fake_httpd.h"
#include "metrics.h"
#include "process.h"
#include "slot.h"
#include "suite.h"

#include <apr_optional.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <unistd.h>

static request_rec *r;
static int kept_mapped; /* calls of dlopen that keep the module's code */

/* In the C library's place. */
void *dlopen(const char *file, int flags)
{
    kept_mapped += file && flags & RTLD_NODELETE && flags & RTLD_NOLOAD;
    return NULL;
}

static void set_up(void)
{
    fake_set_up();
    r = fake_request(NULL);
}

static void set(const char *name, const char *value)
{
    void *record = ap_get_module_config(r->server->lookup_defaults, &factorial_module);
    ck_assert_ptr_null(fake_directive_outside(record, name, value));
}

static void start(int daemons, int threads)
{
    fake.daemons = daemons;
    fake.threads = threads;
    ck_assert(process_prepare(r->server));
    process_init(fake.pool, r->server);
    ck_assert(process->joined);
}

/* Child processes, workers of each, FactorialConcurrency; what follows from them. */
static const struct {
    int daemons, threads;
    unsigned concurrency, here, everywhere, cached;
    int short_most;
} servers[] = {
    {256, 1, 4, 1, 64, 0, 1}, /* prefork */
    {1, 1, 4, 1, 1, 0, 1},    {2, 3, 4, 1, 1, 1, 1},     {3, 4, 4, 1, 3, 1, 2},
    {4, 25, 4, 6, 25, 4, 12}, {4, 25, 40, 6, 25, 6, 12},
};

START_TEST(a_quarter_of_the_workers_may_wait_and_half_compute_short_numbers)
{
    set("FactorialConcurrency", apr_psprintf(fake.pool, "%u", servers[_i].concurrency));
    set("FactorialMaxWaiting", "7");
    set("FactorialThreads", "1");
    set("FactorialEngine", "gmp");
    set("FactorialMemory", "100");
    start(servers[_i].daemons, servers[_i].threads);
    ck_assert_uint_eq(process->here, servers[_i].here);
    ck_assert_uint_eq(process->everywhere, servers[_i].everywhere);
    ck_assert_int_eq(process->short_most, servers[_i].short_most);
    ck_assert_uint_eq(process->limits.computations, servers[_i].concurrency);
    ck_assert_uint_eq(process->limits.cached, servers[_i].cached);
    ck_assert_uint_eq(process->limits.waiting, 7);
    ck_assert_uint_eq(process->limits.memory, 100 << 20);
    ck_assert_uint_eq(process->threads, 1);
    ck_assert_int_eq(process->method, FACTORIAL_GMP);
    ck_assert_int_eq(process->compute_threads != NULL, servers[_i].threads > 1);
    ck_assert_int_eq(kept_mapped, servers[_i].threads > 1); /* threads may outlast a stop */
    ck_assert(!process->async);
    ck_assert_ptr_null(process_pool()); /* one thread for each computation */
    ck_assert_int_eq(fake.log_lines, 0);
}
END_TEST

static void meet_another(void *inside, size_t index)
{
    atomic_fetch_add((atomic_int *)inside, 1);
    for (int i = 0; atomic_load((atomic_int *)inside) < 2; i++, usleep(1000))
        if (i == 20000) { /* only if it never comes */
            atomic_fetch_sub((atomic_int *)inside, 100);
            return;
        }
}

START_TEST(a_computation_on_several_threads_has_a_pool)
{
    fake.async = true;
    set("FactorialThreads", "2");
    start(4, 8);
    ck_assert(process->async);
    ck_assert_ptr_nonnull(process_pool());
    ck_assert_ptr_eq(process_pool(), process_pool());
    atomic_int inside = 0;
    factorial_job job = {.pool = process_pool(), .threads = 2};
    pool_run(&job, 2, meet_another, &inside);
    ck_assert_int_eq(inside, 2);
    ck_assert(!process_is_stopping());
    process_stopping(fake.pool, 1);
    ck_assert(!process_is_stopping());
    process_stopping(fake.pool, 0);
    ck_assert(process_is_stopping());
}
END_TEST

static void run_nothing(compute_task *task)
{
}

START_TEST(the_end_of_a_process_stops_its_threads)
{
    compute_task task = {.run = run_nothing};
    set("FactorialThreads", "3");
    start(4, 8);
    ck_assert(compute_threads_submit(process->compute_threads, &task));
    ck_assert(compute_threads_wait(process->compute_threads, &task, 10000));
    ck_assert_ptr_nonnull(process_pool());
    int others = suite_threads() - 3;
    apr_pool_clear(fake.pool);
    ck_assert(process_is_stopping());
    suite_expect_threads(others);
}
END_TEST

/* One that ends and its successor. */
START_TEST(there_are_two_accounts_for_each_process)
{
    enum { DAEMONS = 3 };
    admission others[2 * DAEMONS];
    start(DAEMONS, 1);
    for (int i = 0; i < 2 * DAEMONS - 1; i++)
        ck_assert(admission_join(&others[i], process->budget->ledger));
    ck_assert(!admission_join(&others[2 * DAEMONS - 1], process->budget->ledger));
    process_init(fake.pool, r->server);
    ck_assert(!process->joined);
    ck_assert_int_eq(fake.log_lines, 1);
    ck_assert_int_eq(fake.log_status, 0);
}
END_TEST

START_TEST(the_budget_outlives_a_restart)
{
    start(4, 8);
    ck_assert(admission_charge(process->budget, &process->limits, 1000));
    ck_assert(process_prepare(r->server));
    admission next;
    ck_assert(admission_join(&next, process->budget->ledger));
    ck_assert_uint_eq(admission_sum(process->budget->ledger).memory, 1000);
}
END_TEST

static uint64_t cached(void)
{
    return admission_sum(process->budget->ledger).cached;
}

static void cache_block(void)
{
    uint64_t ticket = 0;
    const admission_demand demand = {.scratch = 1 << 20};
    admission_scratch scratch;
    ck_assert_int_eq(
        admission_request(process->budget, &process->limits, &demand, &ticket, &scratch),
        ADMISSION_GRANTED);
    admission_finish(process->budget, &process->limits, scratch);
    ck_assert_uint_eq(cached(), 1 << 20);
}

/* Caches a block, lets an idle thread look at it, and lets so much time pass. The clock stands in
 * the past, so that the thread looks again at once. */
static void be_idle_for(int64_t milliseconds)
{
    compute_task task = {.run = run_nothing};
    set("FactorialMemory", "100");
    fake_stop_clocks();
    fake.monotonic = -10000000;
    start(4, 8);
    cache_block();
    ck_assert(compute_threads_submit(process->compute_threads, &task));
    ck_assert(compute_threads_wait(process->compute_threads, &task, 60000));
    usleep(100000);
    ck_assert_uint_eq(cached(), 1 << 20);
    fake.monotonic += milliseconds * 1000;
}

static void expect_block_to_stay(void)
{
    usleep(100000);
    ck_assert_uint_eq(cached(), 1 << 20);
    fake.monotonic = 0; /* no earlier than the test's start, as Check measures how long it takes */
}

/* Once they are freed, no thread looks until something has been computed. */
START_TEST(cached_blocks_are_freed_after_five_idle_seconds)
{
    be_idle_for(5000);
    while (cached() > 0)
        usleep(1000);
    cache_block();
    expect_block_to_stay();
}
END_TEST

START_TEST(cached_blocks_stay_before)
{
    be_idle_for(4999);
    expect_block_to_stay();
}
END_TEST

/* ---- slots */

static void leave_room_for(unsigned here, unsigned everywhere, unsigned streams)
{
    process_state *state = (process_state *)process;
    state->here = here;
    state->everywhere = everywhere;
    state->streams = streams;
}

static unsigned busy(admission_kind kind)
{
    return admission_sum(process->budget->ledger).busy[kind];
}

START_TEST(a_slot_is_taken_once_and_returned_with_the_request)
{
    slot s = {0};
    start(4, 8);
    ck_assert(slot_take(&s, r));
    ck_assert(slot_take(&s, r));
    ck_assert_uint_eq(busy(ADMISSION_WORKER), 1);
    slot_return(&s, r);
    slot_return(&s, r);
    ck_assert(!s.taken);
    ck_assert_uint_eq(busy(ADMISSION_WORKER), 0);
    apr_pool_create(&r->pool, fake.pool);
    ck_assert(slot_take(&s, r));
    apr_pool_destroy(r->pool);
    ck_assert_uint_eq(busy(ADMISSION_WORKER), 0);
}
END_TEST

START_TEST(workers_and_streams_are_limited_apart)
{
    conn_rec master = {0};
    request_rec *stream = fake_request(NULL);
    stream->connection->master = &master;
    start(4, 8);
    slot *s = apr_pcalloc(r->pool, 4 * sizeof *s);
    leave_room_for(2, 1, 1);
    ck_assert(slot_take(&s[0], r));
    ck_assert(!slot_take(&s[1], r));
    leave_room_for(1, 9, 1);
    ck_assert(!slot_take(&s[1], r));
    leave_room_for(2, 2, 1);
    ck_assert(slot_take(&s[1], r));
    ck_assert(slot_take(&s[2], stream));
    ck_assert(!slot_take(&s[3], stream));
    ck_assert_uint_eq(busy(ADMISSION_WORKER), 2);
    ck_assert_uint_eq(busy(ADMISSION_STREAM), 1);
    slot_return(&s[2], stream);
    ck_assert_uint_eq(busy(ADMISSION_WORKER), 2);
    ck_assert_uint_eq(busy(ADMISSION_STREAM), 0);
}
END_TEST

START_TEST(without_an_account_there_is_no_slot)
{
    slot s = {0};
    ck_assert(!slot_take(&s, r));
    slot_return(&s, r);
}
END_TEST

static int http2_threads;

/* mod_http2's own, which writes the least and the most. */
static void http2_get_num_workers(server_rec *server, int *least, int *most)
{
    *least = 1;
    *most = http2_threads;
}

APR_DECLARE_OPTIONAL_FN(void, http2_get_num_workers, (server_rec *, int *, int *));

START_TEST(three_quarters_of_the_streams_may_wait)
{
    static const struct {
        int threads;
        unsigned streams;
    } cases[] = {{0, 1}, {1, 1}, {4, 3}, {150, 111}};
    start(4, 1);
    ck_assert_uint_eq(process->streams, 1); /* without mod_http2 */
    apr_hook_global_pool = fake.pool;
    APR_REGISTER_OPTIONAL_FN(http2_get_num_workers);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http2_threads = cases[i].threads;
        process_init(fake.pool, r->server);
        ck_assert_uint_eq(process->streams, cases[i].streams);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("process");
    TCase *t = tcase_create("process");
    tcase_add_checked_fixture(t, set_up, fake_tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, without_an_account_there_is_no_slot);
    if (!suite_under_valgrind()) { /* each needs a process that is no child yet */
        tcase_add_loop_test(t, a_quarter_of_the_workers_may_wait_and_half_compute_short_numbers, 0,
                            sizeof servers / sizeof *servers);
        tcase_add_test(t, a_computation_on_several_threads_has_a_pool);
        tcase_add_test(t, the_end_of_a_process_stops_its_threads);
        tcase_add_test(t, there_are_two_accounts_for_each_process);
        tcase_add_test(t, the_budget_outlives_a_restart);
        tcase_add_test(t, cached_blocks_are_freed_after_five_idle_seconds);
        tcase_add_test(t, cached_blocks_stay_before);
        tcase_add_test(t, a_slot_is_taken_once_and_returned_with_the_request);
        tcase_add_test(t, workers_and_streams_are_limited_apart);
        tcase_add_test(t, three_quarters_of_the_streams_may_wait);
    }
    suite_add_tcase(s, t);
    return s;
}
