/*
 * What this process may use of the machine it runs on.
 */
#ifndef MOD_FACTORIAL_CGROUP_H
#define MOD_FACTORIAL_CGROUP_H

#include <stdint.h>

/*
 * Processors: those of the affinity mask, or what the control groups' quotas come to, rounded up,
 * if that is less; at least 1. `root` is where /proc and /sys are looked for: "" but in tests.
 *
 * Both functions read a few small files: for starting up, not for requests.
 */
unsigned cgroup_processors(const char *root);

/* Bytes of memory: the physical ones, or the least limit of the control groups. */
uint64_t cgroup_memory(const char *root);

#endif
