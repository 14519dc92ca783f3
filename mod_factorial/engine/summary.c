/*
 * The digits of n! begin with those of exp(r), where r = ln n! - q ln 10 and q is the whole part of
 * log10 n!. All of that is computed in fixed point: the number x is held as an integer close to
 * x 2^p, and p is called `bits`. The comments state errors in units of 2^-p. Products and quotients
 * are truncated, which costs less than one unit each.
 */
#include "summary.h"
#include "primes.h"

#include <gmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(unsigned long) >= sizeof(uint64_t), "GMP's functions must take every n");

enum {
    SERIES_FROM = 80,  /* below this n the series is not exact enough */
    EXACT_DIGITS = 117 /* of 79! */
};

/*
 * artanh z or arctan z for 0 <= z <= 1/3: the sum of (+-1)^k z^(2k+1) / (2k+1). `z` may be one unit
 * too small.
 * Error: below p. A power is less than two units wrong (2/9 from the one before, 2/3 from z^2, 1
 * from truncation), so a term is less than two units wrong. There are at most p / log2(9) + 2
 * terms, and the omitted ones are less than one unit together.
 */
static void inverse_tangent(mpz_t sum, const mpz_t z, bool hyperbolic, unsigned bits)
{
    mpz_t square, power, term;
    mpz_inits(square, power, term, NULL);
    mpz_mul(square, z, z);
    mpz_tdiv_q_2exp(square, square, bits);
    mpz_set(power, z);
    mpz_set_ui(sum, 0);
    for (unsigned k = 0; mpz_sgn(power); k++) {
        mpz_tdiv_q_ui(term, power, 2 * k + 1);
        if (hyperbolic || k % 2 == 0)
            mpz_add(sum, sum, term);
        else
            mpz_sub(sum, sum, term);
        mpz_mul(power, power, square);
        mpz_tdiv_q_2exp(power, power, bits);
    }
    mpz_clears(square, power, term, NULL);
}

/*
 * ln(x / 2^scale), where x / 2^scale is at least 1: with 2^e the largest power of two up to x,
 * (e - scale) ln 2 + 2 artanh((x - 2^e) / (x + 2^e)), and ln 2 = 2 artanh(1/3).
 * Error: below 2 (e - scale + 1) p.
 */
static void logarithm(mpz_t result, const mpz_t x, unsigned scale, unsigned bits)
{
    unsigned e = (unsigned)mpz_sizeinbase(x, 2) - 1;
    mpz_t power, z;
    mpz_inits(power, z, NULL);

    mpz_setbit(power, e);
    mpz_sub(z, x, power);
    mpz_mul_2exp(z, z, bits);
    mpz_add(power, power, x);
    mpz_tdiv_q(z, z, power);
    inverse_tangent(result, z, true, bits);

    mpz_set_ui(z, 0);
    mpz_setbit(z, bits);
    mpz_tdiv_q_ui(z, z, 3);
    inverse_tangent(power, z, true, bits);
    mpz_addmul_ui(result, power, e - scale);
    mpz_mul_2exp(result, result, 1);
    mpz_clears(power, z, NULL);
}

/*
 * ln(2 pi), with Machin's pi = 16 arctan(1/5) - 4 arctan(1/239).
 * Error: below 13 p. Pi is less than 20 p wrong, its logarithm a third of that, and `logarithm`
 * adds 6 p.
 */
static void logarithm_of_two_pi(mpz_t result, unsigned bits)
{
    mpz_t pi, z;
    mpz_inits(pi, z, NULL);
    mpz_setbit(z, bits);
    mpz_tdiv_q_ui(z, z, 5);
    inverse_tangent(pi, z, false, bits);
    mpz_mul_2exp(pi, pi, 2);
    mpz_set_ui(z, 0);
    mpz_setbit(z, bits);
    mpz_tdiv_q_ui(z, z, 239);
    inverse_tangent(result, z, false, bits);
    mpz_sub(pi, pi, result);
    mpz_mul_2exp(pi, pi, 2);
    logarithm(result, pi, bits - 1, bits);
    mpz_clears(pi, z, NULL);
}

/*
 * ln n! = (n + 1/2) ln n - n + ln(2 pi) / 2 + the sum of B_2k / (2k (2k - 1) n^(2k-1)), for n from
 * SERIES_FROM on.
 * Error: below 96 p (n + 1) + 2^p / (521 n^11). `logarithm` is less than 94 p wrong up to 10^14,
 * which is below 2^47; the rest is below 7 p + 7; and the sum without its omitted terms is wrong by
 * less than the first of them.
 */
static void logarithm_of_factorial(mpz_t result, uint64_t n, unsigned bits)
{
    static const struct {
        int numerator;
        unsigned denominator;
    } series[] = {{1, 12}, {-1, 360}, {1, 1260}, {-1, 1680}, {1, 1188}};

    mpz_t x, power;
    mpz_inits(x, power, NULL);
    mpz_set_ui(power, n);
    logarithm(result, power, 0, bits);
    mpz_mul_ui(result, result, 2 * n + 1);
    logarithm_of_two_pi(x, bits);
    mpz_add(result, result, x);
    mpz_tdiv_q_2exp(result, result, 1);
    mpz_mul_2exp(x, power, bits);
    mpz_sub(result, result, x);
    for (size_t k = 0; k < sizeof series / sizeof *series; k++) {
        mpz_set_si(x, series[k].numerator);
        mpz_mul_2exp(x, x, bits);
        mpz_tdiv_q(x, x, power);
        mpz_tdiv_q_ui(x, x, series[k].denominator);
        mpz_add(result, result, x);
        mpz_mul_ui(power, power, n);
        mpz_mul_ui(power, power, n);
    }
    mpz_clears(x, power, NULL);
}

/*
 * exp(x) for 0 <= x <= ln 10, by its power series; what is returned is never too large.
 * Error: below 7 p for the given x. A term is less than six units wrong, since each passes on
 * x / k of the error of the one before and adds less than two; there are fewer than p, and the
 * omitted ones are less than 12 units together.
 */
static void exponential(mpz_t sum, const mpz_t x, unsigned bits)
{
    mpz_t term;
    mpz_init(term);
    mpz_setbit(term, bits);
    mpz_set_ui(sum, 0);
    for (unsigned k = 1; mpz_sgn(term); k++) {
        mpz_add(sum, sum, term);
        mpz_mul(term, term, x);
        mpz_tdiv_q_2exp(term, term, bits);
        mpz_tdiv_q_ui(term, term, k);
    }
    mpz_clear(term);
}

/*
 * The count and the first digits; false where p bits do not decide them.
 * Error of exp(r): below 2400 p (n + 1) + 2^p / (40 n^11). ln 10 is less than 8 p wrong and is
 * taken less than 14 n times, so r is less than 208 p (n + 1) + 2^p / (521 n^11) wrong; exp(r) is
 * less than 11 times that and 7 p wrong. If both ends of the interval have the same first digits, q
 * was right too: else one end would be below 1 or the other not below 10.
 */
static bool digits_by_series(factorial_summary *summary, uint64_t n, unsigned bits)
{
    mpz_t rest, quotient, low, high, error;
    mpz_inits(rest, quotient, low, high, error, NULL);
    logarithm_of_factorial(rest, n, bits);
    mpz_set_ui(high, 10);
    logarithm(low, high, 0, bits);
    mpz_tdiv_qr(quotient, rest, rest, low);
    exponential(high, rest, bits);

    mpz_setbit(error, bits);
    mpz_ui_pow_ui(rest, n, 11);
    mpz_mul_ui(rest, rest, 40);
    mpz_cdiv_q(error, error, rest);
    mpz_set_ui(rest, n + 1);
    mpz_addmul_ui(error, rest, 2400 * bits);
    mpz_sub(low, high, error);
    mpz_add(high, high, error);
    mpz_ui_pow_ui(rest, 10, FACTORIAL_LEADING_DIGITS - 1);
    mpz_mul(low, low, rest);
    mpz_tdiv_q_2exp(low, low, bits);
    mpz_mul(high, high, rest);
    mpz_tdiv_q_2exp(high, high, bits);

    summary->digits = mpz_get_ui(quotient) + 1;
    gmp_snprintf(summary->leading, sizeof summary->leading, "%Zd", low);
    bool decided = mpz_cmp(low, high) == 0;
    mpz_clears(rest, quotient, low, high, error, NULL);
    return decided;
}

static void digits_by_product(factorial_summary *summary, uint64_t n)
{
    char text[EXACT_DIGITS + 2]; /* mpz_get_str wants room for a sign */
    mpz_t product;
    mpz_init(product);
    mpz_fac_ui(product, n);
    mpz_get_str(text, 10, product);
    mpz_clear(product);
    summary->digits = strlen(text);
    snprintf(summary->leading, sizeof summary->leading, "%.*s", FACTORIAL_LEADING_DIGITS, text);
}

/*
 * The error of exp(r) grows with n, so p does: about one n of 300 is left undecided by the first
 * p. That the second leaves any n of all 10^14 undecided has a probability below 10^-17. The error
 * of the series, which no p makes smaller, leaves none undecided up to 5,000, as a test shows, and
 * is below 10^-42 from there on.
 */
void factorial_summarize(uint64_t n, factorial_summary *summary)
{
    *summary = (factorial_summary){.n = n, .trailing_zeros = primes_exponent(n, 5)};
    if (n < SERIES_FROM) {
        digits_by_product(summary, n);
        return;
    }
    unsigned bits = 90;
    for (uint64_t rest = n; rest > 0; rest /= 2)
        bits++;
    while (!digits_by_series(summary, n, bits))
        bits *= 2;
}
