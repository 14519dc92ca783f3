#include "factorial.h"

#include "gmp.h"

size_t factorial_memory_need(uint64_t n)
{
    return gmp_memory_need(n);
}

factorial_status factorial_compute(const factorial_job *job, uint64_t n, char *digits)
{
    return gmp_factorial(job, n, digits);
}
