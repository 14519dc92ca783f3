#include "decimal_factorial.h"

#include "checksum.h"
#include "decimal_write.h"
#include "job.h"
#include "powers.h"
#include "primes.h"
#include "thresholds.h"

#include <string.h>

/*
 * The scratch memory: offsets in bytes, each a multiple of FACTORIAL_SCRATCH_ALIGNMENT. It begins
 * with the packed primes, in whose place their products are computed. The result takes the place
 * of the primes, which are not needed once the trees are multiplied.
 */
typedef struct {
    uint64_t zeros; /* trailing zeros of n!, the exponent of 5 */
    size_t primes;  /* later the result: limbs of n! / 10^zeros */
    size_t sieve;   /* later what multiplication needs */
    size_t multiply;
    size_t end;
} layout;

static size_t aligned(size_t bytes)
{
    return (bytes + FACTORIAL_SCRATCH_ALIGNMENT - 1) / FACTORIAL_SCRATCH_ALIGNMENT *
           FACTORIAL_SCRATCH_ALIGNMENT;
}

static layout lay_out(const kernel *k, const factorial_plan *plan)
{
    layout l = {.zeros = primes_exponent(plan->n, 5)};
    size_t limbs = (plan->digits - l.zeros) / LIMB_DIGITS + 1;

    l.primes = aligned(products_words_bound(plan->n) * sizeof(limb));
    size_t found = aligned(primes_count_bound(plan->n) * sizeof(uint32_t));
    size_t result = aligned((limbs + EXPONENT_BITS) * sizeof(limb));
    l.sieve = l.primes + found;
    l.multiply = l.primes + (found > result ? found : result);
    size_t first_end = l.sieve + primes_scratch(plan->n);
    /* The longest products have a short factor. */
    size_t trees = decimal_scratch(k, products_limbs_bound(plan->n));
    size_t powers = decimal_scratch_least(k, limbs + 1);
    size_t second_end = l.multiply + aligned(trees > powers ? trees : powers);
    l.end = first_end > second_end ? first_end : second_end;
    return l;
}

size_t decimal_factorial_scratch(const kernel *k, const factorial_plan *plan)
{
    return lay_out(k, plan).end;
}

factorial_status decimal_factorial(const kernel *k, const factorial_plan *plan,
                                   const factorial_job *job, char *digits, char *scratch)
{
    factorial_job alone = job_alone(job);
    if (plan->n < THREADS_MIN)
        job = &alone;
    layout l = lay_out(k, plan);
    size_t count = plan->digits - l.zeros; /* digits before the zeros */

    products_by_bit products;
    primes found = primes_sieve(job, plan->n, (void *)(scratch + l.primes), scratch + l.sieve);
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;

    limb *result = (void *)(scratch + l.primes);
    workspace w = {k, job, scratch + l.multiply, l.end - l.multiply};
    products_multiply_trees(&products, &w, (void *)scratch, &found, plan->n, l.zeros);
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;
    size_t limbs = powers_multiply(&products, &w, result);
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;

    if (limbs != (count - 1) / LIMB_DIGITS + 1)
        return FACTORIAL_WRONG;
    decimal_write(k, job, digits, count, result, limbs);
    memset(digits + count, '0', l.zeros);
    bool right =
        checksum_of_text(k, job, digits, plan->digits) == checksum_of_factorial(job, plan->n);
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;
    return right ? FACTORIAL_OK : FACTORIAL_WRONG;
}
