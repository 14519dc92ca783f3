/*
 * Runs the engine for a request.
 */
#ifndef MOD_FACTORIAL_COMPUTE_H
#define MOD_FACTORIAL_COMPUTE_H

#include "engine/factorial.h"
#include "mod_factorial.h"

/*
 * Computes n!, which has `count` digits. On FACTORIAL_OK *digits is a block of that many that the
 * caller owns and gives back by compute_release; otherwise nothing is held, and the reason is in
 * the log if it is the server's fault.
 */
factorial_status compute_digits(request_rec *r, uint64_t n, uint64_t count, char **digits);

/* Gives digits back; from any thread. */
void compute_release(void *digits);

#endif
