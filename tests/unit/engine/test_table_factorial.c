#include "engine/factorial_by.h"
#include "engine/limb.h"
#include "engine/table_factorial.h"
#include "engine/thresholds.h"
#include "suite.h"

#include <gmp.h>
#include <string.h>

enum { DIGITS_MAX = 13020 }; /* of INSTANT_MAX! */

static void set_up(void)
{
    table_prepare();
}

static factorial_status compute(uint64_t n, char *digits)
{
    factorial_plan plan = factorial_plan_by(FACTORIAL_BY_TABLE, NULL, n);
    return table_factorial(&plan, digits);
}

START_TEST(every_n_agrees_with_gmp)
{
    static char digits[DIGITS_MAX + 2], expected[DIGITS_MAX + 2];
    uint64_t step = suite_under_valgrind() ? 13 : 1;
    mpz_t x;
    mpz_init_set_ui(x, 1);
    for (uint64_t n = 0; n <= INSTANT_MAX; n++) {
        if (n > 1)
            mpz_mul_ui(x, x, n);
        if (n % step)
            continue;
        mpz_get_str(expected, 10, x);
        memset(digits, '#', sizeof digits);
        ck_assert_int_eq(compute(n, digits + 1), FACTORIAL_OK);
        size_t count = strlen(expected);
        if (memcmp(digits + 1, expected, count) != 0)
            ck_abort_msg("wrong digits for n = %lu", (unsigned long)n);
        ck_assert_int_eq(digits[0], '#');
        ck_assert_int_eq(digits[count + 1], '#');
    }
    mpz_clear(x);
}
END_TEST

/* What has limbs left: an entry of the table; the product with numbers behind it; with one number,
 * whose carry is all that is left. */
START_TEST(a_number_with_limbs_left_is_an_error)
{
    static const uint64_t n[] = {INSTANT_MAX, INSTANT_MAX - 1, 33};
    char digits[DIGITS_MAX];
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        factorial_plan plan = factorial_plan_by(FACTORIAL_BY_TABLE, NULL, n[i]);
        plan.digits -= LIMB_DIGITS;
        ck_assert_int_eq(table_factorial(&plan, digits), FACTORIAL_WRONG);
    }
}
END_TEST

START_TEST(to_prepare_it_again_changes_nothing)
{
    char digits[3];
    table_prepare();
    ck_assert_int_eq(compute(4, digits), FACTORIAL_OK);
    ck_assert_mem_eq(digits, "24", 2);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("table_factorial");
    TCase *t = tcase_create("table_factorial");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, every_n_agrees_with_gmp);
    tcase_add_test(t, a_number_with_limbs_left_is_an_error);
    tcase_add_test(t, to_prepare_it_again_changes_nothing);
    suite_add_tcase(s, t);
    return s;
}
