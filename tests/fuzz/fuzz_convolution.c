/*
 * convolution_multiply, by each kernel of this CPU, against multiplication as at school. Input: the
 * kernel and whether to square, the lengths of both factors, then their limbs, a byte and what it
 * says for each; from the beginning again where it ends.
 */
#include "engine/kernel/convolution.h"
#include "engine/kernel/dispatch.h"
#include "fuzz.h"

#include <string.h>

enum { LIMBS_MAX = 300, HEAD = 5 };

typedef unsigned __int128 u128;

/* ---- the input */

typedef struct {
    const uint8_t *data;
    size_t size, at;
} input;

static uint8_t next_byte(input *in)
{
    uint8_t byte = in->data[in->at++];
    if (in->at == in->size)
        in->at = HEAD;
    return byte;
}

/* The smallest, the largest, their neighbours, or any: what the bytes say. */
static limb next_limb(input *in)
{
    uint8_t kind = next_byte(in);
    if (kind < 16)
        return kind;
    if (kind >= 240)
        return LIMB_BASE - 256 + kind;
    uint64_t x = 0;
    for (int i = 0; i < 8; i++)
        x = x << 8 | next_byte(in);
    return x % LIMB_BASE;
}

static size_t length_of(const uint8_t *two)
{
    return 1 + (two[0] + 256u * two[1]) % LIMBS_MAX;
}

/* ---- both ways to multiply */

static void multiply_as_at_school(limb *product, const limb *a, size_t a_limbs, const limb *b,
                                  size_t b_limbs)
{
    memset(product, 0, (a_limbs + b_limbs) * sizeof *product);
    for (size_t i = 0; i < a_limbs; i++) {
        u128 carry = 0;
        for (size_t j = 0; j < b_limbs; j++) {
            u128 sum = (u128)a[i] * b[j] + product[i + j] + carry;
            product[i + j] = (limb)(sum % LIMB_BASE);
            carry = sum / LIMB_BASE;
        }
        product[i + b_limbs] = (limb)carry;
    }
}

static void multiply_by(const kernel *k, bool least, limb *product, const limb *a, size_t a_limbs,
                        const limb *b, size_t b_limbs)
{
    static const factorial_job job = {.threads = 1};
    size_t limbs = a_limbs + b_limbs;
    size_t size = least ? convolution_scratch_least(k, limbs) : convolution_scratch(k, limbs);
    void *scratch = aligned_alloc(64, size);
    const workspace w = {k, &job, scratch, size};
    fields_prepare(k->leaf_points);
    convolution_multiply(&w, product, a, a_limbs, b, b_limbs);
    free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static limb a[LIMBS_MAX], b[LIMBS_MAX], product[2 * LIMBS_MAX], expected[2 * LIMBS_MAX];
    if (size <= HEAD)
        return 0;
    const kernel *k = dispatch_available((data[0] & 63) % 2);
    if (!k)
        k = dispatch_available(0);
    if (!k)
        return 0;
    input in = {data, size, HEAD};
    size_t a_limbs = length_of(data + 1), b_limbs = length_of(data + 3);
    for (size_t i = 0; i < a_limbs; i++)
        a[i] = next_limb(&in);
    if (data[0] & 128) {
        multiply_by(k, data[0] & 64, product, a, a_limbs, a, a_limbs);
        multiply_as_at_school(expected, a, a_limbs, a, a_limbs);
        hold(!memcmp(product, expected, 2 * a_limbs * sizeof *product), "the square");
        return 0;
    }
    for (size_t i = 0; i < b_limbs; i++)
        b[i] = next_limb(&in);
    multiply_by(k, data[0] & 64, product, a, a_limbs, b, b_limbs);
    multiply_as_at_school(expected, a, a_limbs, b, b_limbs);
    hold(!memcmp(product, expected, (a_limbs + b_limbs) * sizeof *product), "the product");
    return 0;
}
