/* The bounds of the kernels with 4 lanes. */
#define LANES          4
#define DOCUMENTED_ROW "| 4 | 2.958 | 5.92 | 0.500 | 0.870 | 0.609 |"

#include "bounds.h"
