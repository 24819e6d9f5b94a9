#include "../levels.h"

#if defined(__aarch64__)
void quern_fill_products_neon(quern_kernel_table *table) { (void)table; }
#endif
