/*
 * The processors and the memory that this process may use.
 */
#ifndef MOD_FACTORIAL_CGROUP_H
#define MOD_FACTORIAL_CGROUP_H

#include <stdint.h>

/*
 * The number of processors: those of the affinity mask, or the least quota of the control groups,
 * rounded up, if that is less; at least 1. `root` precedes /proc and /sys: "" except in tests.
 *
 * Both functions read a few small files. They are for the start of a process, not for requests.
 */
unsigned cgroup_processors(const char *root);

/* Bytes of physical memory, or the least limit of the control groups if that is less. */
uint64_t cgroup_memory(const char *root);

#endif
