// Digits of grid vectors on sixteen lanes of AVX2; lanes/lanes.h says what each function means.
// Include at the end of lanes.h. Private.
#ifndef QUERN_AVX2_DIGITS_H
#define QUERN_AVX2_DIGITS_H

enum { LANES_DIGIT_ZERO = 0x4bc00000 };  // the bits of 1.5 * 2^24

LANES_INLINE lanes_int lanes_load_int(const uint32_t *p) {
  return (lanes_int){octet_load_int(p), octet_load_int(p + 8)};
}
LANES_INLINE void lanes_store_int(uint32_t *p, lanes_int x) {
  octet_store_int(p, x.a);
  octet_store_int(p + 8, x.b);
}
LANES_INLINE lanes_int lanes_load_bytes(const uint8_t *p) {
  const __m128i bytes = _mm_loadu_si128((const __m128i *)p);
  return (lanes_int){_mm256_cvtepu8_epi32(bytes), _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8))};
}
LANES_INLINE __m256 avx2_same_as_last(__m256i before, __m256i x) {
  const __m256i last = _mm256_alignr_epi8(x, _mm256_permute2x128_si256(before, x, 0x21), 12);
  return _mm256_castsi256_ps(_mm256_cmpeq_epi32(x, last));
}
LANES_INLINE unsigned lanes_changes(lanes_int before, lanes_int x) {
  return lanes_bits((lanes_mask){avx2_same_as_last(before.b, x.a), avx2_same_as_last(x.a, x.b)}) ^
         0xffff;
}
LANES_INLINE __m256i avx2_replaced(__m256i x, unsigned bits, int value) {
  const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i mask = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)bits), lane), lane);
  return _mm256_blendv_epi8(x, _mm256_set1_epi32(value), mask);
}
LANES_INLINE lanes_int lanes_replaced(lanes_int x, unsigned bits, int value) {
  return (lanes_int){avx2_replaced(x.a, bits, value), avx2_replaced(x.b, bits >> 8, value)};
}
LANES_INLINE lanes_int lanes_raised(lanes_int x, lanes_mask m, int value) {
  const __m256i y = _mm256_set1_epi32(value);
  return (lanes_int){_mm256_add_epi32(x.a, _mm256_and_si256(_mm256_castps_si256(m.a), y)),
                     _mm256_add_epi32(x.b, _mm256_and_si256(_mm256_castps_si256(m.b), y))};
}
LANES_INLINE lanes_int lanes_shifted_in(lanes_int x, int bits, lanes_int y) {
  return (lanes_int){_mm256_add_epi32(_mm256_slli_epi32(x.a, bits), y.a),
                     _mm256_add_epi32(_mm256_slli_epi32(x.b, bits), y.b)};
}
LANES_INLINE __m256i avx2_half_digits(__m256 x, int high) {
  const __m256i bits = _mm256_castps_si256(_mm256_add_ps(x, _mm256_set1_ps(25165824.f)));
  return _mm256_max_epi32(_mm256_min_epi32(bits, _mm256_set1_epi32(LANES_DIGIT_ZERO + high)),
                          _mm256_set1_epi32(LANES_DIGIT_ZERO));
}
LANES_INLINE lanes_int lanes_half_digits(lanes x, int high) {
  return (lanes_int){avx2_half_digits(x.a, high), avx2_half_digits(x.b, high)};
}
LANES_INLINE lanes lanes_quad(const float *table, lanes_int index) {
  const __m256 four = _mm256_broadcast_ps((const __m128 *)table);
  return (lanes){_mm256_permutevar_ps(four, index.a), _mm256_permutevar_ps(four, index.b)};
}
LANES_INLINE lanes lanes_masked(lanes x, unsigned bits) {
  const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i a = _mm256_and_si256(_mm256_set1_epi32((int)bits), lane);
  const __m256i b = _mm256_and_si256(_mm256_set1_epi32((int)(bits >> 8)), lane);
  return (lanes){_mm256_and_ps(x.a, _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, lane))),
                 _mm256_and_ps(x.b, _mm256_castsi256_ps(_mm256_cmpeq_epi32(b, lane)))};
}
LANES_INLINE lanes lanes_line(lanes scale, lanes slope, lanes offset) {
  return (lanes){_mm256_fmsub_ps(scale.a, slope.a, offset.a),
                 _mm256_fmsub_ps(scale.b, slope.b, offset.b)};
}
LANES_INLINE float lanes_total(lanes x) {
  const __m256 eight = _mm256_add_ps(x.a, x.b);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#include "../lanes/digit_tables.h"

#endif
