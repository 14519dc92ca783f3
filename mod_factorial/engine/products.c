#include "products.h"

#include "job.h"
#include "pool.h"
#include "thresholds.h"

#include <stdatomic.h>
#include <string.h>

/* ---- packed primes */

/* Words for all primes up to x: at least `together` of them fit in a word. */
static size_t words_bound(uint64_t x)
{
    size_t together = 1;
    for (uint64_t product = x + 1; product < LIMB_BASE / (x + 1); product *= x + 1)
        together++;
    return primes_count_bound(x) / together + 1;
}

size_t products_limbs_bound(uint64_t n)
{
    return words_bound(n + 1);
}

size_t products_words_bound(uint64_t n)
{
    size_t words = 0;
    for (unsigned bit = 0; bit < EXPONENT_BITS && n >> bit; bit++)
        words += words_bound((n >> bit) + 1);
    return words;
}

/* The exponent of p in n! / 10^zeros. */
static uint64_t exponent_left(uint64_t p, uint64_t n, uint64_t zeros)
{
    if (p == 5)
        return 0;
    uint64_t exponent = primes_exponent(n, p);
    return p == 2 ? exponent - zeros : exponent;
}

void products_pack(const factorial_job *job, products_by_bit *p, limb *words, const primes *found,
                   uint64_t n, uint64_t zeros)
{
    /* Either 2 or 3 has the largest exponent. */
    uint64_t largest = exponent_left(2, n, zeros) | exponent_left(3, n, zeros) | 1;
    size_t count = 0;
    p->word = words;
    p->bits = 64 - (unsigned)__builtin_clzll(largest);
    for (unsigned bit = 0; bit < p->bits && !job_cancelled(job); bit++) {
        limb word = 1;
        p->start[bit] = count;
        /* An exponent is below n / (p - 1), so that no larger prime has this bit. */
        for (size_t k = 0; k < found->count && found->prime[k] <= (n >> bit) + 1; k++) {
            if (!(exponent_left(found->prime[k], n, zeros) >> bit & 1))
                continue;
            unsigned __int128 longer = (unsigned __int128)word * found->prime[k];
            if (longer >= LIMB_BASE) {
                words[count++] = word;
                longer = found->prime[k];
            }
            word = (limb)longer;
        }
        words[count++] = word;
    }
    p->start[p->bits] = count;
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

static void multiply_subtree(const workspace *w, product_node *subtree)
{
    subtree->length = multiply_words(w, subtree->limbs, subtree->words);
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
    size_t longest;   /* limbs of any of them */
    size_t slot_size; /* bytes of scratch memory for each thread */
    atomic_size_t next;
} batch;

static void add_to_batch(batch *b, product_node *node, size_t limbs)
{
    b->node[b->count++] = node;
    b->longest = limbs > b->longest ? limbs : b->longest;
}

/* One thread's share, in its own slot of the scratch memory: as many products as it gets. */
static void multiply_share(void *context, size_t slot)
{
    batch *b = context;
    factorial_job alone = job_alone(b->space->job);
    workspace w = {b->space->kernel, &alone, b->space->scratch + slot * b->slot_size, b->slot_size};
    size_t k;
    while ((k = atomic_fetch_add(&b->next, 1)) < b->count && !job_cancelled(&alone)) {
        b->multiply(&w, b->node[k]);
        job_yield(&alone);
    }
}

/* Distributes many products among the threads. If they are few, all threads share each of them. */
static void multiply_batch(batch *b)
{
    const factorial_job *job = b->space->job;
    size_t threads = pool_threads(job);
    b->slot_size = decimal_scratch(b->space->kernel, b->longest);
    size_t slots = b->space->scratch_size / b->slot_size;
    if (threads > 1 && b->count >= 2 * threads && slots > 1)
        pool_run(job, slots < threads ? slots : threads, multiply_share, b);
    else
        for (size_t k = 0; k < b->count && !job_cancelled(job); k++)
            b->multiply(b->space, b->node[k]);
}

/* The subtrees of one bit that are not multiplied yet: node[first, first + count). */
typedef struct {
    size_t first, count;
} tree;

/* First each thread multiplies whole subtrees, depth first, so that they stay in its cache; then
 * the subtrees are combined level by level. */
void products_multiply_trees(products_by_bit *p, const workspace *w)
{
    tree trees[EXPONENT_BITS] = {{0}};
    size_t most = pool_threads(w->job) == 1 ? SIZE_MAX : p->start[p->bits] / SUBTREES + LEAF_MAX;
    batch b = {.space = w, .multiply = multiply_subtree};
    for (unsigned bit = 0; bit < p->bits; bit++) {
        size_t start = p->start[bit], words = p->start[bit + 1] - start, count = 1;
        while (words / count > most)
            count *= 2;
        trees[bit] = (tree){b.count, count};
        for (size_t i = 0; i < count; i++) {
            size_t from = words * i / count, to = words * (i + 1) / count;
            product_node *node = &p->node[b.count];
            *node = (product_node){p->word + start + from, 1, to - from};
            add_to_batch(&b, node, node->words);
        }
    }
    multiply_batch(&b);
    for (;;) {
        b = (batch){.space = w, .multiply = multiply_pair};
        for (unsigned bit = 0; bit < p->bits; bit++) {
            product_node *node = &p->node[trees[bit].first];
            for (size_t k = 0; k + 1 < trees[bit].count; k += 2)
                add_to_batch(&b, &node[k], node[k].length + node[k + 1].length);
        }
        if (b.count == 0 || job_cancelled(w->job))
            break;
        multiply_batch(&b);
        for (unsigned bit = 0; bit < p->bits; bit++) { /* each pair has become its first node */
            product_node *node = &p->node[trees[bit].first];
            trees[bit].count = (trees[bit].count + 1) / 2;
            for (size_t k = 1; k < trees[bit].count; k++)
                node[k] = node[2 * k];
        }
    }
    for (unsigned bit = 0; bit < p->bits; bit++)
        p->power[bit] = p->node[trees[bit].first];
}

/* ---- powers: the product of all P_i^(2^i) */

/*
 * Exponent bits that each long multiplication adds: its shorter factor is such a product too. By
 * counting transforms 3 is best for the longest results, and 2 is less than 4 percent worse.
 */
enum { GROUP = 2 };

/*
 * The product of power[i]^(2^(i - low)) for low <= i < high: the product over the upper bits,
 * squared as often as there are lower bits, times the product over the lower bits. What is still to
 * be multiplied lies in `result` one behind another, where the product goes as well.
 */
static size_t multiply_range(const products_by_bit *p, const workspace *w, limb *result,
                             unsigned low, unsigned high, unsigned group)
{
    if (high - low == 1) {
        memcpy(result, p->power[low].limbs, p->power[low].length * sizeof *result);
        return p->power[low].length;
    }
    if (group >= high - low)
        group = high - low - 1;
    size_t length = multiply_range(p, w, result, low + group, high, group);
    for (unsigned i = 0; i < group && !job_cancelled(w->job); i++)
        length = decimal_multiply(w, result, result, length, result, length);
    if (job_cancelled(w->job))
        return length;
    unsigned within = group > 1 ? group - 1 : 1;
    size_t lower = multiply_range(p, w, result + length, low, low + group, within);
    if (job_cancelled(w->job))
        return length;
    return decimal_multiply(w, result, result, length, result + length, lower);
}

size_t products_multiply_powers(const products_by_bit *p, const workspace *w, limb *result)
{
    return multiply_range(p, w, result, 0, p->bits, GROUP);
}
