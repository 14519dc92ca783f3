#include "factorial.h"

#include "cpu.h"
#include "decimal_factorial.h"
#include "gmp.h"
#include "job.h"
#include "kernels.h"
#include "table_factorial.h"

#include <fenv.h>

bool factorial_prepare(void)
{
    /* Whoever sees that there is a kernel sees the table too. */
    table_prepare();
    return kernels_prepare();
}

factorial_status factorial_compute_by(const kernel *k, const factorial_job *job, uint64_t n,
                                      char *digits)
{
    if (n > FACTORIAL_LIMIT)
        return FACTORIAL_TOO_LARGE;
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;
    if (!k || n < 2)
        return gmp_factorial(job, n, digits);
    /* The kernels need rounding to nearest, which the caller may have changed. */
    fenv_t environment;
    fegetenv(&environment);
    fesetenv(FE_DFL_ENV);
    factorial_status status = decimal_factorial(k, job, n, digits);
    fesetenv(&environment);
    return status;
}

/* ---- the fastest way */

typedef enum { BY_GMP, BY_TABLE, BY_KERNEL } way;

enum { GMP_MAX = 100 }; /* in less than a microsecond */

static way choose(uint64_t n, factorial_method method)
{
    if (method == FACTORIAL_GMP || n <= GMP_MAX || !kernels_used())
        return BY_GMP;
    return n <= TABLE_MAX ? BY_TABLE : BY_KERNEL;
}

size_t factorial_memory_need(uint64_t n, factorial_method method, unsigned threads)
{
    switch (choose(n, method)) {
    case BY_KERNEL:
        return decimal_memory_need(kernels_used(), n);
    case BY_TABLE:
        return 0;
    case BY_GMP:
        break;
    }
    return gmp_memory_need(n);
}

factorial_status factorial_compute(const factorial_job *job, uint64_t n, char *digits)
{
    way chosen = choose(n, job->method);
    if (chosen == BY_TABLE)
        return job_cancelled(job) ? FACTORIAL_CANCELLED : table_factorial(n, digits);
    return factorial_compute_by(chosen == BY_GMP ? NULL : kernels_used(), job, n, digits);
}
