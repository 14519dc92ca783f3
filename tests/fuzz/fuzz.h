/*
 * What every fuzz target shares: libFuzzer's entry, and how a broken property is told.
 *
 * With clang's -fsanitize=fuzzer the main is libFuzzer's; otherwise replay.c's, which runs the
 * files it is given.
 */
#ifndef MOD_FACTORIAL_TESTS_FUZZ_H
#define MOD_FACTORIAL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run, so that libFuzzer keeps the input. */
static inline void hold(int property, const char *what)
{
    if (property)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

#endif
