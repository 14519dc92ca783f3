/*
 * The engine as a command: writes N! to standard output.
 */
#include "cpu.h"
#include "factorial.h"
#include "keeper.h"
#include "kernels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    for (unsigned i = 0; (k = cpu_kernel(i)); i++)
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

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *acquire(factorial_memory *memory, size_t bytes)
{
    return keeper_allocate(bytes);
}

static void release(factorial_memory *memory, void *block, size_t bytes)
{
    free(block);
}

static void compute(const options *o, const factorial_job *job, char *digits)
{
    factorial_status status = o->forced ? factorial_compute_by(o->forced, job, o->n, digits)
                                        : factorial_compute(job, o->n, digits);
    if (status == FACTORIAL_OUT_OF_MEMORY)
        fail("out of memory");
    if (status != FACTORIAL_OK)
        fail("the result is wrong: a fault of this machine or of the compiler");
}

int main(int count, char **argument)
{
    options o = parse(count, argument);
    if (o.method == FACTORIAL_AUTO && !o.forced)
        factorial_prepare();
    if (o.forced && !kernels_try(o.forced))
        fail("the kernel computes a known product wrong");

    factorial_memory heap = {acquire, release};
    factorial_keeper *keeper = factorial_keeper_create(&heap, SIZE_MAX);
    factorial_pool *pool = o.threads > 1 ? factorial_pool_create(o.threads - 1, NULL, NULL) : NULL;
    size_t length = factorial_digit_count(o.n);
    char *digits = malloc(length + 1);
    double *took = calloc(o.runs, sizeof *took);
    if (!digits || !took || !keeper || (o.threads > 1 && !pool))
        fail("out of memory");
    factorial_job job = {.memory = factorial_keeper_memory(keeper),
                         .pool = pool,
                         .threads = o.threads,
                         .method = o.method};
    for (unsigned run = 0; run < o.runs; run++) {
        double begin = seconds();
        compute(&o, &job, digits);
        took[run] = seconds() - begin;
    }
    /* Not in between: whoever reads them would disturb the next run. */
    for (unsigned run = 0; o.timed && run < o.runs; run++)
        fprintf(stderr, "%.7f\n", took[run]);
    free(took);
    digits[length] = '\n';
    if (!o.quiet && fwrite(digits, 1, length + 1, stdout) != length + 1)
        fail("cannot write");
    free(digits);
    factorial_pool_destroy(pool);
    factorial_keeper_destroy(keeper);
    return EXIT_SUCCESS;
}
