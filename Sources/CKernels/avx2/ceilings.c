#include "../levels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define LANES 8
#define CEILING_COLUMNS 3
#define HARDWARE_HALF 1
#include "../products/lanes.h"

/// Without the two instructions that move the weights' signs, which a product may do once for several
/// tokens.
INLINE ints dot4(ints sums, ints left, ints right) {
  const __m256i pairs = _mm256_maddubs_epi16((__m256i)left, (__m256i)right);
  return sums + (ints)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

#include "../ceilings/loops.h"

void quern_fill_ceilings_avx2(quern_kernel_table *table) { fill_ceilings(&table->ceilings); }

#pragma clang attribute pop
#endif
