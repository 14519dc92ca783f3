/*
 * Every n and every length in limbs at which the engine changes its algorithm. `make tune` measures
 * those that are a matter of speed; between half and twice of each value the time changes little.
 */
#ifndef MOD_FACTORIAL_ENGINE_THRESHOLDS_H
#define MOD_FACTORIAL_ENGINE_THRESHOLDS_H

enum {
    /* n! */
    INSTANT_MAX = 4096,   /* by table; 14 us and at most 13,020 digits. FACTORIAL_INSTANT */
    SHORT_MAX = 15000,    /* 0.2 ms; a response that httpd takes in one piece. FACTORIAL_SHORT */
    SHORT_MAX_GMP = 8000, /* the same by GMP, in one call of mpz_fac_ui: 0.4 ms */
    THREADS_MIN = 40000,  /* from here on, several threads are faster than one */

    /* limbs */
    SCHOOLBOOK_MAX = 48,        /* the shorter factor; above, transforms are faster */
    SCHOOLBOOK_SQUARE_MAX = 64, /* the same for squares */
    LEAF_MAX = 12,              /* packed primes that a product tree multiplies one by one */
    SHARED_MIN = 4096,          /* a product that several threads share */
    SPLIT_MIN = 65536,          /* one that many threads share: its blocks are split once more */
};

#endif
