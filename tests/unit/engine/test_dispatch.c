/* The choice of a kernel: kernels of this CPU, made to fail one after another. */
#define _DEFAULT_SOURCE /* sysconf, mprotect */
#include "engine/factorial.h"
#include "engine/kernel/dispatch.h"
#include "suite.h"

#include <fenv.h>
#include <sys/mman.h>
#include <unistd.h>

enum { KERNELS_MAX = 2 };

START_TEST(kernels_come_fastest_first_and_end)
{
    unsigned count = 0;
    for (const kernel *k; (k = dispatch_available(count)); count++) {
        ck_assert_uint_lt(count, KERNELS_MAX);
        ck_assert_ptr_ne(k, dispatch_available(count + 1));
    }
    ck_assert_ptr_null(dispatch_available(count + 1));
#ifdef __x86_64__
    bool avx512 = __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    ck_assert_uint_eq(count, avx512 + avx2);
    if (avx512)
        ck_assert_str_eq(dispatch_available(0)->name, "avx512");
    if (avx2)
        ck_assert_str_eq(dispatch_available(avx512)->name, "avx2");
#endif
}
END_TEST

/* ---- kernels that fail */

static const kernel *real;      /* what the wrong functions below call */
static unsigned wrong_segments; /* they are wrong for products of so many segments only */
static bool wrong_square;

static void store_wrong(convolution *c, size_t chunk)
{
    real->store(c, chunk);
    if (chunk == 0 && c->segments == wrong_segments && (c->operands == 1) == wrong_square)
        c->product[0] ^= 1;
}

START_TEST(a_kernel_is_tried_by_squares_and_products_of_every_shape)
{
    real = dispatch_available((unsigned)_i);
    if (!real)
        return;
    kernel broken = *real;
    ck_assert(dispatch_try(&broken));
    broken.store = store_wrong;
    static const unsigned segments[] = {4, 5, 6, 7, 9, 11, 13};
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
        wrong_segments = segments[i];
        wrong_square = false;
        ck_assert(!dispatch_try(&broken));
        wrong_square = true;
        ck_assert(!dispatch_try(&broken));
    }
    wrong_segments = 8; /* there is no such product */
    ck_assert(dispatch_try(&broken));
}
END_TEST

START_TEST(it_is_tried_with_rounding_to_nearest)
{
    const kernel *k = dispatch_available((unsigned)_i);
    if (!k)
        return;
    fesetround(FE_UPWARD);
    ck_assert(dispatch_try(k));
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
}
END_TEST

static void write_nothing(convolution *c, size_t chunk)
{
}

/* Has one of the kernels themselves compute wrong, which are constants. */
static void break_kernel(const kernel *k)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)k / page * page;
    size_t size = (uintptr_t)(k + 1) - start;
    ck_assert_int_eq(mprotect((void *)start, size, PROT_READ | PROT_WRITE), 0);
    ((kernel *)k)->store = write_nothing;
}

/* The first so many kernels fail. */
START_TEST(the_first_that_computes_right_is_used)
{
    for (int i = 0; i < _i; i++)
        if (dispatch_available((unsigned)i))
            break_kernel(dispatch_available((unsigned)i));
    const kernel *expected = dispatch_available((unsigned)_i);
    ck_assert_ptr_null(dispatch_used());
    ck_assert_str_eq(factorial_kernel(), "gmp");
    ck_assert_int_eq(factorial_make_plan(5, FACTORIAL_AUTO).algorithm, FACTORIAL_BY_GMP);
    for (int again = 0; again < 2; again++)
        ck_assert_int_eq(factorial_prepare(), expected != NULL);
    ck_assert_ptr_eq(dispatch_used(), expected);
    ck_assert_str_eq(factorial_kernel(), expected ? expected->name : "gmp");
    ck_assert_int_eq(factorial_make_plan(5, FACTORIAL_AUTO).algorithm, FACTORIAL_BY_TABLE);
    ck_assert_int_eq(factorial_make_plan(100000, FACTORIAL_AUTO).algorithm,
                     expected ? FACTORIAL_BY_TRANSFORM : FACTORIAL_BY_GMP);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("dispatch");
    TCase *t = tcase_create("dispatch");
    tcase_add_test(t, kernels_come_fastest_first_and_end);
    tcase_add_loop_test(t, a_kernel_is_tried_by_squares_and_products_of_every_shape, 0,
                        KERNELS_MAX);
    tcase_add_loop_test(t, it_is_tried_with_rounding_to_nearest, 0, KERNELS_MAX);
    if (!suite_under_valgrind()) /* in one process a kernel is chosen once */
        tcase_add_loop_test(t, the_first_that_computes_right_is_used, 0, KERNELS_MAX + 1);
    suite_add_tcase(s, t);
    return s;
}
