/*
 * Which kernels run here.
 */
#ifndef MOD_FACTORIAL_ENGINE_CPU_H
#define MOD_FACTORIAL_ENGINE_CPU_H

#include "kernel.h"

/* The i-th fastest of those that this CPU and the operating system can run, from 0; NULL: no more.
 */
const kernel *cpu_kernel(unsigned i);

#endif
