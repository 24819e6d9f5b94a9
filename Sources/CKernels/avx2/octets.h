// Octets of AVX2, for AVX-512 too; lanes/octets.h says what each function means. Include after
// LANES_INLINE is defined. Private.
#ifndef QUERN_AVX2_OCTETS_H
#define QUERN_AVX2_OCTETS_H

#include <immintrin.h>

typedef __m256 octet;
typedef __m256 octet_mask;
typedef __m256i octet_int;

LANES_INLINE octet octet_load(const float *p) { return _mm256_loadu_ps(p); }
LANES_INLINE void octet_store(float *p, octet a) { _mm256_storeu_ps(p, a); }
LANES_INLINE octet octet_all(float a) { return _mm256_set1_ps(a); }
LANES_INLINE octet octet_add(octet a, octet b) { return _mm256_add_ps(a, b); }
LANES_INLINE octet octet_sub(octet a, octet b) { return _mm256_sub_ps(a, b); }
LANES_INLINE octet octet_mul(octet a, octet b) { return _mm256_mul_ps(a, b); }
LANES_INLINE octet octet_div(octet a, octet b) { return _mm256_div_ps(a, b); }
LANES_INLINE octet octet_min(octet a, octet b) { return _mm256_min_ps(a, b); }
LANES_INLINE octet octet_abs(octet a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.f), a); }
LANES_INLINE octet_mask octet_less(octet a, octet b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
LANES_INLINE unsigned octet_bits(octet_mask m) { return (unsigned)_mm256_movemask_ps(m); }
LANES_INLINE octet octet_select(octet_mask m, octet a, octet b) {
  return _mm256_blendv_ps(b, a, m);
}
LANES_INLINE octet octet_least(octet a) {
  const octet halves = _mm256_min_ps(a, _mm256_permute2f128_ps(a, a, 1));
  const octet quarters = _mm256_min_ps(halves, _mm256_permute_ps(halves, 0x4e));
  return _mm256_min_ps(quarters, _mm256_permute_ps(quarters, 0xb1));
}
LANES_INLINE octet_mask octet_equal(octet a, octet b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
LANES_INLINE float octet_first(octet a) { return _mm256_cvtss_f32(a); }
LANES_INLINE octet octet_lane_numbers(void) { return _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7); }

LANES_INLINE octet_int octet_load_codes(const uint16_t *p) {
  return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
}
LANES_INLINE octet_int octet_load_int(const uint32_t *p) {
  return _mm256_loadu_si256((const __m256i *)p);
}
LANES_INLINE void octet_store_int(uint32_t *p, octet_int a) {
  _mm256_storeu_si256((__m256i *)p, a);
}
LANES_INLINE octet_int octet_right(octet_int a, int bits) { return _mm256_srli_epi32(a, bits); }
LANES_INLINE octet octet_pick8(octet table, octet_int index) {
  return _mm256_permutevar8x32_ps(table, index);
}
LANES_INLINE octet octet_pick4(octet table, octet_int index) {
  return _mm256_permutevar_ps(table, index);
}

LANES_INLINE octet octet_from_bytes(uint64_t bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128((long long)bytes)));
}
LANES_INLINE octet octet_look_up(const int8_t table[16], uint64_t codes) {
  const __m128i levels = _mm_loadu_si128((const __m128i *)table);
  const __m128i bytes = _mm_shuffle_epi8(levels, _mm_cvtsi64_si128((long long)codes));
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}
LANES_INLINE octet_int octet_spread(unsigned word, int bits) {
  const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_srlv_epi32(_mm256_set1_epi32((int)word),
                           _mm256_mullo_epi32(numbers, _mm256_set1_epi32(bits)));
}
LANES_INLINE octet octet_flip(octet a, unsigned signs) {
  const __m256i tops = _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24);
  const __m256i bits = _mm256_sllv_epi32(_mm256_set1_epi32((int)signs), tops);
  return _mm256_xor_ps(a, _mm256_and_ps(_mm256_castsi256_ps(bits), _mm256_set1_ps(-0.f)));
}

#endif
