// Products of IQ1 with one token, for AVX2: points of -1, 0 and 1 moved by an eighth, which are whole in
// eighths; moved up by 9.
#include "../levels.h"

#if defined(__x86_64__)
#include "../grids/grids.h"
#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "vector_sums.h"

/// Points eight times each plus 8, and 0 or 2 more.
INLINE __m256i eighths(__m256i points, __m256i moves) {
  const __m256i digits = _mm256_add_epi8(points, _mm256_set1_epi8(1));  // 0, 1, 2
  return _mm256_add_epi8(_mm256_slli_epi16(digits, 3), moves);
}

/// 2 * scale + 1 of eight scales of three bits, times `unit`.
INLINE __m256 odd_scales(__m256i scales, float unit) {
  const __m256i three = _mm256_and_si256(scales, _mm256_set1_epi32(7));
  const __m256i odd = _mm256_or_si256(_mm256_add_epi32(three, three), _mm256_set1_epi32(1));
  return _mm256_mul_ps(_mm256_cvtepi32_ps(odd), _mm256_set1_ps(unit));
}

INLINE void add_block_iq1_S(const quern_block_iq1_S *block, packed_token x, size_t at, __m256 *sum,
                            __m256 *rest) {
  __m256i dots[8];
  for (int s = 0; s < 8; s++) {
    const uint8_t *qs = block->qs + 4 * s;
    const unsigned high = block->qh[s];
    const __m256i points =
        four_points(x.points, qs[0] | (high << 8 & 0x700), qs[1] | (high << 5 & 0x700),
                    qs[2] | (high << 2 & 0x700), qs[3] | (high >> 1 & 0x700));
    const __m256i moves = _mm256_set1_epi8((char)(2 - (high >> 14 & 2)));
    dots[s] = dot_with(eighths(points, moves), x, at, s);
  }
  const __m256i words = _mm256_cvtepu16_epi32(load_16((const uint8_t *)block + 34));
  const __m256 scale = odd_scales(_mm256_srli_epi32(words, 12), half_bits(block->d) * 0.125f);
  const __m256 factors = _mm256_mul_ps(scale, _mm256_loadu_ps(x.scales + at * 8));
  *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fold_5_bits(dots)), factors, *sum);
  *rest = _mm256_fmadd_ps(scale, _mm256_loadu_ps(x.sums + at * 8), *rest);
}

/// Moves of four points: 0 where the fourth bit of a nibble is set, and 2 elsewhere.
INLINE __m256i moves_iq1_M(uint16_t nibbles) {
  const __m256i bits =
      _mm256_srlv_epi64(_mm256_set1_epi64x(nibbles), _mm256_setr_epi64x(2, 6, 10, 14));
  const __m256i first = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8, 8, 8, 8, 8, 0, 0, 0, 0,
                                         0, 0, 0, 0, 8, 8, 8, 8, 8, 8, 8, 8);
  return _mm256_andnot_si256(_mm256_shuffle_epi8(bits, first), _mm256_set1_epi8(2));
}

INLINE void add_block_iq1_M(const quern_block_iq1_M *block, packed_token x, size_t at, __m256 *sum,
                            __m256 *rest) {
  __m256i dots[8];
  for (int s = 0; s < 8; s++) {
    const uint8_t *qs = block->qs + 4 * s;
    const unsigned high = load_u16(block->qh + 2 * s);
    const __m256i points =
        four_points(x.points, qs[0] | (high << 8 & 0x700), qs[1] | (high << 4 & 0x700),
                    qs[2] | (high & 0x700), qs[3] | (high >> 4 & 0x700));
    dots[s] = dot_with(eighths(points, moves_iq1_M((uint16_t)high)), x, at, s);
  }
  __m256i fours[4];
  for (int i = 0; i < 4; i++)
    fours[i] = add_word_pairs(BY_FOURS(_mm256_add_epi16, dots[2 * i], dots[2 * i + 1]));
  // The scale of all lies in the top nibbles of four words; below it, scales of three bits.
  const uint64_t words = load_u64(block->scales);
  const uint16_t d = (uint16_t)((words >> 12 & 15) | (words >> 24 & 0xf0) | (words >> 36 & 0xf00) |
                                (words >> 48 & 0xf000));
  const __m256i places = _mm256_setr_epi32(0, 6, 16, 22, 3, 9, 19, 25);
  __m256 scales[2];
  for (int half = 0; half < 2; half++)
    scales[half] = odd_scales(
        _mm256_srlv_epi32(_mm256_set1_epi32((int)(words >> 32 * half)), places),
        half_bits(d) * 0.125f);
  add_sixteen(fours, scales, scales, x, at, sum, rest);
}

#define IQ1_POINTS x.points = quern_grid_for_decoding(QUERN_GRID_IQ1)
SUPER_BLOCKS(iq1_S, IQ1_POINTS, -9)
SUPER_BLOCKS(iq1_M, IQ1_POINTS, -9)

#pragma clang attribute pop

void quern_fill_iq1_vectors_avx2(quern_product_table *products) {
  products->vector[19] = vector_iq1_S;
  products->vector[29] = vector_iq1_M;
}
#endif
