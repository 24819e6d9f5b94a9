// Sixteen lanes of AVX2 in two registers; lanes/lanes.h says what each function means. Private.
#ifndef QUERN_AVX2_LANES_H
#define QUERN_AVX2_LANES_H

#include <immintrin.h>

#include "../scalar/floats.h"

enum { LANES_GROUPS = 2, LANES_DESCENTS = 2, LANES_TRIALS = 2, LANES_SPLITS = 1 };

#define QUERN_LEVEL avx2
#define QUERN_TARGET __attribute__((target("avx2,fma,f16c")))
#define LANES_INLINE static inline __attribute__((always_inline, unused)) QUERN_TARGET

#include "octets.h"

typedef struct {
  __m256 a, b;
} lanes;
typedef struct {
  __m256i a, b;
} lanes_int;
typedef lanes lanes_mask;

#define LANES_UNARY(name, type, operation) \
  LANES_INLINE type name(type x) { return (type){operation(x.a), operation(x.b)}; }
#define LANES_BINARY(name, type, operation) \
  LANES_INLINE type name(type x, type y) { return (type){operation(x.a, y.a), operation(x.b, y.b)}; }
#define LANES_COMPARISON(name, predicate)                                                  \
  LANES_INLINE lanes_mask name(lanes x, lanes y) {                                         \
    return (lanes){_mm256_cmp_ps(x.a, y.a, predicate), _mm256_cmp_ps(x.b, y.b, predicate)}; \
  }

LANES_INLINE lanes lanes_load(const float *p) {
  return (lanes){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
LANES_INLINE void lanes_store(float *p, lanes x) {
  _mm256_storeu_ps(p, x.a);
  _mm256_storeu_ps(p + 8, x.b);
}
LANES_INLINE lanes lanes_all(float value) {
  return (lanes){_mm256_set1_ps(value), _mm256_set1_ps(value)};
}
LANES_BINARY(lanes_add, lanes, _mm256_add_ps)
LANES_BINARY(lanes_sub, lanes, _mm256_sub_ps)
LANES_BINARY(lanes_mul, lanes, _mm256_mul_ps)
LANES_BINARY(lanes_div, lanes, _mm256_div_ps)
LANES_UNARY(lanes_sqrt, lanes, _mm256_sqrt_ps)
LANES_BINARY(lanes_min, lanes, _mm256_min_ps)
LANES_BINARY(lanes_max, lanes, _mm256_max_ps)
LANES_INLINE lanes lanes_abs(lanes x) {
  const __m256 sign = _mm256_set1_ps(-0.f);
  return (lanes){_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}
// Comparing bits is comparing floats of one sign, and processors compare integers on more ports.
#define LANES_BITWISE(name, operation, bits)                                                   \
  LANES_INLINE lanes name {                                                                    \
    const __m256i y = _mm256_set1_epi32((int)(bits));                                          \
    return (lanes){_mm256_castsi256_ps(operation(_mm256_castps_si256(x.a), y)),                \
                   _mm256_castsi256_ps(operation(_mm256_castps_si256(x.b), y))};               \
  }
LANES_BITWISE(lanes_at_most_positive(lanes x, float high), _mm256_min_epi32, quern_bits(high))
LANES_BITWISE(lanes_at_least_negative(lanes x, float low), _mm256_min_epu32, quern_bits(low))
LANES_BITWISE(lanes_at_least_zero(lanes x), _mm256_max_epi32, 0)
LANES_INLINE lanes lanes_nearest(lanes x) {
  return (lanes){_mm256_round_ps(x.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                 _mm256_round_ps(x.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}

LANES_COMPARISON(lanes_less, _CMP_LT_OQ)
LANES_COMPARISON(lanes_at_most, _CMP_LE_OQ)
LANES_COMPARISON(lanes_equal, _CMP_EQ_OQ)
LANES_BINARY(lanes_and, lanes_mask, _mm256_and_ps)
LANES_INLINE lanes_mask lanes_and_not(lanes_mask x, lanes_mask y) {
  return (lanes){_mm256_andnot_ps(y.a, x.a), _mm256_andnot_ps(y.b, x.b)};
}
LANES_INLINE unsigned lanes_bits(lanes_mask x) {
  return (unsigned)_mm256_movemask_ps(x.a) | (unsigned)_mm256_movemask_ps(x.b) << 8;
}
LANES_INLINE lanes lanes_select(lanes_mask mask, lanes x, lanes y) {
  return (lanes){_mm256_blendv_ps(y.a, x.a, mask.a), _mm256_blendv_ps(y.b, x.b, mask.b)};
}
LANES_BINARY(lanes_where, lanes, _mm256_and_ps)
LANES_INLINE lanes lanes_numbers(void) {
  const __m256 eight = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
  return (lanes){eight, _mm256_add_ps(eight, _mm256_set1_ps(8))};
}

LANES_INLINE __m256i avx2_nearest_wrapped(__m256 x) {
  const __m256i bits = _mm256_castps_si256(_mm256_add_ps(x, _mm256_set1_ps(12582912.f)));
  return _mm256_sub_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x7fffff)),
                          _mm256_set1_epi32(0x400000));
}
LANES_INLINE lanes_int lanes_nearest_wrapped(lanes x) {
  return (lanes_int){avx2_nearest_wrapped(x.a), avx2_nearest_wrapped(x.b)};
}
LANES_INLINE lanes_int lanes_truncated(lanes x) {
  return (lanes_int){_mm256_cvttps_epi32(x.a), _mm256_cvttps_epi32(x.b)};
}
LANES_INLINE lanes_int lanes_at_most_int(lanes_int x, int high) {
  const __m256i top = _mm256_set1_epi32(high);
  return (lanes_int){_mm256_min_epi32(x.a, top), _mm256_min_epi32(x.b, top)};
}
LANES_INLINE lanes_int lanes_clamped(lanes_int x, int low, int high) {
  const __m256i bottom = _mm256_set1_epi32(low);
  const lanes_int y = lanes_at_most_int(x, high);
  return (lanes_int){_mm256_max_epi32(y.a, bottom), _mm256_max_epi32(y.b, bottom)};
}
LANES_INLINE lanes_int lanes_add_int(lanes_int x, int value) {
  const __m256i y = _mm256_set1_epi32(value);
  return (lanes_int){_mm256_add_epi32(x.a, y), _mm256_add_epi32(x.b, y)};
}
LANES_INLINE lanes_int lanes_low_byte(lanes_int x) {
  const __m256i byte = _mm256_set1_epi32(255);
  return (lanes_int){_mm256_and_si256(x.a, byte), _mm256_and_si256(x.b, byte)};
}
LANES_INLINE lanes_int lanes_all_int(int value) {
  return (lanes_int){_mm256_set1_epi32(value), _mm256_set1_epi32(value)};
}
LANES_INLINE lanes lanes_from_int(lanes_int x) {
  return (lanes){_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)};
}
LANES_INLINE lanes lanes_pick8(const float *table, lanes_int index) {
  const __m256 eight = _mm256_loadu_ps(table);
  return (lanes){_mm256_permutevar8x32_ps(eight, index.a), _mm256_permutevar8x32_ps(eight, index.b)};
}
LANES_INLINE lanes_int lanes_load_codes(const uint16_t *p) {
  return (lanes_int){octet_load_codes(p), octet_load_codes(p + 8)};
}
LANES_INLINE lanes_int lanes_right(lanes_int x, int bits) {
  return (lanes_int){_mm256_srli_epi32(x.a, bits), _mm256_srli_epi32(x.b, bits)};
}
LANES_INLINE lanes lanes_pick4(octet table, lanes_int index) {
  return (lanes){octet_pick4(table, index.a), octet_pick4(table, index.b)};
}
LANES_INLINE __m256i avx2_branch(__m256i index, __m256 left) {
  const __m256i right = _mm256_add_epi32(_mm256_add_epi32(index, index), _mm256_set1_epi32(1));
  return _mm256_add_epi32(right, _mm256_castps_si256(left));
}
LANES_INLINE lanes_int lanes_branch(lanes_int index, lanes_mask left) {
  return (lanes_int){avx2_branch(index.a, left.a), avx2_branch(index.b, left.b)};
}
LANES_INLINE void lanes_store_bytes(void *p, lanes_int x) {
  const __m256i byte = _mm256_set1_epi32(0xff);
  const __m256i words =
      _mm256_packus_epi32(_mm256_and_si256(x.a, byte), _mm256_and_si256(x.b, byte));
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xd8);
  _mm_storeu_si128((__m128i *)p, _mm_packus_epi16(_mm256_castsi256_si128(ordered),
                                                  _mm256_extracti128_si256(ordered, 1)));
}

LANES_INLINE float lanes_largest(lanes x) {
  const __m256 eight = _mm256_max_ps(x.a, x.b);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
LANES_INLINE float lanes_least(lanes x) {
  const __m256 eight = _mm256_min_ps(x.a, x.b);
  const __m128 four = _mm_min_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_min_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_min_ss(two, _mm_movehdup_ps(two)));
}

LANES_INLINE void avx2_transpose_8(const float *rows, size_t stride, float *columns) {
  __m256 r[8], t[8];
  for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(rows + (size_t)i * stride);
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; j++) {
      r[i + 2 * j] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
      r[i + 2 * j + 1] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0xee);
    }
  for (int c = 0; c < 4; c++) {
    _mm256_storeu_ps(columns + 16 * c, _mm256_permute2f128_ps(r[c], r[c + 4], 0x20));
    _mm256_storeu_ps(columns + 16 * (c + 4), _mm256_permute2f128_ps(r[c], r[c + 4], 0x31));
  }
}
LANES_INLINE void lanes_transpose(const float *rows, size_t stride, float *columns) {
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      avx2_transpose_8(rows + 8 * (size_t)i * stride + 8 * j, stride, columns + 128 * j + 8 * i);
}

#include "digits.h"

#endif
