/*
 * The priority of threads that compute.
 */
#ifndef MOD_FACTORIAL_PRIORITY_H
#define MOD_FACTORIAL_PRIORITY_H

#include <stdbool.h>

/*
 * Finds out whether threads may lower their priority, by a process that tries it: a seccomp filter
 * may kill the process that makes the system call. To be called before priority_lower, by a process
 * without threads; the processes that it forks later know the answer.
 */
bool priority_probe(void);

/*
 * Lowers the priority of the calling thread; does nothing if that is not allowed. To be called
 * first by every thread that computes, those of the engine's pool included, whose callback it is.
 */
void priority_lower(void *unused);

#endif
