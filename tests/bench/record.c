/*
 * Records the tasks of one computation: record N THREADS RUNS.
 *
 * It has the place of the engine's pool (pool.h), so that nothing in the engine is for it. One
 * thread computes everything, divided as the engine would divide it among THREADS. Outside of loops
 * the engine works on one thread; the iterations of a loop depend on all that comes before the
 * loop, and what comes after it depends on all of them. So the graph is a list, with a line for
 * each of its parts, in their order:
 *
 *   serial NANOSECONDS
 *   loop FUNCTION MOST NANOSECONDS...    of each iteration; at most MOST threads run the loop, and
 *                                        FUNCTION is an address in this program
 *
 * The parts are the same in each run; a time is the median of the runs.
 */
#define _GNU_SOURCE /* madvise */
#include "engine/factorial.h"
#include "engine/pool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { PIECES_MAX = 1 << 16, RUNS_MAX = 15 };

/* An iteration of a loop, or what is between two loops. */
typedef struct {
    pool_iteration run; /* NULL: between loops */
    unsigned most;      /* threads that may run the loop */
    uint64_t took[RUNS_MAX];
} piece;

struct factorial_pool {
    piece pieces[PIECES_MAX];
    size_t count;
    unsigned run;
    uint64_t since;
};

/* Of this thread alone, so that it does not matter what else the machine does. */
static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void end_piece(factorial_pool *pool, pool_iteration run, unsigned most)
{
    uint64_t end = now();
    if (pool->count == PIECES_MAX)
        abort();
    piece *p = &pool->pieces[pool->count++];
    p->run = run;
    p->most = most;
    p->took[pool->run] = end - pool->since;
    pool->since = now();
}

/* ---- the pool; a job without one computes within an iteration of another one's loop */

unsigned pool_threads(const factorial_job *job)
{
    return job->pool ? job->threads : 1;
}

void pool_run(const factorial_job *job, size_t count, pool_iteration run, void *context)
{
    if (job->pool)
        end_piece(job->pool, NULL, 1);
    for (size_t i = 0; i < count; i++) {
        run(context, i);
        if (job->pool)
            end_piece(job->pool, run, job->threads);
    }
}

void pool_run_sequence(const factorial_job *job, pool_next next, void *context)
{
    for (pool_loop loop; next(context, &loop);)
        pool_run(job, loop.count, loop.run, loop.context);
}

/* ---- the recording */

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void print(factorial_pool *pool, unsigned runs)
{
    for (size_t i = 0; i < pool->count; i++) {
        piece *p = &pool->pieces[i];
        qsort(p->took, runs, sizeof *p->took, compare);
        if (!p->run)
            printf("%sserial", i ? "\n" : "");
        else if (!p[-1].run)
            printf("\nloop %#" PRIxPTR " %u", (uintptr_t)p->run, p->most);
        printf(" %" PRIu64, p->took[runs / 2]);
    }
    puts("");
}

/* In huge pages if the system has them, as the engine's program has it. */
static void *allocate(size_t size)
{
    const size_t huge = (size_t)2 << 20;
    size_t rounded = (size + huge) / huge * huge;
    void *block = aligned_alloc(huge, rounded);
    if (!block)
        abort();
    madvise(block, rounded, MADV_HUGEPAGE);
    return block;
}

int main(int count, char **argument)
{
    static factorial_pool pool;
    unsigned long number[3] = {0};
    for (int i = 0; i < 3 && i + 1 < count; i++)
        number[i] = strtoul(argument[i + 1], NULL, 10);
    unsigned runs = (unsigned)number[2];
    if (number[0] < 2 || number[1] < 1 || runs < 1 || runs > RUNS_MAX || !factorial_prepare())
        return EXIT_FAILURE;
    factorial_plan plan = factorial_make_plan(number[0], FACTORIAL_AUTO);
    factorial_job job = {.pool = &pool, .threads = (unsigned)number[1]};
    char *digits = allocate(plan.digits), *scratch = allocate(plan.scratch);
    factorial_status status = FACTORIAL_OK;
    for (pool.run = 0; pool.run < runs && status == FACTORIAL_OK; pool.run++) {
        pool.count = 0;
        pool.since = now();
        status = factorial_compute(&plan, &job, digits, scratch);
        end_piece(&pool, NULL, 1);
    }
    print(&pool, runs);
    free(scratch);
    free(digits);
    return status == FACTORIAL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
