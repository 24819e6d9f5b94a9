#include "../levels.h"

#define LANES 4
#define CEILING_COLUMNS 3
#include "../products/lanes.h"

INLINE ints dot4(ints sums, ints left, ints right) {
  int8_t l[16], r[16];
  int32_t parts[4];
  memcpy(l, &left, 16);
  memcpy(r, &right, 16);
  for (int lane = 0; lane < 4; lane++) {
    parts[lane] = 0;
    for (int i = 0; i < 4; i++) parts[lane] += l[lane * 4 + i] * r[lane * 4 + i];
  }
  return sums + load_ints(parts);
}

#include "../ceilings/loops.h"

void quern_fill_ceilings_generic(quern_kernel_table *table) { fill_ceilings(&table->ceilings); }
