/*
 * Decides which requests are for the endpoint, from the translation of the address to the handler.
 */
#ifndef MOD_FACTORIAL_ENDPOINT_H
#define MOD_FACTORIAL_ENDPOINT_H

#include "module.h"

/*
 * Registers the three hooks that lead a request for an address with `Factorial On` to the
 * handler: translate_name notes it, map_to_storage claims it, fixups names the handler.
 */
void endpoint_register_hooks(void);

#endif
