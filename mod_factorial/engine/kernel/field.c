#include "field.h"

typedef unsigned __int128 u128;

/* Primes just below 2^49 for which 2^30 divides p - 1, and an element of order 2^30 for each. */
const uint64_t field_prime[FIELDS] = {562948879679489, 562941363486721, 562932773552129};
static const uint64_t order_2_30[FIELDS] = {552983389149546, 176954140508759, 68685527169534};

field fields[FIELDS];

/* ---- arithmetic in the field; residues in tables are the representatives nearest to 0 */

static uint64_t multiply(uint64_t a, uint64_t b, uint64_t p)
{
    return (uint64_t)((u128)a * b % p);
}

static uint64_t invert(uint64_t a, uint64_t p)
{
    uint64_t result = 1;
    for (uint64_t e = p - 2; e; e >>= 1, a = multiply(a, a, p))
        if (e & 1)
            result = multiply(result, a, p);
    return result;
}

static double to_table(uint64_t x, uint64_t p)
{
    return x > p / 2 ? -(double)(p - x) : (double)x;
}

static uint64_t from_table(double x, uint64_t p)
{
    return x < 0 ? p - (uint64_t)-x : (uint64_t)x;
}

/* ---- the roots */

static const unsigned times[ROOTS] = {1, 2, 2, 4, 4, 4, 4, 8},
                      plus[ROOTS] = {0, 0, 1, 0, 1, 2, 3, 0};

/* record[j] for all j below count, from bit[k] = w(2^k unit), k up to 3 places beyond count. */
static void fill_records(double (*record)[ROOTS], size_t count, const uint64_t *bit, uint64_t p)
{
    for (unsigned k = 0, m = 1; m < count; k++, m *= 2)
        for (size_t i = 0; i < m && m + i < count; i++)
            for (unsigned r = 0; r < ROOTS; r++) {
                unsigned shift = times[r] == 1 ? 0 : times[r] == 2 ? 1 : times[r] == 4 ? 2 : 3;
                uint64_t x = from_table(record[i][r], p);
                record[m + i][r] = to_table(multiply(bit[k + shift], x, p), p);
            }
}

static void fill_roots(field *f, int inverse, uint64_t root, uint64_t p, size_t high_records)
{
    enum { BITS = 29, LOW_LOG = 11 };
    _Static_assert(1 << LOW_LOG == LOW_RECORDS, "LOW_LOG");
    uint64_t bit[BITS]; /* w(2^k), of order 2^(k + 2) */
    bit[BITS - 1] = root;
    for (int k = BITS - 2; k >= 0; k--)
        bit[k] = multiply(bit[k + 1], bit[k + 1], p);

    double *lane = inverse ? f->lane_inverse : f->lane_root;
    uint64_t w[ROOTS] = {1};
    for (unsigned k = 0, m = 1; m < ROOTS; k++, m *= 2)
        for (unsigned i = 0; i < m; i++)
            w[m + i] = multiply(bit[k], w[i], p);
    for (unsigned i = 0; i < ROOTS; i++) {
        lane[i] = to_table(w[i], p);
        f->low[inverse][0][i] = to_table(w[plus[i]], p);
        f->high[inverse][0][i] = 1;
        if (!inverse)
            f->lane_square[i] = to_table(multiply(w[i], w[i], p), p);
    }
    fill_records(f->low[inverse], LOW_RECORDS, bit, p);
    fill_records(f->high[inverse], high_records, bit + LOW_LOG, p);
}

void fields_prepare(size_t leaf_points)
{
    for (unsigned q = 0; q < FIELDS; q++) {
        field *f = &fields[q];
        uint64_t p = field_prime[q], root = order_2_30[q];
        f->p = (double)p;
        f->inverse = 1 / f->p;
        size_t high_records = ((size_t)1 << POINTS_LOG) / leaf_points / LOW_RECORDS;
        fill_roots(f, 0, root, p, high_records);
        fill_roots(f, 1, invert(root, p), p, high_records);

        for (unsigned j = 0; j < q; j++)
            f->divisor[j] = to_table(invert(field_prime[j] % p, p), p);
        uint64_t scale = 1, half = invert(2, p);
        for (unsigned k = 0; k <= POINTS_LOG; k++, scale = multiply(scale, half, p))
            f->scale[k] = to_table(scale, p);
    }
}
