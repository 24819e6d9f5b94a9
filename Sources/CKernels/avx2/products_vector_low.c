// Products of IQ4_XS and of the ternary type TQ2_0 with one token, for AVX2.
#include "../levels.h"

#if defined(__x86_64__)
#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "vector_pairs.h"

/// Eight scales of six bits, less 32: four bits in `scales_l`, two in `scales_h`.
INLINE __m256 scales_iq4_XS(const quern_block_iq4_XS *block) {
  const __m256i order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i low = _mm256_srlv_epi32(_mm256_set1_epi32((int)load_u32(block->scales_l)),
                                        _mm256_slli_epi32(order, 2));
  const __m256i high = _mm256_srlv_epi32(_mm256_set1_epi32(block->scales_h << 4),
                                         _mm256_slli_epi32(order, 1));
  const __m256i six = _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi32(15)),
                                      _mm256_and_si256(high, _mm256_set1_epi32(0x30)));
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(six, _mm256_set1_epi32(32)));
}

INLINE void add_block_iq4_XS(const quern_block_iq4_XS *block, packed_token x, size_t at, __m256 *sum,
                             __m256 *rest) {
  (void)rest;
  __m256i dots[4];
  for (size_t p = 0; p < 4; p++)
    dots[p] = signed_dots(
        look_up_pair(nibble_pair(block->qs + p * 16, block->qs + p * 16 + 64), iq4_levels()),
        activation_pair(x, at * 8, p));
  const __m256 scale = _mm256_mul_ps(scales_iq4_XS(block), half_everywhere(block));
  const __m256 factors = _mm256_mul_ps(scale, _mm256_loadu_ps(x.scales + at * 8));
  *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fold_8_bits(dots)), factors, *sum);
}

SUPER_BLOCKS(iq4_XS, x.pairs = bytes_in_pairs(x, columns, scratch), 0)

#pragma clang attribute pop

void quern_fill_low_vectors_avx2(quern_product_table *products) {
  products->vector[23] = vector_iq4_XS;
}
#endif
