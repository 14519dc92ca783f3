/*
 * The engine as a command: writes N! to standard output.
 */
#define _DEFAULT_SOURCE /* madvise */
#include "factorial_by.h"
#include "kernel/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: factorial [-g] [-k kernel] [-t threads] [-r runs] [-q] N\n"
    "Writes N!, N up to %u.\n"
    "  -g          by GMP alone\n"
    "  -k kernel   by avx512, avx2 or neon, rather than what is fastest for this N and CPU\n"
    "  -t threads  on so many threads (1)\n"
    "  -r runs     computes it so often, and writes the seconds of each run to standard error\n"
    "  -q          does not write N!\n";

typedef struct {
    uint64_t n;
    factorial_method method;
    const kernel *forced;
    unsigned threads, runs;
    bool timed, quiet;
} options;

static void fail(const char *why)
{
    fprintf(stderr, "factorial: %s\n", why);
    exit(EXIT_FAILURE);
}

static void fail_usage(void)
{
    fprintf(stderr, usage, FACTORIAL_LIMIT);
    exit(2);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value < least || value > most)
        fail_usage();
    return value;
}

static const kernel *kernel_named(const char *name)
{
    const kernel *k;
    for (unsigned i = 0; (k = dispatch_available(i)); i++)
        if (strcmp(k->name, name) == 0)
            return k;
    fail("this CPU does not have that kernel");
    return NULL;
}

static options parse(int count, char **argument)
{
    options o = {.threads = 1, .runs = 1};
    for (int option; (option = getopt(count, argument, "gk:t:r:q")) != -1;)
        switch (option) {
        case 'g':
            o.method = FACTORIAL_GMP;
            break;
        case 'k':
            o.forced = kernel_named(optarg);
            break;
        case 't':
            o.threads = (unsigned)number(optarg, 1, 256);
            break;
        case 'r':
            o.runs = (unsigned)number(optarg, 1, 1000000);
            o.timed = true;
            break;
        case 'q':
            o.quiet = true;
            break;
        default:
            fail_usage();
        }
    if (optind != count - 1)
        fail_usage();
    o.n = number(argument[optind], 0, FACTORIAL_LIMIT);
    return o;
}

/* In huge pages if it is long and the system has them. For free(). */
static void *allocate(size_t size)
{
    const size_t huge = (size_t)2 << 20;
    size_t alignment = size >= huge ? huge : FACTORIAL_SCRATCH_ALIGNMENT;
    size_t rounded = (size + alignment) / alignment * alignment;
    void *block = aligned_alloc(alignment, rounded);
    if (!block)
        fail("out of memory");
    if (size >= huge)
        madvise(block, rounded, MADV_HUGEPAGE);
    return block;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int count, char **argument)
{
    options o = parse(count, argument);
    if (o.method == FACTORIAL_AUTO)
        factorial_prepare();
    if (o.forced && !dispatch_try(o.forced))
        fail("the kernel computes a known product wrong");

    const kernel *k = o.forced ? o.forced : dispatch_used();
    factorial_plan plan = o.forced && o.n >= 2 ? factorial_plan_by(FACTORIAL_BY_TRANSFORM, k, o.n)
                                               : factorial_make_plan(o.n, o.method);
    factorial_pool *pool = o.threads > 1 ? factorial_pool_create(o.threads - 1, NULL, NULL) : NULL;
    if (o.threads > 1 && !pool)
        fail("the threads cannot be started");
    factorial_job job = {.pool = pool, .threads = o.threads};
    char *digits = allocate(plan.digits + 1);
    void *scratch = allocate(plan.scratch);
    double *took = allocate(o.runs * sizeof *took);
    for (unsigned run = 0; run < o.runs; run++) {
        double begin = seconds();
        if (factorial_compute_by(k, &plan, &job, digits, scratch) != FACTORIAL_OK)
            fail("the result is wrong: a fault of this machine or of the compiler");
        took[run] = seconds() - begin;
    }
    /* Only now: reading them would disturb the next run. */
    for (unsigned run = 0; o.timed && run < o.runs; run++)
        fprintf(stderr, "%.7f\n", took[run]);
    digits[plan.digits] = '\n';
    if (!o.quiet && fwrite(digits, 1, plan.digits + 1, stdout) != plan.digits + 1)
        fail("cannot write");
    free(took);
    free(digits);
    free(scratch);
    factorial_pool_destroy(pool);
    return EXIT_SUCCESS;
}
