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

/// Numbers of words that spread eight codes from `first` on over four words each.
INLINE __m512i fours_of_words(int first) {
  const __m512i spread = _mm512_cvtepu8_epi16(
      _mm256_setr_epi8(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6,
                       6, 6, 7, 7, 7, 7));
  return _mm512_add_epi16(spread, _mm512_set1_epi16((short)first));
}
INLINE __m512i twos_of_words(int first) {
  const __m512i spread = _mm512_cvtepu8_epi16(
      _mm256_setr_epi8(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11,
                       12, 12, 13, 13, 14, 14, 15, 15));
  return _mm512_add_epi16(spread, _mm512_set1_epi16((short)first));
}

// A code holds even elements in its low byte and odd ones in its high byte, so that one shift brings two
// neighbours to the bottom of their bytes.

/// The digits (two bits each) of eight of 32 codes.
INLINE __m512i digits_of_eight(__m512i codes, int first) {
  const __m512i words = _mm512_srlv_epi16(_mm512_permutexvar_epi16(fours_of_words(first), codes),
                                          _mm512_set1_epi64(0x0006000400020000));
  return _mm512_and_si512(words, _mm512_set1_epi8(3));
}
/// The digits (three bits each) of sixteen of 32 codes; bits above mean nothing, but the eighth is clear.
INLINE __m512i digits_of_sixteen(__m512i codes, int first) {
  return _mm512_srlv_epi16(_mm512_permutexvar_epi16(twos_of_words(first), codes),
                           _mm512_set1_epi32(0x00040000));
}

#endif
