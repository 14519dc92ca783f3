/*
 * The block that holds a result's digits, from the engine that writes them to the last byte sent.
 */
#ifndef MOD_FACTORIAL_DIGITS_H
#define MOD_FACTORIAL_DIGITS_H

#include "admission.h"

/* Bytes that so many digits take with what belongs to them. */
size_t digits_bytes(uint64_t count);

/*
 * Room for so many digits; NULL if there is no memory. Where a budget is given they are charged to
 * it, digits_bytes of them, by the caller; digits_release gives that back. The budget must last.
 */
char *digits_acquire(uint64_t count, admission *budget);

/* From any thread, at any time. */
void digits_release(void *digits);

#endif
