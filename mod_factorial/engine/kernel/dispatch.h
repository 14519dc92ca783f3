/*
 * Which kernel this process uses.
 */
#ifndef MOD_FACTORIAL_ENGINE_DISPATCH_H
#define MOD_FACTORIAL_ENGINE_DISPATCH_H

#include "../factorial.h"
#include "kernel.h"

/* The i-th fastest kernel, from 0, that CPU and operating system can run; NULL: no more. */
const kernel *dispatch_available(unsigned i);

/* Selects the fastest kernel that computes known products right, once for the process. False if
 * there is none. */
bool dispatch_prepare(void);

/* The selected kernel; NULL before dispatch_prepare and if there is none. */
const kernel *dispatch_used(void);

/* Builds the tables for this kernel and checks known products: false if one is wrong. Not
 * thread-safe; for tests and measurements, which use other kernels than the fastest. */
bool dispatch_try(const kernel *k);

#endif
