#include "../levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define LANES 8
#define HARDWARE_HALF 1
#define TILE_TOKENS 4
#define BYTE_BIAS 0
#define TILE_CASES(sub, has_minimum) \
  TILE_CASE(1, sub, has_minimum)     \
  TILE_CASE(2, sub, has_minimum)     \
  TILE_CASE(3, sub, has_minimum)     \
  TILE_CASE(4, sub, has_minimum)

#include "../products/lanes.h"

/// vpmaddubsw wants one unsigned operand: the weights' magnitudes, their signs moved to the
/// activations. 2 * 128 * 127 does not saturate its 16-bit sums.
INLINE ints dot4_signed(ints sums, ints activations, ints weights) {
  const __m256i magnitudes = _mm256_abs_epi8((__m256i)weights);
  const __m256i turned = _mm256_sign_epi8((__m256i)activations, (__m256i)weights);
  const __m256i pairs = _mm256_maddubs_epi16(magnitudes, turned);
  return sums + (ints)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
INLINE ints dot4(ints sums, ints activations, ints weights) {
  return dot4_signed(sums, activations, weights);
}

INLINE sixteen_bytes look_up(sixteen_bytes table, sixteen_bytes numbers) {
  return (sixteen_bytes)_mm_shuffle_epi8((__m128i)table, (__m128i)numbers);
}

#include "../products/integer_vector.h"
#include "../products/table.h"

_Static_assert((int)INTEGER_PANEL_BYTES >= (int)QUERN_MOST_ARRANGED, "room in scratch");

void quern_fill_products_avx2(quern_kernel_table *table) {
  fill_batch_products(&table->products);
#define INTEGER(name, id, sub, has_minimum) table->products.vector[id] = vector_##name;
  INTEGER_TYPES(INTEGER)
#undef INTEGER
  quern_fill_block_vectors_avx2(&table->products);
  quern_fill_super_block_vectors_avx2(&table->products);
  quern_fill_grid_vectors_avx2(&table->products);
  quern_fill_iq1_vectors_avx2(&table->products);
  fill_float_vectors(&table->products);
  fill_row_operations(&table->products);
}

#pragma clang attribute pop
#endif
