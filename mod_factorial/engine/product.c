#include "product.h"

#include "job.h"
#include "tasks.h"
#include "thresholds.h"

#include <stdatomic.h>

/* ---- words */

/* Words for the primes up to x. */
static size_t words_bound(uint64_t x)
{
    size_t together = 1; /* so many surely fit */
    for (uint64_t product = x + 1; product < LIMB_BASE / (x + 1); product *= x + 1)
        together++;
    return primes_count_bound(x) / together + 1;
}

size_t product_limbs_bound(uint64_t n)
{
    return words_bound(n + 1);
}

size_t product_words_bound(uint64_t n)
{
    size_t words = 0;
    for (unsigned bit = 0; bit < EXPONENT_BITS && n >> bit; bit++)
        words += words_bound((n >> bit) + 1);
    return words;
}

/* The exponent of the k-th prime in n! / 10^zeros. */
static uint64_t exponent_left(const primes *found, size_t k, uint64_t n, uint64_t zeros)
{
    uint64_t p = found->prime[k];
    if (p == 5)
        return 0;
    uint64_t exponent = primes_exponent(n, p);
    return p == 2 ? exponent - zeros : exponent;
}

static unsigned bits_of_largest_exponent(const primes *found, uint64_t n, uint64_t zeros)
{
    uint64_t all = 1;
    for (size_t k = 0; k < found->count && k < 2; k++)
        all |= exponent_left(found, k, n, zeros);
    return 64 - (unsigned)__builtin_clzll(all);
}

void product_pack(const factorial_job *job, products_by_bit *p, limb *memory, const primes *found,
                  uint64_t n, uint64_t zeros)
{
    size_t words = 0;
    p->word = memory;
    p->bits = bits_of_largest_exponent(found, n, zeros);
    for (unsigned bit = 0; bit < p->bits && !job_cancelled(job); bit++) {
        limb word = 1;
        p->start[bit] = words;
        /* An exponent is below n / (p - 1): no larger prime has this bit. */
        for (size_t k = 0; k < found->count && found->prime[k] <= (n >> bit) + 1; k++) {
            if (!(exponent_left(found, k, n, zeros) >> bit & 1))
                continue;
            unsigned __int128 longer = (unsigned __int128)word * found->prime[k];
            if (longer >= LIMB_BASE) {
                p->word[words++] = word;
                longer = found->prime[k];
            }
            word = (limb)longer;
        }
        p->word[words++] = word;
    }
    p->start[p->bits] = words;
}

/* ---- trees */

/* In the place of the first of the words; returns the limbs. */
static size_t multiply_words(const workspace *w, limb *a, size_t words)
{
    size_t length = 1, half = words / 2;
    if (words <= LEAF_MAX) {
        for (size_t i = 1; i < words; i++)
            length = decimal_multiply_word(a, length, a[i]);
        return length;
    }
    length = multiply_words(w, a, half);
    size_t upper = multiply_words(w, a + half, words - half);
    return job_cancelled(w->job) ? 1 : decimal_multiply(w, a, a, length, a + half, upper);
}

static void multiply_branch(const workspace *w, product_node *branch)
{
    branch->length = multiply_words(w, branch->limbs, branch->words);
}

static void multiply_pair(const workspace *w, product_node *pair)
{
    pair->length = decimal_multiply(w, pair->limbs, pair[0].limbs, pair[0].length, pair[1].limbs,
                                    pair[1].length);
}

/* Products that do not depend on each other. */
typedef struct {
    const workspace *space;
    void (*multiply)(const workspace *w, product_node *node);
    product_node *node[NODES_MAX];
    size_t count;
    size_t longest;    /* limbs of any of them */
    size_t slot_bytes; /* of scratch, for each thread */
    atomic_size_t next;
} batch;

static void add_to_batch(batch *b, product_node *node, size_t limbs)
{
    b->node[b->count++] = node;
    b->longest = limbs > b->longest ? limbs : b->longest;
}

/* One thread's share: whichever are left, in a slot of the scratch memory of its own. */
static void multiply_share(void *context, size_t slot)
{
    batch *b = context;
    factorial_job alone = job_alone(b->space->job);
    workspace w = {b->space->kernel, &alone, b->space->scratch + slot * b->slot_bytes,
                   b->slot_bytes};
    size_t k;
    while ((k = atomic_fetch_add(&b->next, 1)) < b->count && !job_cancelled(w.job)) {
        b->multiply(&w, b->node[k]);
        job_yield(w.job);
    }
}

/* Many products are shared out among the threads, few share the threads one by one. */
static void multiply_batch(batch *b)
{
    const factorial_job *job = b->space->job;
    size_t threads = tasks_threads(job);
    b->slot_bytes = decimal_scratch(b->space->kernel, b->longest);
    size_t slots = b->space->scratch_size / b->slot_bytes;
    if (threads > 1 && b->count >= 2 * threads && slots > 1)
        tasks_run(job, slots < threads ? slots : threads, multiply_share, b);
    else
        for (size_t k = 0; k < b->count && !job_cancelled(job); k++)
            b->multiply(b->space, b->node[k]);
}

/* Those of p->node that have not grown together yet, for one bit. */
typedef struct {
    size_t first, count;
} tree;

/* Cuts a bit's words into 2^k branches of equal length, at most `most` words, which are more than
 * one. */
static tree plant(products_by_bit *p, unsigned bit, size_t first, size_t most)
{
    tree t = {first, 1};
    size_t start = p->start[bit], words = p->start[bit + 1] - start;
    while (words > t.count * most)
        t.count *= 2;
    for (size_t i = 0; i < t.count; i++) {
        size_t from = words * i / t.count, to = words * (i + 1) / t.count;
        p->node[first + i] = (product_node){p->word + start + from, 1, to - from};
    }
    return t;
}

/* The branches of all trees, each multiplied by one thread. */
static void grow_branches(products_by_bit *p, tree *trees, const workspace *w)
{
    size_t words = p->start[p->bits], subtrees = tasks_threads(w->job) == 1 ? 1 : SUBTREES;
    batch b = {.space = w, .multiply = multiply_branch};
    for (unsigned bit = 0; bit < p->bits; bit++) {
        size_t first = b.count;
        trees[bit] = plant(p, bit, first, words / subtrees + LEAF_MAX);
        for (size_t i = 0; i < trees[bit].count; i++)
            add_to_batch(&b, &p->node[first + i], p->node[first + i].words);
    }
    multiply_batch(&b);
}

/* One level of all trees. Returns false if they have grown together already. */
static bool grow_level(products_by_bit *p, tree *trees, const workspace *w)
{
    batch b = {.space = w, .multiply = multiply_pair};
    for (unsigned bit = 0; bit < p->bits; bit++)
        for (size_t k = 0; k + 1 < trees[bit].count; k += 2) {
            product_node *pair = &p->node[trees[bit].first + k];
            add_to_batch(&b, pair, pair[0].length + pair[1].length);
        }
    if (b.count == 0 || job_cancelled(w->job))
        return false;
    multiply_batch(&b);
    for (unsigned bit = 0; bit < p->bits; bit++) {
        product_node *node = &p->node[trees[bit].first];
        trees[bit].count = (trees[bit].count + 1) / 2;
        for (size_t k = 1; k < trees[bit].count; k++)
            node[k] = node[2 * k];
    }
    return true;
}

void product_multiply(products_by_bit *p, const workspace *w)
{
    tree trees[EXPONENT_BITS] = {{0}};
    grow_branches(p, trees, w);
    while (grow_level(p, trees, w))
        ;
    for (unsigned bit = 0; bit < p->bits; bit++)
        p->power[bit] = p->node[trees[bit].first];
}
