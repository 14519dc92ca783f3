/*
 * The kernel that this process uses.
 */
#ifndef MOD_FACTORIAL_ENGINE_KERNELS_H
#define MOD_FACTORIAL_ENGINE_KERNELS_H

#include "factorial.h"
#include "kernel.h"

/* Chooses the kernel, once for the process. False if there is none that computes right. */
bool kernels_prepare(void);

/* NULL before kernels_prepare, and where GMP does everything. */
const kernel *kernels_used(void);

/* For tests and measurements: makes the tables for this kernel and puts it through its known
 * products. Not thread-safe; false if one comes out wrong. */
bool kernels_try(const kernel *k);

#endif
