#include "../levels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512_TARGET "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
#pragma clang attribute push(__attribute__((target(AVX512_TARGET))), apply_to = function)

#define LANES 16
#define CEILING_COLUMNS 4
#define HARDWARE_HALF 1
#include "../products/lanes.h"

INLINE ints dot4(ints sums, ints left, ints right) {
  return (ints)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)left, (__m512i)right);
}

#include "../ceilings/loops.h"

void quern_fill_ceilings_avx512(quern_kernel_table *table) { fill_ceilings(&table->ceilings); }

#pragma clang attribute pop
#endif
