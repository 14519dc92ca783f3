#include "products.h"

#include "job.h"
#include "pool.h"
#include "slots.h"
#include "thresholds.h"

/* ---- packed primes */

/* So many primes up to x fit in a word. */
static size_t primes_in_word(uint64_t x)
{
    size_t together = 1;
    for (uint64_t product = x + 1; product < LIMB_BASE / (x + 1); product *= x + 1)
        together++;
    return together;
}

/* Words for all primes up to x. */
static size_t words_bound(uint64_t x)
{
    return primes_count_bound(x) / primes_in_word(x) + 1;
}

size_t products_limbs_bound(uint64_t n)
{
    return words_bound(n);
}

size_t products_words_bound(uint64_t n)
{
    size_t words = NODES_MAX;
    for (unsigned bit = 0; bit < EXPONENT_BITS && n >> bit; bit++)
        words += words_bound((n >> bit) + 1);
    return words;
}

/*
 * The exponent of `prime` in n! / 10^zeros. *quotient is at least n / prime, and becomes that: for
 * ascending primes above the square root of n, to count it down takes less time than to divide.
 */
static uint64_t exponent_left(const products_by_bit *p, uint64_t prime, uint64_t *quotient)
{
    if (prime * prime <= p->n)
        *quotient = p->n / prime;
    while (*quotient * prime > p->n)
        --*quotient;
    uint64_t exponent = *quotient;
    if (exponent >= prime)
        exponent += primes_exponent(exponent, prime);
    return prime == 5 ? 0 : prime == 2 ? exponent - p->zeros : exponent;
}

/* Packs the node's primes into words, in the place of its product. Returns the number of words. */
static size_t pack(const products_by_bit *p, const product_node *node)
{
    limb word = 1;
    size_t count = 0;
    uint64_t quotient = p->n / node->prime[0];
    for (size_t k = 0; k < node->primes; k++) {
        if (!(exponent_left(p, node->prime[k], &quotient) >> node->bit & 1))
            continue;
        unsigned __int128 longer = (unsigned __int128)word * node->prime[k];
        if (longer >= LIMB_BASE) {
            node->limbs[count++] = word;
            longer = node->prime[k];
        }
        word = (limb)longer;
    }
    node->limbs[count++] = word;
    return count;
}

/* ---- trees: P_i from its packed primes */

/* The product of so many words, in the place of the first of them. Returns its length. */
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

static void multiply_subtree(const products_by_bit *p, const workspace *w, product_node *subtree)
{
    subtree->length = multiply_words(w, subtree->limbs, pack(p, subtree));
}

static void multiply_pair(const products_by_bit *p, const workspace *w, product_node *pair)
{
    pair->length = decimal_multiply(w, pair->limbs, pair[0].limbs, pair[0].length, pair[1].limbs,
                                    pair[1].length);
}

/* Products that do not depend on each other. */
typedef struct {
    const products_by_bit *products;
    const workspace *space;
    void (*multiply)(const products_by_bit *p, const workspace *w, product_node *node);
    product_node *node[NODES_MAX];
    size_t limbs[NODES_MAX]; /* at most, of each product */
    size_t count;
    size_t slot_size; /* bytes of scratch memory for each thread */
    free_slots slots;
} batch;

static void add_to_batch(batch *b, product_node *node, size_t limbs)
{
    b->limbs[b->count] = limbs;
    b->node[b->count++] = node;
}

static void multiply_one(void *context, size_t k)
{
    batch *b = context;
    unsigned slot = slots_take(&b->slots);
    factorial_job alone = job_alone(b->space->job);
    workspace w = {b->space->kernel, &alone, b->space->scratch + slot * b->slot_size, b->slot_size};
    b->multiply(b->products, &w, b->node[k]);
    slots_give_back(&b->slots, slot);
}

/* All threads share each product of at least `shared_min` limbs; the others are distributed among
 * them. */
static void multiply_batch(batch *b, size_t shared_min)
{
    factorial_job job = *b->space->job;
    size_t longest = 1, count = 0;
    for (size_t k = 0; k < b->count && !job_cancelled(&job); k++)
        if (b->limbs[k] >= shared_min) {
            b->multiply(b->products, b->space, b->node[k]);
        } else {
            longest = b->limbs[k] > longest ? b->limbs[k] : longest;
            b->node[count++] = b->node[k];
        }
    b->slot_size = decimal_scratch(b->space->kernel, longest);
    size_t slots = b->space->scratch_size / b->slot_size, threads = pool_threads(&job);
    threads = threads < SLOTS_MAX ? threads : SLOTS_MAX;
    job.threads = (unsigned)(threads < slots ? threads : slots);
    b->slots = slots_free(job.threads);
    pool_run(&job, count, multiply_one, b);
}

/* The subtrees of one bit that are not multiplied yet: node[first, first + count). */
typedef struct {
    size_t first, count;
} tree;

/* How many of the primes are at most x. */
static size_t primes_up_to(const primes *found, uint64_t x)
{
    size_t low = 0, high = found->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (found->prime[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Splits the primes that may have a bit into subtrees, adds those to the batch, and gives each its
 * share of `words`. Returns the end of the shares. */
static limb *split_bit(products_by_bit *p, batch *b, limb *words, tree *t, unsigned bit,
                       const primes *found, size_t most)
{
    /* An exponent is below n / (prime - 1), so that no larger prime has this bit. */
    size_t end = primes_up_to(found, (p->n >> bit) + 1), count = 1;
    while (end / count > most)
        count *= 2;
    *t = (tree){b->count, count};
    for (size_t i = 0; i < count; i++) {
        size_t from = end * i / count, to = end * (i + 1) / count;
        size_t share = (to - from) / primes_in_word(found->prime[to - 1]) + 1;
        product_node *node = &p->node[b->count];
        *node = (product_node){
            .limbs = words, .prime = found->prime + from, .primes = to - from, .bit = bit};
        add_to_batch(b, node, share);
        words += share;
    }
    return words;
}

/* First each thread multiplies whole subtrees, depth first, so that they stay in its cache; then
 * the subtrees are combined level by level. */
void products_multiply_trees(products_by_bit *p, const workspace *w, limb *words,
                             const primes *found, uint64_t n, uint64_t zeros)
{
    tree trees[EXPONENT_BITS] = {{0}};
    batch b = {.products = p, .space = w, .multiply = multiply_subtree};
    size_t most = pool_threads(w->job) == 1 ? SIZE_MAX : 2 * found->count / SUBTREES + LEAF_MAX;
    p->n = n;
    p->zeros = zeros;
    uint64_t quotient = n;
    uint64_t largest = exponent_left(p, 2, &quotient); /* no other prime's is larger */
    p->bits = 64 - (unsigned)__builtin_clzll(largest);
    for (unsigned bit = 0; bit < p->bits; bit++)
        words = split_bit(p, &b, words, &trees[bit], bit, found, most);
    multiply_batch(&b, SIZE_MAX);
    for (;;) {
        b = (batch){.products = p, .space = w, .multiply = multiply_pair};
        for (unsigned bit = 0; bit < p->bits; bit++) {
            product_node *node = &p->node[trees[bit].first];
            for (size_t k = 0; k + 1 < trees[bit].count; k += 2)
                add_to_batch(&b, &node[k], node[k].length + node[k + 1].length);
        }
        if (b.count == 0 || job_cancelled(w->job))
            break;
        multiply_batch(&b, b.count < 2 * pool_threads(w->job) ? SHARED_MIN : SIZE_MAX);
        for (unsigned bit = 0; bit < p->bits; bit++) { /* each pair has become its first node */
            product_node *node = &p->node[trees[bit].first];
            trees[bit].count /= 2;
            for (size_t k = 1; k < trees[bit].count; k++)
                node[k] = node[2 * k];
        }
    }
    for (unsigned bit = 0; bit < p->bits; bit++)
        p->power[bit] = p->node[trees[bit].first];
}
