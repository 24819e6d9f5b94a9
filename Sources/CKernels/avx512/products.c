#include "../levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "products_vector.h"

#define AVX512_TARGET "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
#pragma clang attribute push(__attribute__((target(AVX512_TARGET))), apply_to = function)

#define LANES 16
#define HARDWARE_HALF 1
#define TILE_TOKENS 6
// vpdpbusd wants one unsigned operand: the activations, moved up by 128.
#define BYTE_BIAS 128
#define TILE_CASES(sub, has_minimum) \
  TILE_CASE(1, sub, has_minimum)     \
  TILE_CASE(2, sub, has_minimum)     \
  TILE_CASE(3, sub, has_minimum)     \
  TILE_CASE(4, sub, has_minimum)     \
  TILE_CASE(5, sub, has_minimum)     \
  TILE_CASE(6, sub, has_minimum)

#include "../products/lanes.h"

INLINE ints dot4(ints sums, ints activations, ints weights) {
  return (ints)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)activations, (__m512i)weights);
}

INLINE sixteen_bytes look_up(sixteen_bytes table, sixteen_bytes numbers) {
  return (sixteen_bytes)_mm_shuffle_epi8((__m128i)table, (__m128i)numbers);
}

#include "../products/table.h"

_Static_assert((int)INTEGER_PANEL_BYTES >= (int)QUERN_MOST_ARRANGED, "room in scratch");

void quern_fill_products_avx512(quern_kernel_table *table) {
  fill_batch_products(&table->products);
  fill_float_vectors(&table->products);
  quern_fill_integer_vectors_avx512(&table->products);
  fill_row_operations(&table->products);
}

#pragma clang attribute pop
#endif
