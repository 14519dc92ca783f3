/*
 * Memory that the server and all its children share.
 */
#ifndef MOD_FACTORIAL_SHARED_H
#define MOD_FACTORIAL_SHARED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * To be called by the parent, in post_config. The block of that name lives as long as the server,
 * over restarts, during which its contents stay and the module's static variables do not; nothing
 * of it outlasts the processes. Zeroed when it is made, which *fresh then says. NULL, errno set, if
 * it cannot be had.
 */
void *shared_memory(const char *name, size_t bytes, bool *fresh);

#endif
