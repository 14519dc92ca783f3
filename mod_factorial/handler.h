/*
 * The two content handlers. handler.c shows the steps of a request from top to bottom.
 */
#ifndef MOD_FACTORIAL_HANDLER_H
#define MOD_FACTORIAL_HANDLER_H

#include "module.h"

/* Answers requests for the handler "factorial"; DECLINED for others. */
int handler_factorial(request_rec *r);

/* Answers requests for the handler "factorial-health" with UP; DECLINED for others. */
int handler_health(request_rec *r);

#endif
