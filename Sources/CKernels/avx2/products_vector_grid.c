// Products of the grid types IQ2 and IQ3 with one token, for AVX2: points stay unsigned; signs are moved to
// the activations.
#include "../levels.h"

#if defined(__x86_64__)
#include "../grids/grids.h"
#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "vector_sums.h"

// MARK: Points and signs

INLINE int point_4(const int8_t *points, unsigned number) {
  return (int)load_u32(points + 4 * number);
}

/// The seven signs at the bottom of every lane, and the eighth that makes the number of minus signs even.
INLINE __m256i with_eighth_sign(__m256i sevens) {
  __m256i parity = _mm256_xor_si256(sevens, _mm256_srli_epi16(sevens, 4));
  parity = _mm256_xor_si256(parity, _mm256_srli_epi16(parity, 2));
  parity = _mm256_xor_si256(parity, _mm256_srli_epi16(parity, 1));
  return _mm256_or_si256(
      sevens, _mm256_slli_epi16(_mm256_and_si256(parity, _mm256_set1_epi8(1)), 7));
}
/// Four signs of eight elements from each word.
INLINE __m256i even_signs(__m256i stored) {
  __m256i sevens = _mm256_and_si256(stored, _mm256_set1_epi32(0x7f));
  for (int k = 1; k < 4; k++)
    sevens = _mm256_or_si256(sevens, _mm256_and_si256(_mm256_slli_epi32(stored, k),
                                                      _mm256_set1_epi32(0x7f << 8 * k)));
  return with_eighth_sign(sevens);
}

/// The dots of sub-block `sub` of 32, where bits of `minus` turn the signs of products.
INLINE __m256i turned_dot(__m256i weights, uint32_t minus, packed_token x, size_t at, int sub) {
  const __m256i bytes = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2,
                                         2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i one = _mm256_set1_epi64x((long long)0x8040201008040201);
  const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int)minus), bytes);
  const __m256i mask = _mm256_cmpeq_epi8(_mm256_and_si256(spread, one), one);
  const __m256i turned =
      _mm256_sign_epi8(load_32(x.bytes + at * 256 + sub * 32),
                       _mm256_or_si256(mask, _mm256_set1_epi8(1)));
  return _mm256_maddubs_epi16(weights, turned);
}

/// Adds eight sub-blocks of 32.
INLINE void add_eight(const __m256i dots[8], __m256 scales, packed_token x, size_t at, __m256 *sum) {
  const __m256 factors = _mm256_mul_ps(scales, _mm256_loadu_ps(x.scales + at * 8));
  *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fold_6_bits(dots)), factors, *sum);
}

/// 2 * scale + 1 of eight scales, times `unit`.
INLINE __m256 odd_scales(__m256i scales, float unit) {
  const __m256i odd = _mm256_or_si256(_mm256_slli_epi32(scales, 1), _mm256_set1_epi32(1));
  return _mm256_mul_ps(_mm256_cvtepi32_ps(odd), _mm256_set1_ps(unit));
}

// MARK: IQ2

INLINE void add_block_iq2_XXS(const quern_block_iq2_XXS *block, packed_token x, size_t at,
                              __m256 *sum, __m256 *rest) {
  (void)rest;
  const uint8_t *qs = (const uint8_t *)block + 2;
  // The second word of every pair, four pairs a register.
  const __m256 turns = _mm256_shuffle_ps(_mm256_loadu_ps((const float *)(const void *)qs),
                                         _mm256_loadu_ps((const float *)(const void *)(qs + 32)), 0xdd);
  const __m256i words =
      _mm256_permute4x64_epi64(_mm256_castps_si256(turns), _MM_SHUFFLE(3, 1, 2, 0));
  uint32_t minus[8];
  _mm256_storeu_si256((__m256i *)minus, even_signs(words));
  __m256i dots[8];
  for (int s = 0; s < 8; s++, qs += 8)
    dots[s] = turned_dot(four_points(x.points, qs[0], qs[1], qs[2], qs[3]), minus[s], x, at, s);
  add_eight(dots, odd_scales(_mm256_srli_epi32(words, 28), half_bits(block->d) * 0.125f), x, at, sum);
}

/// Adds sixteen sub-blocks of 16 with the scales of IQ2_XS and IQ2_S, four bits each.
INLINE void add_iq2(const __m256i dots[8], const uint8_t packed[8], uint16_t d, packed_token x,
                    size_t at, __m256 *sum, __m256 *rest) {
  __m256i fours[4];
  for (int i = 0; i < 4; i++)
    fours[i] = add_word_pairs(BY_FOURS(_mm256_add_epi16, dots[2 * i], dots[2 * i + 1]));
  const __m128i bytes = _mm_cvtsi64_si128((long long)load_u64(packed));
  const __m128i nibbles = _mm_and_si128(_mm_unpacklo_epi8(bytes, _mm_srli_epi16(bytes, 4)),
                                        _mm_set1_epi8(15));
  const __m128i odd = _mm_or_si128(_mm_add_epi8(nibbles, nibbles), _mm_set1_epi8(1));
  __m256 scales[2];
  scales_of_sixteen(odd, _mm256_set1_ps(half_bits(d) * 0.125f), scales);
  add_sixteen(fours, scales, scales, x, at, sum, rest);
}

INLINE void add_block_iq2_XS(const quern_block_iq2_XS *block, packed_token x, size_t at, __m256 *sum,
                             __m256 *rest) {
  const uint8_t *qs = (const uint8_t *)block + 2;
  const __m256i packed = _mm256_packus_epi16(_mm256_srli_epi16(load_32(qs), 9),
                                             _mm256_srli_epi16(load_32(qs + 32), 9));
  const __m256i sevens = _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
  uint32_t minus[8];
  _mm256_storeu_si256((__m256i *)minus, with_eighth_sign(sevens));
  __m256i dots[8];
  for (int s = 0; s < 8; s++) {
    const uint64_t n = load_u64(qs + 8 * s);
    dots[s] = turned_dot(
        four_points(x.points, n & 511, n >> 16 & 511, n >> 32 & 511, n >> 48 & 511), minus[s], x, at, s);
  }
  add_iq2(dots, block->scales, block->d, x, at, sum, rest);
}

INLINE void add_block_iq2_S(const quern_block_iq2_S *block, packed_token x, size_t at, __m256 *sum,
                            __m256 *rest) {
  __m256i dots[8];
  for (int s = 0; s < 8; s++) {
    const uint8_t *qs = block->qs + 4 * s;
    const unsigned high = block->qh[s];
    const __m256i weights =
        four_points(x.points, qs[0] | (high << 8 & 0x300), qs[1] | (high << 6 & 0x300),
                    qs[2] | (high << 4 & 0x300), qs[3] | (high << 2 & 0x300));
    dots[s] = turned_dot(weights, load_u32(block->qs + 32 + 4 * s), x, at, s);
  }
  add_iq2(dots, block->scales, block->d, x, at, sum, rest);
}

// MARK: IQ3

/// `high` has the ninth bit of each number, if numbers have one.
INLINE __m256i eight_points(const int8_t *points, const uint8_t *qs, unsigned high) {
#define POINT(i) point_4(points, qs[i] | (high << (8 - i) & 0x100))
  return _mm256_setr_epi32(POINT(0), POINT(1), POINT(2), POINT(3), POINT(4), POINT(5), POINT(6),
                           POINT(7));
#undef POINT
}

INLINE void add_block_iq3_XXS(const quern_block_iq3_XXS *block, packed_token x, size_t at,
                              __m256 *sum, __m256 *rest) {
  (void)rest;
  const __m256i words = load_32(block->qs + 64);
  uint32_t minus[8];
  _mm256_storeu_si256((__m256i *)minus, even_signs(words));
  __m256i dots[8];
  for (int s = 0; s < 8; s++)
    dots[s] = turned_dot(eight_points(x.points, block->qs + 8 * s, 0), minus[s], x, at, s);
  add_eight(dots, odd_scales(_mm256_srli_epi32(words, 28), half_bits(block->d) * 0.25f), x, at, sum);
}

INLINE void add_block_iq3_S(const quern_block_iq3_S *block, packed_token x, size_t at, __m256 *sum,
                            __m256 *rest) {
  (void)rest;
  __m256i dots[8];
  for (int s = 0; s < 8; s++)
    dots[s] = turned_dot(eight_points(x.points, block->qs + 8 * s, block->qh[s]),
                         load_u32(block->signs + 4 * s), x, at, s);
  const __m256i nibbles = _mm256_and_si256(
      _mm256_srlv_epi32(_mm256_set1_epi32((int)load_u32(block->scales)),
                        _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28)),
      _mm256_set1_epi32(15));
  add_eight(dots, odd_scales(nibbles, half_bits(block->d)), x, at, sum);
}

#define POINTS(grid) x.points = quern_grid_for_decoding(QUERN_GRID_##grid)
SUPER_BLOCKS(iq2_XXS, POINTS(IQ2_XXS), 0)
SUPER_BLOCKS(iq2_XS, POINTS(IQ2_XS), 0)
SUPER_BLOCKS(iq2_S, POINTS(IQ2_S), 0)
SUPER_BLOCKS(iq3_XXS, POINTS(IQ3_XXS), 0)
SUPER_BLOCKS(iq3_S, POINTS(IQ3_S), 0)

#pragma clang attribute pop

void quern_fill_grid_vectors_avx2(quern_product_table *products) {
  products->vector[16] = vector_iq2_XXS;
  products->vector[17] = vector_iq2_XS;
  products->vector[18] = vector_iq3_XXS;
  products->vector[21] = vector_iq3_S;
  products->vector[22] = vector_iq2_S;
}
#endif
