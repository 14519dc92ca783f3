#include "cpu.h"

#include <stdbool.h>

const kernel *cpu_kernel(unsigned i)
{
#if defined(__x86_64__)
    /* These ask the operating system too, if it saves the registers. */
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
