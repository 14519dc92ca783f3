/* The bounds of the kernels with 2 lanes. */
#define LANES          2
#define DOCUMENTED_ROW "| 2 | 2.958 | 5.92 | 0.500 | 0.870 | 0.609 |"

#include "bounds.h"
