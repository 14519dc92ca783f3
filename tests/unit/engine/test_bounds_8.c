/* The bounds of the kernels with 8 lanes. */
#define LANES 8

#include "bounds.h"
