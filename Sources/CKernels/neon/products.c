#include "../levels.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define LANES 4
#define HARDWARE_HALF 1
#define TILE_TOKENS 4
#define BYTE_BIAS 0
#define TILE_CASES(sub, has_minimum) \
  TILE_CASE(1, sub, has_minimum)     \
  TILE_CASE(2, sub, has_minimum)     \
  TILE_CASE(3, sub, has_minimum)     \
  TILE_CASE(4, sub, has_minimum)

#include "../products/lanes.h"

INLINE ints dot4_signed(ints sums, ints activations, ints weights) {
  return (ints)vdotq_s32((int32x4_t)sums, (int8x16_t)activations, (int8x16_t)weights);
}
INLINE ints dot4(ints sums, ints activations, ints weights) {
  return dot4_signed(sums, activations, weights);
}

INLINE sixteen_bytes look_up(sixteen_bytes table, sixteen_bytes numbers) {
  return (sixteen_bytes)vqtbl1q_u8((uint8x16_t)table, (uint8x16_t)numbers);
}

#include "../products/integer_vector.h"
#include "../products/table.h"

void quern_fill_products_neon(quern_kernel_table *table) {
  fill_batch_products(&table->products);
#define INTEGER(name, id, sub, has_minimum) table->products.vector[id] = vector_##name;
  INTEGER_TYPES(INTEGER)
#undef INTEGER
  quern_fill_block_vectors_neon(&table->products);
  quern_fill_super_block_vectors_neon(&table->products);
  fill_float_vectors(&table->products);
  fill_row_operations(&table->products);
}

#pragma clang attribute pop
#endif
