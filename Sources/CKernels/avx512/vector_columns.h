// Sixteen sub-blocks of 16 in the sixteen lanes, for AVX-512: a register holds four elements of each, so that
// four dot products add up all of a super-block. Needs vector_terms.h.
#ifndef QUERN_AVX512_VECTOR_COLUMNS_H
#define QUERN_AVX512_VECTOR_COLUMNS_H

#include "vector_terms.h"

/// Four times the number of every lane, and `k`: where elements 4k ... of sub-blocks lie in words.
INLINE __m512i words_of_lanes(int k) {
  return _mm512_add_epi32(_mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60),
                          _mm512_set1_epi32(k));
}

/// Puts the bytes of a token's super-blocks into columns, once for all rows.
INLINE const uint8_t *bytes_in_columns(packed_token x, size_t columns, void *scratch) {
  uint8_t *out = scratch;
  for (size_t at = 0; at + 256 <= columns; at += 256)
    for (int k = 0; k < 4; k++, out += 64) {
      const uint8_t *in = x.bytes + at;
      const __m512i low = _mm512_permutex2var_epi32(_mm512_loadu_si512(in), words_of_lanes(k),
                                                    _mm512_loadu_si512(in + 64));
      const __m512i high = _mm512_permutex2var_epi32(
          _mm512_loadu_si512(in + 128), words_of_lanes(k), _mm512_loadu_si512(in + 192));
      _mm512_storeu_si512(out, _mm512_inserti64x4(low, _mm512_castsi512_si256(high), 1));
    }
  return scratch;
}

/// Elements 4k ... 4k + 3 of the sixteen sub-blocks of super-block `at`.
INLINE __m512i activation_column(packed_token x, size_t at, int k) {
  return _mm512_loadu_si512(x.arranged + at * 256 + k * 64);
}

/// A factor of eight for each half of its sub-block.
INLINE __m512 each_twice(__m512 factors) {
  return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7),
                               factors);
}

/// Bytes with digits of two bits, each where the element is that has it.
INLINE __m512i bytes_of_digits(const uint8_t qs[64], int k) {
  const __m512i words =
      _mm512_add_epi32(_mm512_setr_epi32(0, 4, 0, 4, 0, 4, 0, 4, 8, 12, 8, 12, 8, 12, 8, 12),
                       _mm512_set1_epi32(k));
  return _mm512_permutexvar_epi32(words, _mm512_loadu_si512(qs));
}
/// The digits, in their places: later ones come 4, 16 and 64 times as large (`digit_lanes`).
INLINE __m512i digit_column(const uint8_t qs[64], int k) {
  const __m512i places = _mm512_broadcast_i64x4(
      _mm256_setr_epi64x(DIGITS(0), DIGITS(1), DIGITS(2), DIGITS(3)));
  return _mm512_and_si512(bytes_of_digits(qs, k), places);
}
INLINE __m512 digit_lanes(void) {
  const float b = 1.0f / 4, c = 1.0f / 16, d = 1.0f / 64;
  return _mm512_broadcast_f32x8(_mm256_setr_ps(1, 1, b, b, c, c, d, d));
}

/// The dots of the sixteen sub-blocks of a super-block of such digits.
INLINE __m512 digit_dots(const uint8_t qs[64], packed_token x, size_t at) {
  __m512i dots = _mm512_setzero_si512();
  for (int k = 0; k < 4; k++)
    dots = _mm512_dpbusd_epi32(dots, digit_column(qs, k), activation_column(x, at, k));
  return _mm512_cvtepi32_ps(dots);
}

#endif
