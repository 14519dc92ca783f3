#include "compute.h"

#include <stdlib.h>

/* Blocks are aligned as the engine asks for; malloc refuses by NULL, which the engine passes on. */
static void *acquire(factorial_memory *memory, size_t bytes)
{
    return aligned_alloc(64, (bytes + 63) & ~(size_t)63);
}

static void release(factorial_memory *memory, void *block, size_t bytes)
{
    free(block);
}

factorial_status compute_digits(request_rec *r, uint64_t n, uint64_t count, char **digits)
{
    static factorial_memory heap = {acquire, release};
    factorial_job job = {.memory = &heap};
    factorial_status status = FACTORIAL_OUT_OF_MEMORY;
    *digits = malloc(count);
    if (*digits)
        status = factorial_compute(&job, n, *digits);
    if (status == FACTORIAL_OK)
        return status;
    free(*digits);
    *digits = NULL;
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "%s while computing the factorial of %" APR_UINT64_T_FMT,
                  status == FACTORIAL_OUT_OF_MEMORY ? "no memory" : "an internal error", n);
    return status;
}

void compute_release(void *digits)
{
    free(digits);
}
