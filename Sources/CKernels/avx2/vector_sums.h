// Sums of the sub-blocks of a super-block, and points of grids, for AVX2. Needs vector_terms.h.
#ifndef QUERN_AVX2_VECTOR_SUMS_H
#define QUERN_AVX2_VECTOR_SUMS_H

#include "vector_terms.h"

// MARK: Sums of sub-blocks of 32; a register holds the sixteen (or eight) dots of each

/// The sums of eight, weights of up to four bits: everything fits 16 bits.
INLINE __m256i fold_4_bits(const __m256i dots[8]) {
  __m256i fours[4], twos[2];
  for (int i = 0; i < 4; i++) fours[i] = BY_FOURS(_mm256_add_epi16, dots[2 * i], dots[2 * i + 1]);
  for (int i = 0; i < 2; i++) twos[i] = BY_TWOS(_mm256_add_epi16, fours[2 * i], fours[2 * i + 1]);
  return add_word_pairs(BY_HALVES(_mm256_add_epi16, twos[0], twos[1]));
}
/// Weights of up to five bits: halves of sub-blocks fit.
INLINE __m256i fold_5_bits(const __m256i dots[8]) {
  __m256i fours[4], twos[2];
  for (int i = 0; i < 4; i++) fours[i] = BY_FOURS(_mm256_add_epi16, dots[2 * i], dots[2 * i + 1]);
  for (int i = 0; i < 2; i++)
    twos[i] = add_word_pairs(BY_TWOS(_mm256_add_epi16, fours[2 * i], fours[2 * i + 1]));
  return BY_HALVES(_mm256_add_epi32, twos[0], twos[1]);
}
/// Weights of up to six bits: quarters fit.
INLINE __m256i fold_6_bits(const __m256i dots[8]) {
  __m256i fours[4], twos[2];
  for (int i = 0; i < 4; i++)
    fours[i] = add_word_pairs(BY_FOURS(_mm256_add_epi16, dots[2 * i], dots[2 * i + 1]));
  for (int i = 0; i < 2; i++) twos[i] = BY_TWOS(_mm256_add_epi32, fours[2 * i], fours[2 * i + 1]);
  return BY_HALVES(_mm256_add_epi32, twos[0], twos[1]);
}

INLINE __m256i dot_with(__m256i weights, packed_token x, size_t at, int sub) {
  return _mm256_maddubs_epi16(weights, load_32(x.bytes + at * 256 + sub * 32));
}
INLINE __m256 low_bytes_as_floats(__m128i bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}

// MARK: Sub-blocks of 16: even ones in the lower halves of registers, odd ones in the upper

/// Adds sixteen sub-blocks: their scales times their sums, and to `rest` what `minima` take off.
///
/// `scales` and `minima` are floats of sub-blocks 0, 2, 4, 6, 1, 3, 5, 7, and then the same of the others.
INLINE void add_sixteen(const __m256i fours[4], const __m256 scales[2], const __m256 minima[2],
                        packed_token x, size_t at, __m256 *sum, __m256 *rest) {
  const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
  for (int half = 0; half < 2; half++) {
    const __m256i ints = BY_TWOS(_mm256_add_epi32, fours[2 * half], fours[2 * half + 1]);
    const __m256 steps = _mm256_broadcast_ps((const __m128 *)(x.scales + at * 8 + half * 4));
    const __m256 sums =
        _mm256_permutevar8x32_ps(_mm256_loadu_ps(x.halves + at * 16 + half * 8), order);
    *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(ints), _mm256_mul_ps(scales[half], steps), *sum);
    *rest = _mm256_fmadd_ps(minima[half], sums, *rest);
  }
}

/// Sixteen bytes in the order that `add_sixteen` wants, as floats times `unit`.
INLINE void scales_of_sixteen(__m128i bytes, __m256 unit, __m256 scales[2]) {
  const __m128i ordered = _mm_shuffle_epi8(
      bytes, _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15));
  scales[0] = _mm256_mul_ps(low_bytes_as_floats(ordered), unit);
  scales[1] = _mm256_mul_ps(low_bytes_as_floats(_mm_unpackhi_epi64(ordered, ordered)), unit);
}

// MARK: Points of grids

INLINE long long point_8(const int8_t *points, unsigned number) {
  return (long long)load_u64(points + 8 * number);
}
/// Four points of eight elements.
INLINE __m256i four_points(const int8_t *points, unsigned a, unsigned b, unsigned c, unsigned d) {
  return _mm256_setr_epi64x(point_8(points, a), point_8(points, b), point_8(points, c),
                            point_8(points, d));
}

INLINE float half_bits(uint16_t bits) { return _cvtsh_ss(bits); }

#endif
