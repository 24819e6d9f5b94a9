#include "../levels.h"

void quern_fill_codecs_generic(quern_kernel_table *table) { (void)table; }
