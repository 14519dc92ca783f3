/*
 * The buffer of a result's digits and its charge, from the engine that writes it to the last bucket
 * that is sent.
 */
#ifndef MOD_FACTORIAL_RESULT_H
#define MOD_FACTORIAL_RESULT_H

#include "admission.h"

/* What a buffer for so many digits occupies, to be charged before it is allocated. */
size_t result_size(size_t digits);

/*
 * A buffer for so many digits; NULL if the system has no memory. The caller has charged
 * result_size(digits) to `budget`, which outlives the buffer, or charges nothing and gives NULL. If
 * NULL is returned, the charge is still the caller's to return.
 */
char *result_allocate(size_t digits, admission *budget);

/* Frees the buffer, and then returns its charge. From any thread. */
void result_free(void *digits);

#endif
