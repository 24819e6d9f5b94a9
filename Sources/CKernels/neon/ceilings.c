#include "../levels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define LANES 4
#define CEILING_COLUMNS 4
#define HARDWARE_HALF 1
#include "../products/lanes.h"

INLINE ints dot4(ints sums, ints left, ints right) {
  return (ints)vdotq_s32((int32x4_t)sums, (int8x16_t)left, (int8x16_t)right);
}

#include "../ceilings/loops.h"

void quern_fill_ceilings_neon(quern_kernel_table *table) { fill_ceilings(&table->ceilings); }

#pragma clang attribute pop
#endif
