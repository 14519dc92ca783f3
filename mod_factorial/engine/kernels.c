#include "kernels.h"

#include "convolution.h"
#include "cpu.h"

#include <fenv.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const kernel *_Atomic used;

/*
 * (B^n - 1)^2 = B^2n - 2 B^n + 1: every coefficient as large as it can be. A compiler that fuses or
 * reorders the kernels' arithmetic, or a rounding mode that is not to nearest, breaks it.
 */
static bool known_product(const kernel *k, size_t n)
{
    enum { LONGEST = 210 };
    static limb a[LONGEST], product[2 * LONGEST];
    _Alignas(64) static double scratch[FIELDS * (2 * LONGEST + 256)];
    const factorial_job job = {0};
    for (size_t i = 0; i < n; i++)
        a[i] = LIMB_BASE - 1;
    if (n > LONGEST || convolution_scratch(k, 2 * n, 1) > sizeof scratch)
        return false;
    const workshop shop = {k, &job, false, scratch};
    convolution_multiply(&shop, product, a, n, a, n);
    for (size_t i = 0; i < 2 * n; i++)
        if (product[i] != (i == 0 ? 1 : i < n ? 0 : i == n ? LIMB_BASE - 2 : LIMB_BASE - 1))
            return false;
    return true;
}

bool kernels_try(const kernel *k)
{
    fenv_t environment;
    fegetenv(&environment);
    fesetenv(FE_DFL_ENV);
    fields_prepare(k->leaf_points);
    /* 256 points and the three lengths with a tail, where leaves have 64 points. */
    bool right = known_product(k, 128) && known_product(k, 160) && known_product(k, 192) &&
                 known_product(k, 210);
    fesetenv(&environment);
    return right;
}

static void choose(void)
{
    const kernel *k = cpu_kernel(0);
    if (k && kernels_try(k))
        atomic_store(&used, k);
}

bool kernels_prepare(void)
{
    pthread_once(&once, choose);
    return kernels_used();
}

const kernel *kernels_used(void)
{
    return atomic_load_explicit(&used, memory_order_acquire);
}

const char *factorial_kernel(void)
{
    const kernel *k = kernels_used();
    return k ? k->name : "gmp";
}
