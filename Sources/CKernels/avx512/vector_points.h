// Points of the grid types, 32 at a time, for AVX-512: their codes are looked up in registers (a gather
// would take a load for each), and a code's digits are spread over bytes. Needs vector_terms.h.
#ifndef QUERN_AVX512_VECTOR_POINTS_H
#define QUERN_AVX512_VECTOR_POINTS_H

#include "vector_terms.h"

INLINE __m512i codes_of_64(const uint16_t *codes, __m512i n) {
  return _mm512_permutex2var_epi16(_mm512_load_si512(codes), n, _mm512_load_si512(codes + 32));
}

// Twice as many codes: bit log2(half) of a number says which half it is in.
#define TWICE_AS_MANY_CODES(whole, half)                                                          \
  INLINE __m512i codes_of_##whole(const uint16_t *codes, __m512i n) {                             \
    const __mmask32 upper = _mm512_test_epi16_mask(n, _mm512_set1_epi16(half));                   \
    return _mm512_mask_blend_epi16(upper, codes_of_##half(codes, n),                              \
                                   codes_of_##half(codes + half, n));                             \
  }
TWICE_AS_MANY_CODES(128, 64)
TWICE_AS_MANY_CODES(256, 128)
TWICE_AS_MANY_CODES(512, 256)
TWICE_AS_MANY_CODES(1024, 512)

// A code holds even elements in its low byte and odd ones in its high byte, so that one shift brings two
// neighbours to the bottom of their bytes. Columns are those of vector_columns.h: elements 4k ... of every
// sub-block of 16.

/// The digits (two bits each) of 32 codes, of which each sub-block has two.
INLINE __m512i column_of_eights(__m512i codes, int k) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i two = _mm512_add_epi32(lanes, lanes);
  const __m512i both = _mm512_or_si512(two, _mm512_slli_epi32(two, 16));
  const __m512i mine = _mm512_permutexvar_epi16(
      _mm512_add_epi16(both, _mm512_set1_epi16((short)(k / 2))), codes);
  const __m512i words = _mm512_srlv_epi16(
      mine, _mm512_set1_epi32(k % 2 ? 0x00060004 : 0x00020000));
  return _mm512_and_si512(words, _mm512_set1_epi8(3));
}
/// The digits (three bits each) of 64 codes, of which each sub-block has four; bits above mean nothing, but
/// the eighth is clear.
INLINE __m512i column_of_fours(const __m512i codes[2], int k) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i four = _mm512_slli_epi32(lanes, 2);
  const __m512i both = _mm512_or_si512(four, _mm512_slli_epi32(four, 16));
  const __m512i mine = _mm512_permutex2var_epi16(
      codes[0], _mm512_add_epi16(both, _mm512_set1_epi16((short)k)), codes[1]);
  return _mm512_srlv_epi16(mine, _mm512_set1_epi32(0x00040000));
}

#endif
