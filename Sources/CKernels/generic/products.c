#include "../levels.h"

void quern_fill_products_generic(quern_kernel_table *table) { (void)table; }
