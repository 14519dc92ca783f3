#include "dispatch.h"

#include "convolution.h"

#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const kernel *_Atomic used;

const kernel *dispatch_available(unsigned i)
{
#if defined(__x86_64__)
    /* These also ask whether the operating system saves the registers. */
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx512 && i-- == 0)
        return &kernel_avx512;
    if (avx2 && i-- == 0)
        return &kernel_avx2;
#elif defined(__aarch64__)
    if (i == 0)
        return &kernel_neon;
#endif
    return NULL;
}

/*
 * (B^n - 1)^2 = B^2n - 2 B^n + 1, as a square and as a product of two, with all scratch memory and
 * with the least: every coefficient as large as it can be. It finds a compiler that reorders the
 * kernels' arithmetic, and a wrong rounding mode.
 */
static bool known_products(const kernel *k, size_t n)
{
    enum { LONGEST = 416 };
    static limb a[LONGEST], same[LONGEST], product[2 * LONGEST];
    _Alignas(64) static double points[2 * FIELDS * (2 * LONGEST + 256)];
    const factorial_job job = {0};
    workspace space = {k, &job, (char *)points, sizeof points};
    if (n > LONGEST || convolution_scratch(k, 2 * n) > sizeof points)
        return false;
    for (size_t i = 0; i < n; i++)
        a[i] = same[i] = LIMB_BASE - 1;
    for (unsigned way = 0; way < 3; way++) {
        if (way == 2)
            space.scratch_size = convolution_scratch_least(k, 2 * n);
        convolution_multiply(&space, product, a, n, way == 0 ? a : same, n);
        for (size_t i = 0; i < 2 * n; i++)
            if (product[i] != (i == 0 ? 1 : i < n ? 0 : i == n ? LIMB_BASE - 2 : LIMB_BASE - 1))
                return false;
    }
    return true;
}

bool dispatch_try(const kernel *k)
{
    fenv_t environment;
    fegetenv(&environment);
    fesetenv(FE_DFL_ENV);
    fields_prepare(k->leaf_points);
    /* One of each number of segments. */
    static const size_t limbs[] = {128, 160, 192, 224, 288, 352, 416};
    bool right = true;
    for (unsigned i = 0; i < sizeof limbs / sizeof *limbs; i++)
        right = right && known_products(k, limbs[i]);
    fesetenv(&environment);
    return right;
}

static void choose(void)
{
    const kernel *k;
    for (unsigned i = 0; (k = dispatch_available(i)) && !dispatch_used(); i++)
        if (dispatch_try(k))
            atomic_store(&used, k);
}

bool dispatch_prepare(void)
{
    pthread_once(&once, choose);
    return dispatch_used();
}

const kernel *dispatch_used(void)
{
    return atomic_load_explicit(&used, memory_order_acquire);
}

const char *factorial_kernel(void)
{
    const kernel *k = dispatch_used();
    return k ? k->name : "gmp";
}
