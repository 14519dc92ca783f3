#include "decimal_factorial.h"

#include "checksum.h"
#include "crossovers.h"
#include "job.h"
#include "powers.h"
#include "primes.h"

#include <string.h>

/* What n tells beforehand: the blocks that a computation holds, and how long they are. */
typedef struct {
    uint64_t zeros;       /* the exponent of 10 */
    size_t result_limbs;  /* of n! / 10^zeros, and room for what powers_multiply wants */
    size_t product_bytes; /* the products by bit, held throughout */
    size_t scratch_bytes;
    size_t workshop_bytes; /* result and scratch, held once the primes are given back */
} plan;

static plan make_plan(const kernel *k, uint64_t n)
{
    plan p = {.zeros = primes_exponent(n, 5)};
    size_t limbs = (size_t)(factorial_digit_count(n) - p.zeros) / LIMB_DIGITS + 1;
    size_t longest = product_limbs_bound(n);
    p.result_limbs = (limbs + EXPONENT_BITS + 7) / 8 * 8;
    p.product_bytes = product_bytes(n);
    p.scratch_bytes = decimal_scratch(k, limbs + 1 > longest ? limbs + 1 : longest);
    p.workshop_bytes = p.result_limbs * sizeof(limb) + p.scratch_bytes;
    return p;
}

size_t decimal_memory_need(const kernel *k, uint64_t n)
{
    plan p = make_plan(k, n);
    size_t first = primes_memory_need(n), second = p.workshop_bytes;
    return p.product_bytes + (first > second ? first : second);
}

/* Sieves, packs and gives the primes back. */
static factorial_status prepare_products(const factorial_job *job, const plan *p, uint64_t n,
                                         void *block, products_by_bit *products)
{
    primes found;
    factorial_status status = primes_sieve(job, n, &found);
    if (status != FACTORIAL_OK)
        return status;
    product_pack(job, products, block, &found, n, p->zeros);
    primes_free(job, &found);
    return job_cancelled(job) ? FACTORIAL_CANCELLED : FACTORIAL_OK;
}

/* The digits from the products, if they have the right checksum. */
static factorial_status multiply_and_write(const kernel *k, const factorial_job *job, const plan *p,
                                           products_by_bit *products, uint64_t n, void *block,
                                           char *digits)
{
    limb *result = block;
    uint64_t count = factorial_digit_count(n);
    workshop w = {k, job, true, result + p->result_limbs};
    product_multiply(products, &w, p->scratch_bytes);
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;
    size_t limbs = powers_multiply(products, &w, result);
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;
    bool right = limbs == (count - p->zeros - 1) / LIMB_DIGITS + 1 &&
                 checksum_of_limbs(job, result, limbs, p->zeros) == checksum_of_factorial(job, n);
    if (right) {
        decimal_write(job, digits, result, limbs);
        memset(digits + count - p->zeros, '0', p->zeros);
    }
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;
    return right ? FACTORIAL_OK : FACTORIAL_WRONG;
}

factorial_status decimal_factorial(const kernel *k, const factorial_job *job, uint64_t n,
                                   char *digits)
{
    factorial_job alone = *job;
    alone.pool = NULL;
    if (n <= CROSSOVER_THREADS)
        job = &alone;
    plan p = make_plan(k, n);
    void *products_block = job_acquire(job, p.product_bytes);
    if (!products_block)
        return FACTORIAL_OUT_OF_MEMORY;
    products_by_bit products;
    factorial_status status = prepare_products(job, &p, n, products_block, &products);
    if (status == FACTORIAL_OK) {
        void *block = job_acquire(job, p.workshop_bytes);
        status = block ? multiply_and_write(k, job, &p, &products, n, block, digits)
                       : FACTORIAL_OUT_OF_MEMORY;
        job_release(job, block, p.workshop_bytes);
    }
    job_release(job, products_block, p.product_bytes);
    return status;
}
