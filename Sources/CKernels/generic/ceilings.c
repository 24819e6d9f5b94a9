#include "../levels.h"

#define LANES 4
#define CEILING_COLUMNS 3
#include "../products/lanes.h"
#include "dot4.h"

#include "../ceilings/loops.h"

void quern_fill_ceilings_generic(quern_kernel_table *table) { fill_ceilings(&table->ceilings); }
