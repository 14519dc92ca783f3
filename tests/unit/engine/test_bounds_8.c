/* The bounds of the kernels with 8 lanes. */
#define LANES          8
#define DOCUMENTED_ROW "| 8 | 3.466 | 6.68 | 0.500 | 0.890 | 0.611 |"

#include "bounds.h"
