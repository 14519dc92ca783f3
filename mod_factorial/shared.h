/*
 * Memory that the parent process and all child processes share.
 */
#ifndef MOD_FACTORIAL_SHARED_H
#define MOD_FACTORIAL_SHARED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * To be called by the parent, in post_config. The block of that name keeps its contents over
 * restarts, which the module's static variables do not; it ends with the processes. *fresh tells if
 * it was created, filled with zeros, by this call. NULL, with errno set, if the system has no
 * memory.
 */
void *shared_memory(const char *name, size_t bytes, bool *fresh);

#endif
