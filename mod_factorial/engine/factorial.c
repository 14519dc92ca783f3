#include "factorial.h"

#include "factorial_by.h"
#include "kernel/dispatch.h"
#include "table_factorial.h"
#include "thresholds.h"

#include <stdatomic.h>

static atomic_bool prepared;

bool factorial_prepare(void)
{
    table_prepare();
    bool fast = dispatch_prepare();
    atomic_store_explicit(&prepared, true, memory_order_release);
    return fast;
}

factorial_plan factorial_make_plan(uint64_t n, factorial_method method)
{
    const kernel *k = dispatch_used();
    if (method == FACTORIAL_GMP || !atomic_load_explicit(&prepared, memory_order_acquire))
        return factorial_plan_by(FACTORIAL_BY_GMP, NULL, n);
    if (n <= INSTANT_MAX)
        return factorial_plan_by(FACTORIAL_BY_TABLE, NULL, n);
    return factorial_plan_by(k ? FACTORIAL_BY_TRANSFORM : FACTORIAL_BY_GMP, k, n);
}

factorial_status factorial_compute(const factorial_plan *plan, const factorial_job *job,
                                   char *digits, void *scratch)
{
    return factorial_compute_by(dispatch_used(), plan, job, digits, scratch);
}
