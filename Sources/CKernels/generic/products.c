// Portable products: the templates on vectors of 4 lanes, which any compiler can lower.
#include "../levels.h"

#define LANES 4
#define TILE_TOKENS 4
#define BYTE_BIAS 0
#define TILE_CASES(sub, has_minimum) \
  TILE_CASE(1, sub, has_minimum)     \
  TILE_CASE(2, sub, has_minimum)     \
  TILE_CASE(3, sub, has_minimum)     \
  TILE_CASE(4, sub, has_minimum)

#include "../products/lanes.h"
#include "dot4.h"

INLINE sixteen_bytes look_up(sixteen_bytes table, sixteen_bytes numbers) {
  uint8_t bytes[16], found[16];
  memcpy(bytes, &table, 16);
  for (int i = 0; i < 16; i++) found[i] = bytes[numbers[i]];
  memcpy(&numbers, found, 16);
  return numbers;
}

#include "../products/integer_vector.h"
#include "../products/table.h"

void quern_fill_products_generic(quern_kernel_table *table) {
  fill_batch_products(&table->products);
#define INTEGER(name, id, sub, has_minimum) table->products.vector[id] = vector_##name;
  INTEGER_TYPES(INTEGER)
#undef INTEGER
  fill_float_vectors(&table->products);
  fill_row_operations(&table->products);
}
