/* The bounds of the kernels with 2 lanes. */
#define LANES 2

#include "bounds.h"
