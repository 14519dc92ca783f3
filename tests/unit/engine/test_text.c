#include "engine/decimal_write.h"
#include "engine/kernel/dispatch.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fill(limb *a, size_t limbs, int kind)
{
    for (size_t i = 0; i < limbs; i++)
        a[i] = kind == 0   ? LIMB_BASE - 1
               : kind == 1 ? (i == limbs - 1)
                           : (uint64_t)rand() * (uint64_t)rand() % LIMB_BASE;
    a[limbs - 1] += a[limbs - 1] == 0;
}

static char *to_text(const limb *a, size_t limbs)
{
    char *text = malloc(limbs * LIMB_DIGITS + 1);
    int top = sprintf(text, "%lu", (unsigned long)a[limbs - 1]);
    for (size_t i = limbs - 1; i-- > 0; top += LIMB_DIGITS)
        sprintf(text + top, "%018lu", (unsigned long)a[i]);
    return text;
}

/* By each kernel of this CPU, on two threads. */
START_TEST(digits_are_written_as_printf_writes_them)
{
    enum { MANY = 20000 };
    const kernel *k = dispatch_available((unsigned)_i);
    if (!k)
        return;
    factorial_job job = {.threads = 2, .pool = factorial_pool_create(1, false, NULL, NULL)};
    limb *a = malloc(MANY * sizeof *a);
    for (size_t limbs = 1; limbs < MANY; limbs = limbs < 40 ? limbs + 1 : limbs * 3)
        for (int kind = 0; kind < 3; kind++) {
            fill(a, limbs, kind);
            char *expected = to_text(a, limbs);
            size_t length = strlen(expected);
            char *digits = malloc(length + 1);
            digits[length] = '#';
            decimal_write(k, &job, digits, length, a, limbs);
            ck_assert_int_eq(digits[length], '#');
            ck_assert_mem_eq(digits, expected, length);
            free(digits);
            free(expected);
        }
    /* Each limb's neighbour is a power of ten, or one less. */
    for (limb x = 1; x < LIMB_BASE; x *= 10)
        for (limb d = 0; d < 2; d++) {
            limb pair[2] = {x - d, 1};
            char expected[32], digits[32];
            int length = sprintf(expected, "1%018lu", (unsigned long)pair[0]);
            decimal_write(k, &job, digits, (size_t)length, pair, 2);
            ck_assert_mem_eq(digits, expected, (size_t)length);
        }
    free(a);
    factorial_pool_destroy(job.pool);
}
END_TEST

START_TEST(a_number_that_is_too_long_is_cut_to_its_last_digits)
{
    const kernel *k = dispatch_available(0);
    factorial_job alone = {0};
    if (!k)
        return;
    const limb a[] = {7, 123};
    char digits[21];
    decimal_write(k, &alone, digits + 1, 19, a, 2);
    ck_assert_mem_eq(digits + 1, "3000000000000000007", 19);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("text");
    TCase *t = tcase_create("text");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, digits_are_written_as_printf_writes_them, 0, 2);
    tcase_add_test(t, a_number_that_is_too_long_is_cut_to_its_last_digits);
    suite_add_tcase(s, t);
    return s;
}
