/* How much of a computation the check of its text takes: check_share N..., on one thread and on
 * two. */
#include "engine/checksum.h"
#include "engine/factorial.h"
#include "engine/kernel/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 11 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *took)
{
    qsort(took, RUNS, sizeof *took, compare);
    return took[RUNS / 2];
}

static void measure(uint64_t n, const factorial_job *job)
{
    factorial_plan plan = factorial_make_plan(n, FACTORIAL_AUTO);
    char *digits = malloc(plan.digits);
    void *scratch = aligned_alloc(FACTORIAL_SCRATCH_ALIGNMENT,
                                  (plan.scratch / FACTORIAL_SCRATCH_ALIGNMENT + 1) *
                                      FACTORIAL_SCRATCH_ALIGNMENT);
    double all[RUNS], check[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double begin = seconds();
        if (factorial_compute(&plan, job, digits, scratch) != FACTORIAL_OK)
            exit(EXIT_FAILURE);
        double middle = seconds();
        if (checksum_of_text(dispatch_used(), job, digits, plan.digits) !=
            checksum_of_factorial(job, n))
            exit(EXIT_FAILURE);
        all[run] = middle - begin;
        check[run] = seconds() - middle;
    }
    double whole = median(all), part = median(check);
    printf("%10llu %u thread%s check %9.3f ms of %9.3f ms: %4.1f %%\n", (unsigned long long)n,
           job->threads, job->threads == 1 ? ", " : "s,", 1e3 * part, 1e3 * whole,
           100 * part / whole);
    free(scratch);
    free(digits);
}

int main(int count, char **argument)
{
    factorial_prepare();
    factorial_job job = {.pool = factorial_pool_create(1, NULL, NULL)};
    for (int i = 1; i < count; i++)
        for (job.threads = 1; job.threads <= 2; job.threads++)
            measure(strtoull(argument[i], NULL, 10), &job);
    factorial_pool_destroy(job.pool);
    return EXIT_SUCCESS;
}
