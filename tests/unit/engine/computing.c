#include "computing.h"

#include "engine/kernel/dispatch.h"
#include "guarded_scratch.h"

#include <check.h>
#include <gmp.h>
#include <stdlib.h>
#include <string.h>

enum { HELPERS = 63 };

int way;
const kernel *used;
factorial_job job;
size_t gmp_used, gmp_peak, gmp_taken;

static void count_gmp(size_t more, size_t less)
{
    gmp_taken += more;
    gmp_used += more;
    if (gmp_used > gmp_peak)
        gmp_peak = gmp_used;
    gmp_used -= less;
}

static void *gmp_allocate(size_t bytes)
{
    count_gmp(bytes, 0);
    return malloc(bytes);
}

static void *gmp_reallocate(void *block, size_t before, size_t after)
{
    count_gmp(after, before);
    return realloc(block, after);
}

static void gmp_free(void *block, size_t bytes)
{
    count_gmp(0, bytes);
    free(block);
}

void computing_set_up(void)
{
    job = (factorial_job){.threads = 2, .pool = factorial_pool_create(HELPERS, false, NULL, NULL)};
    ck_assert_ptr_nonnull(job.pool);
    mp_set_memory_functions(gmp_allocate, gmp_reallocate, gmp_free);
}

void computing_tear_down(void)
{
    factorial_pool_destroy(job.pool);
    ck_assert_uint_eq(gmp_used, 0);
}

bool choose(int index)
{
    way = index;
    used = way >= BY_FIRST_KERNEL ? dispatch_available((unsigned)way - BY_FIRST_KERNEL) : NULL;
    if (way >= BY_FIRST_KERNEL && !used)
        return false;
    if (way == BY_AUTO) {
        factorial_prepare();
        used = dispatch_used();
    } else if (used) {
        ck_assert(dispatch_try(used));
    }
    return true;
}

factorial_plan plan_for(uint64_t n)
{
    return way >= BY_FIRST_KERNEL && n >= 2
               ? factorial_plan_by(FACTORIAL_BY_TRANSFORM, used, n)
               : factorial_make_plan(n, way == BY_GMP ? FACTORIAL_GMP : FACTORIAL_AUTO);
}

size_t block_size(const factorial_plan *plan)
{
    return (plan->scratch + 63) / 64 * 64;
}

char *compute_guarded(const factorial_plan *plan, factorial_status expected, double *fraction)
{
    size_t size = block_size(plan);
    char *digits = guarded_scratch_new(plan->digits), *scratch = guarded_scratch_new(size);
    ck_assert_int_eq(factorial_compute_by(used, plan, &job, digits, scratch), expected);
    if (fraction)
        *fraction = (double)guarded_scratch_used(scratch, size) / (double)size;
    guarded_scratch_delete(scratch, size);
    return digits;
}

void compute_expecting(const factorial_plan *plan, factorial_status expected)
{
    guarded_scratch_delete(compute_guarded(plan, expected, NULL), plan->digits);
}

char *compute(uint64_t n)
{
    factorial_plan plan = plan_for(n);
    char *digits = compute_guarded(&plan, FACTORIAL_OK, NULL), *text = malloc(plan.digits + 1);
    memcpy(text, digits, plan.digits);
    text[plan.digits] = '\0';
    guarded_scratch_delete(digits, plan.digits);
    return text;
}
