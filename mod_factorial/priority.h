/*
 * The priority of threads that compute.
 */
#ifndef MOD_FACTORIAL_PRIORITY_H
#define MOD_FACTORIAL_PRIORITY_H

#include <stdbool.h>

/*
 * Forks a process that tries to lower its priority, and returns true if that succeeds: a seccomp
 * filter may kill whatever process makes the system call. True also means that sched_setaffinity,
 * by which the engine's threads move, may be called. To be called before priority_lower, by a
 * process without threads. Processes that it forks later inherit the result.
 */
bool priority_probe(void);

/*
 * Lowers the priority of the calling thread; does nothing if that is not allowed. To be called
 * first by every thread that computes, those of the engine's pool included, whose callback it is.
 */
void priority_lower(void *unused);

#endif
