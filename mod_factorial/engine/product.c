#include "product.h"

#include "crossovers.h"
#include "job.h"
#include "tasks.h"

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

static size_t all_words_bound(uint64_t n)
{
    size_t words = 0;
    for (unsigned bit = 0; bit < EXPONENT_BITS && n >> bit; bit++)
        words += words_bound((n >> bit) + 1);
    return words;
}

static size_t nodes_bound(uint64_t n)
{
    return all_words_bound(n) / CROSSOVER_LEAF + EXPONENT_BITS;
}

size_t product_bytes(uint64_t n)
{
    return all_words_bound(n) * sizeof(limb) +
           nodes_bound(n) * (sizeof(product_node) + sizeof(product_node *));
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

void product_pack(products_by_bit *p, void *block, const primes *found, uint64_t n, uint64_t zeros)
{
    size_t words = 0;
    p->word = block;
    p->node = (product_node *)(p->word + all_words_bound(n));
    p->pair = (product_node **)(p->node + nodes_bound(n));
    p->bits = bits_of_largest_exponent(found, n, zeros);
    for (unsigned bit = 0; bit < p->bits; bit++) {
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

typedef struct {
    const workshop *shop;
    size_t slot_bytes;   /* of scratch, for each thread */
    product_node **pair; /* the left one of each pair; the right one follows it */
    size_t pairs;
    atomic_size_t next;
} level;

typedef struct {
    product_node *node;
    size_t count;
} tree;

/* Several words, in place. */
static void multiply_leaf(void *context, size_t index)
{
    product_node *leaf = (product_node *)context + index;
    size_t words = leaf->room;
    leaf->length = 1;
    for (size_t i = 1; i < words; i++)
        leaf->length = decimal_multiply_word(leaf->limbs, leaf->length, leaf->limbs[i]);
}

static void multiply_pair(const workshop *w, product_node *pair)
{
    pair->length = decimal_multiply(w, pair->limbs, pair[0].limbs, pair[0].length, pair[1].limbs,
                                    pair[1].length);
    pair->room += pair[1].room;
}

/* One thread's share: pairs until there are no more, in a slot of the scratch memory of its own. */
static void multiply_pairs(void *context, size_t slot)
{
    level *l = context;
    workshop w = *l->shop;
    w.parallel = false;
    w.scratch = (char *)w.scratch + slot * l->slot_bytes;
    size_t k;
    while ((k = atomic_fetch_add(&l->next, 1)) < l->pairs && !job_cancelled(w.job))
        multiply_pair(&w, l->pair[k]);
}

/* Scratch memory for the longest product of the level. */
static size_t level_bytes(const level *l)
{
    size_t longest = 0;
    for (size_t k = 0; k < l->pairs; k++) {
        size_t limbs = l->pair[k][0].length + l->pair[k][1].length;
        longest = limbs > longest ? limbs : longest;
    }
    return decimal_scratch(l->shop->kernel, longest);
}

/* Few products share the threads one by one, many are shared out among the threads. */
static void multiply_level(level *l, size_t scratch_bytes)
{
    const factorial_job *job = l->shop->job;
    size_t threads = tasks_threads(job);
    l->slot_bytes = level_bytes(l);
    atomic_store(&l->next, 0);
    if (threads > 1 && l->pairs >= 2 * threads && scratch_bytes / l->slot_bytes >= threads)
        tasks_run(job, threads, multiply_pairs, l);
    else
        for (size_t k = 0; k < l->pairs && !job_cancelled(job); k++)
            multiply_pair(l->shop, l->pair[k]);
}

/* The leaves of all trees, one after another; returns how many. */
static size_t plant(products_by_bit *p, tree *trees)
{
    size_t nodes = 0;
    for (unsigned bit = 0; bit < p->bits; bit++) {
        trees[bit] = (tree){p->node + nodes, 0};
        for (size_t at = p->start[bit]; at < p->start[bit + 1]; at += CROSSOVER_LEAF) {
            size_t words = p->start[bit + 1] - at;
            p->node[nodes++] =
                (product_node){p->word + at, 1, words < CROSSOVER_LEAF ? words : CROSSOVER_LEAF};
            trees[bit].count++;
        }
    }
    return nodes;
}

void product_multiply(products_by_bit *p, const workshop *w, size_t scratch_bytes)
{
    tree trees[EXPONENT_BITS];
    tasks_run(w->job, plant(p, trees), multiply_leaf, p->node);
    for (;;) {
        level l = {.shop = w, .pair = p->pair};
        for (unsigned bit = 0; bit < p->bits; bit++)
            for (size_t k = 0; k + 1 < trees[bit].count; k += 2)
                l.pair[l.pairs++] = &trees[bit].node[k];
        if (l.pairs == 0 || job_cancelled(w->job))
            break;
        multiply_level(&l, scratch_bytes);
        for (unsigned bit = 0; bit < p->bits; bit++) {
            tree *t = &trees[bit];
            t->count = (t->count + 1) / 2;
            for (size_t k = 1; k < t->count; k++)
                t->node[k] = t->node[2 * k];
        }
    }
    for (unsigned bit = 0; bit < p->bits; bit++)
        p->power[bit] = trees[bit].node[0];
}
