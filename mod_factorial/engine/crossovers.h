/*
 * Where one way of computing begins to be faster than another, as `make tune` measures it. Between
 * half and twice of each value the time changes little.
 */
#ifndef MOD_FACTORIAL_ENGINE_CROSSOVERS_H
#define MOD_FACTORIAL_ENGINE_CROSSOVERS_H

enum {
    CROSSOVER_MULTIPLY = 48,   /* limbs of the shorter factor: up to here schoolbook */
    CROSSOVER_SQUARE = 64,     /* the same for squares */
    CROSSOVER_LEAF = 16,       /* words that a product tree multiplies one after another */
    CROSSOVER_THREADS = 40000, /* n!: up to here the calling thread alone */
    CROSSOVER_PARALLEL = 8192  /* limbs of a product that several threads share */
};

#endif
