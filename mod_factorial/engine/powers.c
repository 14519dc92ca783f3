#include "powers.h"

#include "job.h"

#include <math.h>
#include <string.h>

/*
 * The product over a range of bits, from `low` on to below `high`, is that of all P_i^(2^(i -
 * low)). The range is split into two: the product over the upper range is squared as often as the
 * lower range has bits, then multiplied by the product over the lower range. Where to split it
 * depends on how much the lengths of all these products are rounded up for their transforms. The
 * best place saves up to 6 percent of the time for n!, so the time for each place is estimated.
 */
enum { LOWER_MAX = 3 }; /* bits of a lower range: more are never much better */

typedef struct {
    double limbs;   /* of the product: not rounded, since squaring doubles it */
    double time;    /* decimal_time of all multiplications */
    unsigned lower; /* bits of the lower range; 0 if there is only one bit */
} range;

typedef struct {
    const products_by_bit *products;
    const workspace *space;
    range range[EXPONENT_BITS][LOWER_MAX + 1]; /* from `low` on, so many bits; 0: all that follow */
} plan;

static range *range_of(plan *p, unsigned low, unsigned high)
{
    return &p->range[low][high - low <= LOWER_MAX ? high - low : 0];
}

static double time_of(const plan *p, double a_limbs, double b_limbs, bool square)
{
    return decimal_time(p->space->kernel, (size_t)ceil(a_limbs), (size_t)ceil(b_limbs), square);
}

static double limbs_of(const product_node *power)
{
    double highest = (double)power->limbs[power->length - 1];
    return (double)power->length - 1 + log(highest) / log(LIMB_BASE);
}

/* Needs the plans of all shorter ranges. */
static void plan_range(plan *p, unsigned low, unsigned high)
{
    range *r = range_of(p, low, high);
    r->limbs = limbs_of(&p->products->power[low]);
    if (high - low == 1)
        return;
    r->limbs += 2 * range_of(p, low + 1, high)->limbs;
    r->time = INFINITY;
    for (unsigned bits = 1; bits <= LOWER_MAX && bits < high - low; bits++) {
        const range *upper = range_of(p, low + bits, high), *lower = range_of(p, low, low + bits);
        double time = upper->time + lower->time, limbs = upper->limbs;
        for (unsigned i = 0; i < bits; i++) {
            time += time_of(p, limbs, limbs, true);
            limbs *= 2;
        }
        time += time_of(p, limbs, lower->limbs, false);
        if (time < r->time) {
            r->time = time;
            r->lower = bits;
        }
    }
}

/* What is still to be multiplied lies in `result` one behind another, where the product goes as
 * well. Returns its length in limbs. */
static size_t multiply_range(plan *p, limb *result, unsigned low, unsigned high)
{
    const workspace *w = p->space;
    if (high - low == 1) {
        const product_node *power = &p->products->power[low];
        memcpy(result, power->limbs, power->length * sizeof *result);
        return power->length;
    }
    unsigned middle = low + range_of(p, low, high)->lower;
    size_t length = multiply_range(p, result, middle, high);
    for (unsigned i = low; i < middle && !job_cancelled(w->job); i++)
        length = decimal_multiply(w, result, result, length, result, length);
    if (job_cancelled(w->job))
        return length;
    size_t lower = multiply_range(p, result + length, low, middle);
    if (job_cancelled(w->job))
        return length;
    return decimal_multiply(w, result, result, length, result + length, lower);
}

size_t powers_multiply(const products_by_bit *products, const workspace *w, limb *result)
{
    plan p = {.products = products, .space = w};
    for (unsigned low = products->bits; low-- > 0;) {
        for (unsigned bits = 1; bits <= LOWER_MAX && low + bits < products->bits; bits++)
            plan_range(&p, low, low + bits);
        plan_range(&p, low, products->bits);
    }
    return multiply_range(&p, result, 0, products->bits);
}
