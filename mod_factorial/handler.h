/*
 * A request's way through the module.
 */
#ifndef MOD_FACTORIAL_HANDLER_H
#define MOD_FACTORIAL_HANDLER_H

#include "module.h"

/* The endpoint: answers requests whose handler is "factorial". */
int handler_factorial(request_rec *r);

/* The health check: answers UP to requests whose handler is "factorial-health". */
int handler_health(request_rec *r);

#endif
