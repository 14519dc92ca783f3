/* The bounds of the kernels with 4 lanes. */
#define LANES 4

#include "bounds.h"
