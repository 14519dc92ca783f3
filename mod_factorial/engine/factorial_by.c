#include "factorial_by.h"

#include "decimal_factorial.h"
#include "digit_count.h"
#include "gmp_factorial.h"
#include "job.h"
#include "table_factorial.h"
#include "thresholds.h"

#include <fenv.h>

factorial_plan factorial_plan_by(factorial_algorithm algorithm, const kernel *k, uint64_t n)
{
    uint64_t short_max = algorithm == FACTORIAL_BY_GMP ? SHORT_MAX_GMP : SHORT_MAX;
    factorial_plan p = {.n = n,
                        .digits = factorial_digit_count(n),
                        .cost = n <= INSTANT_MAX ? FACTORIAL_INSTANT
                                : n <= short_max ? FACTORIAL_SHORT
                                                 : FACTORIAL_LONG,
                        .algorithm = algorithm};
    switch (algorithm) {
    case FACTORIAL_BY_TABLE:
        break;
    case FACTORIAL_BY_TRANSFORM:
        p.scratch = decimal_factorial_scratch(k, &p);
        break;
    case FACTORIAL_BY_GMP:
        p.scratch = gmp_factorial_scratch(&p);
        p.gmp_heap = gmp_factorial_heap(&p);
        break;
    }
    return p;
}

factorial_status factorial_compute_by(const kernel *k, const factorial_plan *plan,
                                      const factorial_job *job, char *digits, void *scratch)
{
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;
    switch (plan->algorithm) {
    case FACTORIAL_BY_TABLE:
        return table_factorial(plan, digits);
    case FACTORIAL_BY_GMP:
        return gmp_factorial(plan, job, digits, scratch);
    case FACTORIAL_BY_TRANSFORM:
        break;
    }
    /* The kernels need rounding to nearest, which the caller may have changed. */
    fenv_t environment;
    fegetenv(&environment);
    fesetenv(FE_DFL_ENV);
    factorial_status status = decimal_factorial(k, plan, job, digits, scratch);
    fesetenv(&environment);
    return status;
}
