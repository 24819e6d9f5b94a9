// Rows of blocks of 32 with one token, for AVX-512 VNNI: the scales of eight blocks at a time are picked
// from wide loads. Needs vector_terms.h.
#ifndef QUERN_AVX512_VECTOR_BLOCKS_H
#define QUERN_AVX512_VECTOR_BLOCKS_H

#include "vector_terms.h"

/// How many of eight sub-blocks of 32 are there, and the words of the loads that their scales are picked
/// from.
typedef struct {
  size_t count;
  __mmask32 words[3];
} block_group;

/// `blocks` blocks of `stride` words; loads start `step` blocks apart.
INLINE block_group group_of(size_t count, size_t blocks, size_t stride, size_t loads, size_t step) {
  block_group group = {count, {0}};
  for (size_t i = 0; i < loads; i++) {
    const size_t words = blocks > i * step ? (blocks - i * step) * stride : 0;
    group.words[i] = words < 32 ? (1u << words) - 1 : ~(__mmask32)0;
  }
  return group;
}

INLINE __m512i load_words(__mmask32 present, const void *p) {
  return _mm512_maskz_loadu_epi16(present, p);
}

INLINE __m512 halves_as_floats(__m512i words) {
  return _mm512_cvtph_ps(_mm512_castsi512_si256(words));
}

/// Words that pick a field at word `a` of eight blocks of `stride` words into the low lanes, and another
/// at word `b` into the high ones, from loads four blocks apart.
#define PICK_FOURS(stride, a, b)                                                                  \
  _mm512_castsi256_si512(_mm256_setr_epi16(                                                       \
      a, a + stride, a + 2 * stride, a + 3 * stride, 32 + a, 32 + a + stride, 32 + a + 2 * stride, \
      32 + a + 3 * stride, b, b + stride, b + 2 * stride, b + 3 * stride, 32 + b, 32 + b + stride, \
      32 + b + 2 * stride, 32 + b + 3 * stride))

/// The same from three loads three blocks apart: six blocks, and then the last two.
#define PICK_THREES(stride, a, b)                                                                 \
  _mm512_castsi256_si512(_mm256_setr_epi16(                                                       \
      a, a + stride, a + 2 * stride, 32 + a, 32 + a + stride, 32 + a + 2 * stride, 0, 0, b,       \
      b + stride, b + 2 * stride, 32 + b, 32 + b + stride, 32 + b + 2 * stride, 0, 0))
#define PICK_LAST(stride, a, b)                                                                   \
  _mm512_castsi256_si512(_mm256_setr_epi16(0, 1, 2, 3, 4, 5, 32 + a, 32 + a + stride, 8, 9, 10, 11, \
                                           12, 13, 32 + b, 32 + b + stride))

// `group_name(count)` of `count` sub-blocks of 32, and `scales_name`: the scales of a type whose block has
// `stride` words in the low lanes, and its minima (or scales again) at word `b` in the high ones.
#define SCALES_FROM_TWO(name, stride, b)                                                          \
  INLINE block_group group_##name(size_t count) { return group_of(count, count, stride, 2, 4); }  \
  INLINE __m512 scales_##name(const quern_block_##name *blocks, block_group group) {              \
    return halves_as_floats(_mm512_permutex2var_epi16(load_words(group.words[0], blocks),         \
                                                      PICK_FOURS(stride, 0, b),                   \
                                                      load_words(group.words[1], blocks + 4)));   \
  }
#define SCALES_FROM_THREE(name, stride, b)                                                        \
  INLINE block_group group_##name(size_t count) { return group_of(count, count, stride, 3, 3); }  \
  INLINE __m512 scales_##name(const quern_block_##name *blocks, block_group group) {              \
    const __m512i six = _mm512_permutex2var_epi16(load_words(group.words[0], blocks),             \
                                                  PICK_THREES(stride, 0, b),                      \
                                                  load_words(group.words[1], blocks + 3));        \
    return halves_as_floats(_mm512_permutex2var_epi16(six, PICK_LAST(stride, 0, b),               \
                                                      load_words(group.words[2], blocks + 6)));   \
  }

/// The weights of two neighbouring blocks `a` and `b`, which are one where the second is missing.
#define WEIGHTS_OF_PAIR(name, weights)                                                            \
  INLINE __m512i weights_##name(const quern_block_##name *blocks, int pair, int both) {           \
    const quern_block_##name *a = blocks + 2 * pair, *b = both ? a + 1 : a;                       \
    return weights;                                                                               \
  }

// Rows of blocks with `span` sub-blocks of 32 each, eight sub-blocks at a time. `weights_name(blocks,
// pair, both)` gives the weights of two of them, `offset` more than they are; `lanes` scales the lanes of
// their products. A missing second of a pair has factor 0, and the bytes read behind the token's last are
// its scales.
#define BLOCK_GROUPS(name, span, offset, lanes)                                                   \
  INLINE void add_group_##name(const quern_block_##name *blocks, packed_token x, size_t at,       \
                               block_group group, __m512 *sums, __m512 *rest) {                   \
    const int count = (int)group.count;                                                           \
    const __mmask8 present = (__mmask8)((1u << count) - 1);                                       \
    const __m512 activations = _mm512_insertf32x8(                                                \
        _mm512_castps256_ps512(_mm256_maskz_loadu_ps(present, x.scales + at)),                    \
        _mm256_maskz_loadu_ps(present, x.sums + at), 1);                                          \
    const __m512 factors = _mm512_mul_ps(scales_##name(blocks, group), activations);              \
    *rest = _mm512_add_ps(*rest, factors);                                                        \
    prefetch_bytes(blocks, 8 / span * sizeof *blocks);                                            \
    for (int pair = 0; pair < 4 && 2 * pair < count; pair++) {                                    \
      const int both = 2 * pair + 1 < count;                                                      \
      const __m512 spread =                                                                       \
          _mm512_maskz_permutexvar_ps(both ? 0xffff : 0x00ff, pair_lanes(pair), factors);         \
      sums[pair & 1] = add_product(sums[pair & 1], weights_##name(blocks, pair, both),            \
                                   x.bytes + (at + 2 * (size_t)pair) * 32, spread);               \
    }                                                                                             \
  }                                                                                               \
  INLINE __m512 row_##name(const quern_block_##name *blocks, packed_token x, size_t count,        \
                           block_group last) {                                                    \
    __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()}, rest = _mm512_setzero_ps();      \
    size_t at = 0;                                                                                \
    for (; at + 8 <= count; at += 8)                                                              \
      add_group_##name(blocks + at / span, x, at, group_##name(8), sums, &rest);                  \
    if (at < count) add_group_##name(blocks + at / span, x, at, last, sums, &rest);               \
    const __m512 minima = _mm512_maskz_mul_ps(0xff00, rest, _mm512_set1_ps(offset ? -offset : 1)); \
    return _mm512_fmadd_ps(_mm512_add_ps(sums[0], sums[1]), lanes, minima);                       \
  }                                                                                               \
  ROWS(name, const size_t count = columns / 32; const block_group last = group_##name(count % 8), \
       row_##name(blocks, x, count, last))

#endif
