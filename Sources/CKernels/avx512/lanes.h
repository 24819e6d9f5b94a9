// Sixteen lanes of AVX-512; lanes/lanes.h says what each function means. Private.
#ifndef QUERN_AVX512_LANES_H
#define QUERN_AVX512_LANES_H

#include <immintrin.h>

#include "../scalar/floats.h"

enum { LANES_GROUPS = 4, LANES_DESCENTS = 4, LANES_TRIALS = 5, LANES_SPLITS = 2 };

#define QUERN_LEVEL avx512
#define QUERN_TARGET \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")))
#define LANES_INLINE static inline __attribute__((always_inline, unused)) QUERN_TARGET

#include "../avx2/octets.h"

typedef __m512 lanes;
typedef __m512i lanes_int;
typedef __mmask16 lanes_mask;

LANES_INLINE lanes lanes_load(const float *p) { return _mm512_loadu_ps(p); }
LANES_INLINE void lanes_store(float *p, lanes a) { _mm512_storeu_ps(p, a); }
LANES_INLINE lanes lanes_all(float a) { return _mm512_set1_ps(a); }
LANES_INLINE lanes lanes_add(lanes a, lanes b) { return _mm512_add_ps(a, b); }
LANES_INLINE lanes lanes_sub(lanes a, lanes b) { return _mm512_sub_ps(a, b); }
LANES_INLINE lanes lanes_mul(lanes a, lanes b) { return _mm512_mul_ps(a, b); }
LANES_INLINE lanes lanes_div(lanes a, lanes b) { return _mm512_div_ps(a, b); }
LANES_INLINE lanes lanes_sqrt(lanes a) { return _mm512_sqrt_ps(a); }
LANES_INLINE lanes lanes_abs(lanes a) { return _mm512_abs_ps(a); }
LANES_INLINE lanes lanes_min(lanes a, lanes b) { return _mm512_min_ps(a, b); }
LANES_INLINE lanes lanes_max(lanes a, lanes b) { return _mm512_max_ps(a, b); }
// Comparing bits is comparing floats of one sign, and processors compare integers on more ports.
LANES_INLINE lanes lanes_at_most_positive(lanes a, float high) {
  return _mm512_castsi512_ps(
      _mm512_min_epi32(_mm512_castps_si512(a), _mm512_set1_epi32((int)quern_bits(high))));
}
LANES_INLINE lanes lanes_at_least_negative(lanes a, float low) {
  return _mm512_castsi512_ps(
      _mm512_min_epu32(_mm512_castps_si512(a), _mm512_set1_epi32((int)quern_bits(low))));
}
LANES_INLINE lanes lanes_at_least_zero(lanes a) {
  return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), _mm512_setzero_si512()));
}
LANES_INLINE lanes lanes_nearest(lanes a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

LANES_INLINE lanes_mask lanes_less(lanes a, lanes b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
LANES_INLINE lanes_mask lanes_at_most(lanes a, lanes b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
LANES_INLINE lanes_mask lanes_equal(lanes a, lanes b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}
LANES_INLINE lanes_mask lanes_and(lanes_mask a, lanes_mask b) { return a & b; }
LANES_INLINE lanes_mask lanes_and_not(lanes_mask a, lanes_mask b) {
  return (lanes_mask)(a & ~(unsigned)b);
}
LANES_INLINE unsigned lanes_bits(lanes_mask a) { return a; }
LANES_INLINE lanes lanes_select(lanes_mask mask, lanes a, lanes b) {
  return _mm512_mask_blend_ps(mask, b, a);
}
LANES_INLINE lanes lanes_where(lanes_mask mask, lanes a) { return _mm512_maskz_mov_ps(mask, a); }
LANES_INLINE lanes lanes_numbers(void) {
  return _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

LANES_INLINE lanes_int lanes_nearest_wrapped(lanes a) {
  const __m512i bits = _mm512_castps_si512(_mm512_add_ps(a, _mm512_set1_ps(12582912.f)));
  return _mm512_sub_epi32(_mm512_and_si512(bits, _mm512_set1_epi32(0x7fffff)),
                          _mm512_set1_epi32(0x400000));
}
LANES_INLINE lanes_int lanes_truncated(lanes a) { return _mm512_cvttps_epi32(a); }
LANES_INLINE lanes_int lanes_clamped(lanes_int a, int low, int high) {
  return _mm512_max_epi32(_mm512_min_epi32(a, _mm512_set1_epi32(high)), _mm512_set1_epi32(low));
}
LANES_INLINE lanes_int lanes_at_most_int(lanes_int a, int high) {
  return _mm512_min_epi32(a, _mm512_set1_epi32(high));
}
LANES_INLINE lanes_int lanes_add_int(lanes_int a, int b) {
  return _mm512_add_epi32(a, _mm512_set1_epi32(b));
}
LANES_INLINE lanes_int lanes_low_byte(lanes_int a) {
  return _mm512_and_si512(a, _mm512_set1_epi32(255));
}
LANES_INLINE lanes_int lanes_all_int(int a) { return _mm512_set1_epi32(a); }
LANES_INLINE lanes lanes_from_int(lanes_int a) { return _mm512_cvtepi32_ps(a); }
LANES_INLINE lanes lanes_pick8(const float *table, lanes_int index) {
  const __m256 eight = _mm256_loadu_ps(table);
  return _mm512_permutexvar_ps(index, _mm512_broadcast_f32x8(eight));
}
#define LANES_PICK32
LANES_INLINE lanes lanes_pick32(const float *table, lanes_int index) {
  return _mm512_permutex2var_ps(_mm512_loadu_ps(table), index, _mm512_loadu_ps(table + 16));
}
LANES_INLINE lanes_int lanes_nearest_bits(lanes a) {
  return _mm512_castps_si512(_mm512_add_ps(a, _mm512_set1_ps(12582912.f)));
}
LANES_INLINE lanes_int lanes_after(lanes_int a, lanes_mask m) {
  return _mm512_mask_sub_epi32(a, m, a, _mm512_set1_epi32(-1));
}
LANES_INLINE lanes_int lanes_load_codes(const uint16_t *p) {
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
}
LANES_INLINE lanes_int lanes_right(lanes_int a, int bits) {
  return _mm512_srli_epi32(a, (unsigned)bits);
}
LANES_INLINE lanes lanes_pick4(octet table, lanes_int index) {
  return _mm512_permutevar_ps(_mm512_broadcast_f32x8(table), index);
}
LANES_INLINE lanes_int lanes_branch(lanes_int index, lanes_mask left) {
  const lanes_int twice = _mm512_add_epi32(index, index);
  return _mm512_mask_add_epi32(twice, (__mmask16)~left, twice, _mm512_set1_epi32(1));
}
LANES_INLINE void lanes_store_bytes(void *p, lanes_int a) {
  _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(a));
}

LANES_INLINE float lanes_largest(lanes a) { return _mm512_reduce_max_ps(a); }
LANES_INLINE float lanes_least(lanes a) { return _mm512_reduce_min_ps(a); }

LANES_INLINE void lanes_transpose(const float *rows, size_t stride, float *columns) {
  __m512 r[16], t[16];
  for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_ps(rows + (size_t)i * stride);
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; j++) {
      const __m512d low = _mm512_castps_pd(t[i + j]), high = _mm512_castps_pd(t[i + j + 2]);
      r[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      r[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  // r[4g + c] holds columns c, c + 4, c + 8, c + 12 of rows 4g ... 4g + 3, one in each quarter.
  for (int c = 0; c < 4; c++) {
    const __m512 a = _mm512_shuffle_f32x4(r[c], r[c + 4], 0x88);
    const __m512 b = _mm512_shuffle_f32x4(r[c], r[c + 4], 0xdd);
    const __m512 d = _mm512_shuffle_f32x4(r[c + 8], r[c + 12], 0x88);
    const __m512 e = _mm512_shuffle_f32x4(r[c + 8], r[c + 12], 0xdd);
    _mm512_storeu_ps(columns + 16 * c, _mm512_shuffle_f32x4(a, d, 0x88));
    _mm512_storeu_ps(columns + 16 * (c + 4), _mm512_shuffle_f32x4(b, e, 0x88));
    _mm512_storeu_ps(columns + 16 * (c + 8), _mm512_shuffle_f32x4(a, d, 0xdd));
    _mm512_storeu_ps(columns + 16 * (c + 12), _mm512_shuffle_f32x4(b, e, 0xdd));
  }
}

#include "digits.h"

#endif
