#include "factorial.h"

#include "gmp.h"

bool factorial_prepare(void)
{
    return false;
}

const char *factorial_kernel(void)
{
    return "gmp";
}

size_t factorial_memory_need(uint64_t n, factorial_method method, unsigned threads)
{
    return gmp_memory_need(n);
}

factorial_status factorial_compute(const factorial_job *job, uint64_t n, char *digits)
{
    return gmp_factorial(job, n, digits);
}
