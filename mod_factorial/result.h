/*
 * The buffer of a result's digits, and its charge. It lives until the last bucket of the response
 * has been passed on.
 */
#ifndef MOD_FACTORIAL_RESULT_H
#define MOD_FACTORIAL_RESULT_H

#include "admission.h"

/* The bytes that a buffer for so many digits occupies, to be charged before it is allocated. */
size_t result_size(size_t digits);

/*
 * Allocates a buffer for so many digits; NULL if the system has no memory. The caller has charged
 * result_size(digits) to `budget`, which outlives the buffer; or passes NULL and has charged
 * nothing. If NULL is returned, the caller has to return the charge.
 */
char *result_allocate(size_t digits, admission *budget);

/* Frees the buffer, and then returns its charge. From any thread. */
void result_free(void *digits);

#endif
