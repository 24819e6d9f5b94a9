// Products of blocks of 32 with one token, for AVX2: the first sixteen elements of two blocks share a
// register, and so do their last sixteen.
#include "../levels.h"

#if defined(__x86_64__)
#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "vector_pairs.h"

// MARK: Scales

/// Scales of some blocks, and their minima (or scales again).
typedef struct {
  __m256 scale, minimum;
} block_scales;

// Eight blocks, and two of which the second may be missing.
#define HALF_SCALES(name)                                                                         \
  INLINE block_scales scales_##name(const quern_block_##name *b) {                                \
    const __m256 d = _mm256_cvtph_ps(_mm_setr_epi16((short)b[0].d, (short)b[1].d, (short)b[2].d,  \
                                                    (short)b[3].d, (short)b[4].d, (short)b[5].d,  \
                                                    (short)b[6].d, (short)b[7].d));               \
    return (block_scales){d, d};                                                                  \
  }                                                                                               \
  INLINE block_scales last_scales_##name(const quern_block_##name *a, const quern_block_##name *b) { \
    const __m256 d = _mm256_cvtph_ps(_mm_cvtsi32_si128(a->d | (b ? b->d : 0) << 16));             \
    return (block_scales){d, d};                                                                  \
  }
HALF_SCALES(q4_0)
HALF_SCALES(q5_0)
HALF_SCALES(iq4_NL)

/// Four blocks' scales, then their minima, from blocks that start with both.
INLINE __m128i four_of_two(const uint8_t *b, size_t stride) {
  const __m128i turns = _mm_setr_epi32((int)load_u32(b), (int)load_u32(b + stride),
                                       (int)load_u32(b + 2 * stride), (int)load_u32(b + 3 * stride));
  return _mm_shuffle_epi8(turns, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
}
#define TWO_SCALES(name)                                                                          \
  INLINE block_scales scales_##name(const quern_block_##name *b) {                                \
    const __m128i low = four_of_two((const uint8_t *)b, sizeof *b);                               \
    const __m128i high = four_of_two((const uint8_t *)(b + 4), sizeof *b);                        \
    return (block_scales){_mm256_cvtph_ps(_mm_unpacklo_epi64(low, high)),                         \
                          _mm256_cvtph_ps(_mm_unpackhi_epi64(low, high))};                        \
  }                                                                                               \
  INLINE block_scales last_scales_##name(const quern_block_##name *a, const quern_block_##name *b) { \
    return (block_scales){_mm256_cvtph_ps(_mm_cvtsi32_si128(a->d | (b ? b->d : 0) << 16)),        \
                          _mm256_cvtph_ps(_mm_cvtsi32_si128(a->m | (b ? b->m : 0) << 16))};       \
  }
TWO_SCALES(q4_1)
TWO_SCALES(q5_1)

/// 2^(e - 128); the two lowest are subnormal.
INLINE __m256 halves_of_e8m0(uint64_t bytes) {
  const __m256i e = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes));
  const __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
  const __m256i subnormal = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), e);
  const __m256i small = _mm256_cmpgt_epi32(_mm256_set1_epi32(2), e);
  return _mm256_castsi256_ps(_mm256_blendv_epi8(normal, subnormal, small));
}
INLINE block_scales scales_mxfp4(const quern_block_mxfp4 *b) {
  uint64_t bytes = 0;
  for (int i = 0; i < 8; i++) bytes |= (uint64_t)b[i].e << 8 * i;
  const __m256 d = halves_of_e8m0(bytes);
  return (block_scales){d, d};
}
INLINE block_scales last_scales_mxfp4(const quern_block_mxfp4 *a, const quern_block_mxfp4 *b) {
  const __m256 d = halves_of_e8m0((b ? b->e : 0u) << 8 | a->e);
  return (block_scales){d, d};
}

// MARK: Rows

// Rows of `count` blocks: eight at a time, the first beside the fifth and so on, and then two at a time.
#define BLOCKS_32(name, weights, dots_of, fold, widen, weight)                                    \
  INLINE __m256i dots_##name(const quern_block_##name *a, const quern_block_##name *b,            \
                             weight_pair x) {                                                     \
    return dots_of(weights, x);                                                                   \
  }                                                                                               \
  INLINE void add_eight_##name(const quern_block_##name *blocks, packed_token x, size_t at,       \
                               __m256 *sum, __m256 *rest) {                                       \
    __m256i dots[4];                                                                              \
    for (size_t p = 0; p < 4; p++)                                                                \
      dots[p] = dots_##name(blocks + p, blocks + p + 4, activation_pair(x, at, p));              \
    const block_scales d = scales_##name(blocks);                                                 \
    const __m256 factors = _mm256_mul_ps(d.scale, _mm256_loadu_ps(x.scales + at));                \
    *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fold(dots)), factors, *sum);                        \
    *rest = _mm256_fmadd_ps(d.minimum, _mm256_loadu_ps(x.sums + at), *rest);                      \
    prefetch_bytes(blocks, 8 * sizeof *blocks);                                                   \
  }                                                                                               \
  INLINE void add_pair_##name(const quern_block_##name *a, const quern_block_##name *b,           \
                              packed_token x, size_t at, __m256 *sum, __m256 *rest) {             \
    const uint8_t *bytes = x.bytes + at * 32, *next = b ? bytes + 32 : bytes;                     \
    const __m256i dots = widen(dots_##name(a, b ? b : a, pair_of_bytes(bytes, next)));            \
    const block_scales d = last_scales_##name(a, b);                                              \
    const __m256i present = _mm256_setr_epi32(-1, b ? -1 : 0, 0, 0, 0, 0, 0, 0);                  \
    const __m256 factors = _mm256_mul_ps(d.scale, _mm256_maskload_ps(x.scales + at, present));    \
    const __m256i spread = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);                             \
    *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots),                                              \
                           _mm256_permutevar8x32_ps(factors, spread), *sum);                      \
    *rest = _mm256_fmadd_ps(d.minimum, _mm256_maskload_ps(x.sums + at, present), *rest);          \
  }                                                                                               \
  INLINE __m256 row_##name(const quern_block_##name *blocks, packed_token x, size_t count) {      \
    __m256 sum = _mm256_setzero_ps(), rest = _mm256_setzero_ps();                                 \
    size_t at = 0;                                                                                \
    for (; at + 8 <= count; at += 8) add_eight_##name(blocks + at, x, at, &sum, &rest);           \
    for (; at + 2 <= count; at += 2)                                                              \
      add_pair_##name(blocks + at, blocks + at + 1, x, at, &sum, &rest);                          \
    if (at < count) add_pair_##name(blocks + at, NULL, x, at, &sum, &rest);                       \
    return _mm256_fmadd_ps(rest, _mm256_set1_ps(weight), sum);                                    \
  }                                                                                               \
  ROWS(name, x.arranged = bytes_in_pairs(x, columns, scratch), row_##name(blocks, x, columns / 32))

BLOCKS_32(q4_0, nibble_pair(a->qs, b->qs), unsigned_dots, fold_4_bits, words_to_ints, -8)
BLOCKS_32(q4_1, nibble_pair(a->qs, b->qs), unsigned_dots, fold_4_bits, words_to_ints, 1)
BLOCKS_32(q5_0, add_fifth_bits(nibble_pair(a->qs, b->qs), a->qh, b->qh), unsigned_dots, fold_5_bits,
          words_to_ints, -16)
BLOCKS_32(q5_1, add_fifth_bits(nibble_pair(a->qs, b->qs), a->qh, b->qh), unsigned_dots, fold_5_bits,
          words_to_ints, 1)
BLOCKS_32(mxfp4, look_up_pair(nibble_pair(a->qs, b->qs), fp4_levels()), unsigned_dots, fold_5_bits,
          words_to_ints, -12)
BLOCKS_32(iq4_NL, look_up_pair(nibble_pair(a->qs, b->qs), iq4_levels()), signed_dots, fold_8_bits,
          ints_already, 0)

// MARK: IQ4_XS, whose sub-blocks are such blocks

/// Eight scales of six bits, less 32: four bits in `scales_l`, two in `scales_h`.
INLINE __m256 scales_iq4_XS(const quern_block_iq4_XS *block) {
  const __m256i order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i low = _mm256_srlv_epi32(_mm256_set1_epi32((int)load_u32(block->scales_l)),
                                        _mm256_slli_epi32(order, 2));
  const __m256i high = _mm256_srlv_epi32(_mm256_set1_epi32(block->scales_h << 4),
                                         _mm256_slli_epi32(order, 1));
  const __m256i six = _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi32(15)),
                                      _mm256_and_si256(high, _mm256_set1_epi32(0x30)));
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(six, _mm256_set1_epi32(32)));
}

INLINE void add_block_iq4_XS(const quern_block_iq4_XS *block, packed_token x, size_t at, __m256 *sum,
                             __m256 *rest) {
  (void)rest;
  __m256i dots[4];
  for (size_t p = 0; p < 4; p++)
    dots[p] = signed_dots(
        look_up_pair(nibble_pair(block->qs + p * 16, block->qs + p * 16 + 64), iq4_levels()),
        activation_pair(x, at * 8, p));
  const __m256 scale = _mm256_mul_ps(scales_iq4_XS(block), half_everywhere(block));
  const __m256 factors = _mm256_mul_ps(scale, _mm256_loadu_ps(x.scales + at * 8));
  *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fold_8_bits(dots)), factors, *sum);
}

SUPER_BLOCKS(iq4_XS, x.arranged = bytes_in_pairs(x, columns, scratch), 0)

#pragma clang attribute pop

void quern_fill_block_vectors_avx2(quern_product_table *products) {
  products->vector[2] = vector_q4_0;
  products->vector[3] = vector_q4_1;
  products->vector[6] = vector_q5_0;
  products->vector[7] = vector_q5_1;
  products->vector[20] = vector_iq4_NL;
  products->vector[23] = vector_iq4_XS;
  products->vector[39] = vector_mxfp4;
}
#endif
