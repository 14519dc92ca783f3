#include "factorial.h"

#include "cpu.h"
#include "crossovers.h"
#include "decimal_factorial.h"
#include "gmp.h"
#include "job.h"
#include "kernels.h"

#include <fenv.h>

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

/* The kernel that computes n!, or NULL for GMP. */
static const kernel *choose(uint64_t n, factorial_method method)
{
    return method == FACTORIAL_GMP || n <= CROSSOVER_GMP ? NULL : kernels_used();
}

size_t factorial_memory_need(uint64_t n, factorial_method method, unsigned threads)
{
    const kernel *k = choose(n, method);
    return k ? decimal_memory_need(k, n) : gmp_memory_need(n);
}

factorial_status factorial_compute(const factorial_job *job, uint64_t n, char *digits)
{
    return factorial_compute_by(choose(n, job->method), job, n, digits);
}
