// What the products of one token share, for AVX-512 VNNI. Included under the level's target attribute.
#ifndef QUERN_AVX512_VECTOR_TERMS_H
#define QUERN_AVX512_VECTOR_TERMS_H

#include <immintrin.h>
#include <string.h>

#include "../include/CKernels.h"
#include "../products/prefetch.h"

#define INLINE static inline __attribute__((always_inline, unused))

/// The packed token: bytes, scales, scaled sums of blocks of 32 and of 16.
typedef struct {
  const uint8_t *bytes;
  const float *scales, *sums, *halves;
} packed_token;

INLINE packed_token token_of(const quern_product_job *product) {
  packed_token x;
  x.bytes = product->activations;
  x.scales = (const float *)(x.bytes + product->columns);
  x.sums = x.scales + product->columns / 32;
  x.halves = x.sums + product->columns / 32;
  return x;
}

INLINE float half_bits(uint16_t bits) { return _cvtsh_ss(bits); }

INLINE uint16_t load_u16(const void *p) {
  uint16_t v;
  memcpy(&v, p, 2);
  return v;
}
INLINE uint32_t load_u32(const void *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

/// Lane numbers that spread two of 8 factors over the lanes of two blocks.
INLINE __m512i pair_lanes(int pair) {
  const __m256i one = _mm256_set1_epi32(2 * pair);
  return _mm512_inserti64x4(_mm512_castsi256_si512(one), _mm256_set1_epi32(2 * pair + 1), 1);
}

/// Lane numbers that spread four of 16 factors over the lanes of four sub-blocks.
INLINE __m512i quad_lanes(int quad) {
  return _mm512_add_epi32(_mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
                          _mm512_set1_epi32(4 * quad));
}

/// sums + scale * (weights . activations), lane by lane.
INLINE __m512 add_product(__m512 sums, __m512i weights, const uint8_t *bytes, __m512 scale) {
  const __m512i dots =
      _mm512_dpbusd_epi32(_mm512_setzero_si512(), weights, _mm512_loadu_si512(bytes));
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), scale, sums);
}

INLINE __m512i nibbles(void) { return _mm512_set1_epi8(15); }

/// `low` in the lower half of the 64 bytes, `high` in the upper.
INLINE __m512i halves_of(long long low, long long high) {
  return _mm512_setr_epi64(low, low, low, low, high, high, high, high);
}

INLINE __m512i twice(const void *bytes32) {
  return _mm512_broadcast_i64x4(_mm256_loadu_si256(bytes32));
}

/// 16 packed bytes of each of two blocks as 64 nibbles: low then high of the first, then the second.
INLINE __m512i nibble_pair(const uint8_t *a, const uint8_t *b) {
  const __m512i first = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)a));
  const __m512i both =
      _mm512_mask_broadcast_i32x4(first, 0xff00, _mm_loadu_si128((const __m128i *)b));
  const __m512i shifted = _mm512_srlv_epi64(both, _mm512_setr_epi64(0, 0, 4, 4, 0, 0, 4, 4));
  return _mm512_and_si512(shifted, nibbles());
}

/// Scales of 16 sub-blocks times the scales of the 8 activation blocks that they meet.
INLINE __m512 factors_16(__m512 scale, packed_token x, size_t at) {
  const __m512 activation = _mm512_castps256_ps512(_mm256_loadu_ps(x.scales + at * 8));
  const __m512i twice_each =
      _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  return _mm512_mul_ps(scale, _mm512_permutexvar_ps(twice_each, activation));
}

INLINE float row_sum(const __m512 *sums, __m512 rest, const quern_product_job *product, size_t r) {
  const float sum = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), rest));
  return product->bias ? sum + product->bias[r] : sum;
}

// MARK: Rows of blocks

/// One binary16 field of up to 8 blocks as floats; zero behind the last.
INLINE __m256 gather_halves(const uint8_t *field, size_t stride, size_t count) {
  if (count == 8)
    return _mm256_cvtph_ps(_mm_setr_epi16(
        (short)load_u16(field), (short)load_u16(field + stride),
        (short)load_u16(field + 2 * stride), (short)load_u16(field + 3 * stride),
        (short)load_u16(field + 4 * stride), (short)load_u16(field + 5 * stride),
        (short)load_u16(field + 6 * stride), (short)load_u16(field + 7 * stride)));
  uint16_t bits[8] = {0};
  for (size_t i = 0; i < count; i++) bits[i] = load_u16(field + i * stride);
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)bits));
}

// One function adds up to 8 blocks to the sums of a row. A missing last block of a pair is the block
// before it with factor 0; the bytes read behind the token's last are its scales. Needs `pair_name` and
// `scales_name` of a type.
#define BLOCKS_32(name, offset, has_minimum)                                                      \
  INLINE void add_blocks_##name(const quern_block_##name *blocks, packed_token x, size_t at,      \
                                size_t count, __m512 *sums, __m256 *rest) {                       \
    const __mmask8 present = (__mmask8)((1u << count) - 1);                                       \
    const __m256 d = scales_##name(blocks, count);                                                \
    const __m256 scales = _mm256_maskz_loadu_ps(present, x.scales + at);                          \
    const __m256 sum = _mm256_maskz_loadu_ps(present, x.sums + at);                               \
    if (has_minimum)                                                                              \
      *rest = _mm256_fmadd_ps(                                                                    \
          gather_halves((const uint8_t *)blocks + 2, sizeof *blocks, count), sum, *rest);     \
    else                                                                                          \
      *rest = _mm256_fnmadd_ps(_mm256_mul_ps(d, _mm256_set1_ps(offset)), sum, *rest);             \
    const __m512 factors = _mm512_castps256_ps512(_mm256_mul_ps(d, scales));                      \
    for (int pair = 0; pair < 4 && 2 * pair < (int)count; pair++) {                               \
      const quern_block_##name *a = blocks + 2 * pair;                                            \
      const quern_block_##name *b = 2 * pair + 1 < (int)count ? a + 1 : a;                        \
      const __m512 spread = _mm512_maskz_permutexvar_ps(                                          \
          2 * pair + 1 < (int)count ? 0xffff : 0x00ff, pair_lanes(pair), factors);                \
      PREFETCH_AHEAD(a);                                                                           \
      sums[pair & 1] = add_product(sums[pair & 1], pair_##name(a, b),                             \
                                   x.bytes + (at + 2 * (size_t)pair) * 32, spread);               \
    }                                                                                             \
  }                                                                                               \
  static void vector_##name(const quern_product_job *product, size_t first, size_t end,           \
                            void *scratch) {                                                      \
    (void)scratch;                                                                                \
    const packed_token x = token_of(product);                                                     \
    const size_t count = product->columns / 32, whole = count / 8 * 8;                            \
    for (size_t r = first; r < end; r++) {                                                        \
      const quern_block_##name *row =                                                             \
          (const void *)((const uint8_t *)product->weights + r * product->row_bytes);             \
      __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};                                \
      __m256 rest = _mm256_setzero_ps();                                                          \
      for (size_t at = 0; at < whole; at += 8) add_blocks_##name(row + at, x, at, 8, sums, &rest); \
      if (whole < count) add_blocks_##name(row + whole, x, whole, count - whole, sums, &rest);    \
      product->output[r] = row_sum(sums, _mm512_zextps256_ps512(rest), product, r);               \
    }                                                                                             \
  }

// One row of super-blocks, each added by `add_block_name`.
#define SUPER_BLOCKS(name, rest_type, zero, widen)                                                \
  static void vector_##name(const quern_product_job *product, size_t first, size_t end,           \
                            void *scratch) {                                                      \
    (void)scratch;                                                                                \
    const packed_token x = token_of(product);                                                     \
    for (size_t r = first; r < end; r++) {                                                        \
      const quern_block_##name *row =                                                             \
          (const void *)((const uint8_t *)product->weights + r * product->row_bytes);             \
      __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};                                \
      rest_type rest = zero();                                                                    \
      for (size_t at = 0; at < product->columns / 256; at++)                                      \
        add_block_##name(row + at, x, at, sums, &rest);                                           \
      product->output[r] = row_sum(sums, widen(rest), product, r);                                \
    }                                                                                             \
  }

#endif
