// Products of IQ1 and of one- and two-bit blocks with one token, for AVX-512 VNNI.
#include "../levels.h"

#if defined(__x86_64__)
#include "../grids/grids.h"
#include "products_vector.h"

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),       \
    apply_to = function)

#include "vector_blocks.h"

// MARK: IQ1: points of -1, 0 and 1 moved by an eighth, which are whole in eighths; moved up by 9

/// Eight points, eight times each plus 9, less or more by one.
INLINE __m512i eighths(const int8_t *points, const uint16_t n[8], __mmask8 down) {
  const __m512i at = _mm512_cvtepu16_epi64(_mm_loadu_si128((const __m128i *)n));
  const __m512i eight = _mm512_i64gather_epi64(at, points, 8);
  const __m512i digits = _mm512_add_epi8(eight, _mm512_set1_epi8(1));  // 0, 1, 2
  const __m512i moves = _mm512_mask_mov_epi64(_mm512_set1_epi8(2), down, _mm512_setzero_si512());
  return _mm512_add_epi8(_mm512_slli_epi16(digits, 3), moves);
}

/// 32 numbers whose low bytes are `low`; `high` holds three high bits at the bottom of each.
INLINE void store_numbers(const uint8_t low[32], __m512i high, uint16_t numbers[32]) {
  const __m512i bytes = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)low));
  const __m512i three = _mm512_and_si512(high, _mm512_set1_epi16(7));
  _mm512_storeu_si512(numbers, _mm512_or_si512(bytes, _mm512_slli_epi16(three, 8)));
}

INLINE void add_block_iq1_S(const quern_block_iq1_S *block, packed_token x, size_t at, __m512 *sums,
                            __m512 *rest) {
  const __m128i words = _mm_loadu_si128((const __m128i *)block->qh);
  const __m512i wide = _mm512_cvtepu16_epi64(words);
  const __m512i two = _mm512_or_si512(wide, _mm512_slli_epi64(wide, 26));
  uint16_t numbers[32];
  store_numbers(block->qs, _mm512_or_si512(two, _mm512_slli_epi64(two, 13)), numbers);
  const __m256i odd = _mm256_or_si256(
      _mm256_and_si256(_mm256_srli_epi32(_mm256_cvtepu16_epi32(words), 11), _mm256_set1_epi32(14)),
      _mm256_set1_epi32(1));
  const __m256 scale = _mm256_mul_ps(_mm256_cvtepi32_ps(odd),
                                     _mm256_set1_ps(half_bits(block->d) * 0.125f));
  *rest = subtract_minima(*rest, scale, x.sums + at * 8);
  const __m512 factors =
      _mm512_castps256_ps512(_mm256_mul_ps(scale, _mm256_loadu_ps(x.scales + at * 8)));
  const unsigned down = (unsigned)_mm_movepi16_mask(words);
  for (int pair = 0; pair < 4; pair++) {
    const unsigned both = down >> 2 * pair;
    const __mmask8 moved = (__mmask8)((both & 1 ? 0x0f : 0) | (both & 2 ? 0xf0 : 0));
    sums[pair & 1] =
        add_product(sums[pair & 1], eighths(x.points, numbers + 8 * pair, moved),
                    x.bytes + at * 256 + pair * 64, _mm512_permutexvar_ps(pair_lanes(pair), factors));
  }
}

INLINE void add_block_iq1_M(const quern_block_iq1_M *block, packed_token x, size_t at, __m512 *sums,
                            __m512 *rest) {
  const __m512i bytes = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)block->qh));
  const __m512i nibbles_16 = _mm512_or_si512(bytes, _mm512_slli_epi32(bytes, 12));
  uint16_t numbers[32];
  store_numbers(block->qs, nibbles_16, numbers);
  const __mmask32 down = _mm512_test_epi16_mask(nibbles_16, _mm512_set1_epi16(8));
  uint64_t words;
  memcpy(&words, block->scales, 8);
  const uint16_t d = (uint16_t)((words >> 12 & 15) | (words >> 24 & 0xf0) | (words >> 36 & 0xf00) |
                                (words >> 48 & 0xf000));
  const __m512i spread = _mm512_cvtepu16_epi32(_mm256_permutexvar_epi16(
      _mm256_setr_epi16(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
      _mm256_set1_epi64x((long long)words)));
  const __m512i three = _mm512_and_si512(
      _mm512_srlv_epi32(spread, _mm512_setr_epi32(0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9)),
      _mm512_set1_epi32(7));
  const __m512i odd = _mm512_or_si512(_mm512_slli_epi32(three, 1), _mm512_set1_epi32(1));
  const __m512 scale =
      _mm512_mul_ps(_mm512_cvtepi32_ps(odd), _mm512_set1_ps(half_bits(d) * 0.125f));
  *rest = _mm512_fnmadd_ps(scale, _mm512_loadu_ps(x.halves + at * 16), *rest);
  const __m512 factors = factors_16(scale, x, at);
  for (int quad = 0; quad < 4; quad++)
    sums[quad & 1] = add_product(
        sums[quad & 1], eighths(x.points, numbers + 8 * quad, (__mmask8)(down >> 8 * quad)),
        x.bytes + at * 256 + quad * 64, _mm512_permutexvar_ps(quad_lanes(quad), factors));
}

#define IQ1_POINTS x.points = quern_grid_for_decoding(QUERN_GRID_IQ1)
SUPER_BLOCKS(iq1_S, IQ1_POINTS, every_lane(), every_lane(), 9)
SUPER_BLOCKS(iq1_M, IQ1_POINTS, every_lane(), every_lane(), 9)

// MARK: One and two bits

/// 64 elements of a block of 128, a bit each: 2 or 0, less 1.
INLINE __m512i weights_q1_0(const quern_block_q1_0 *blocks, int pair, int both) {
  (void)both;
  return _mm512_maskz_set1_epi8(load_u64(blocks[pair / 2].qs + pair % 2 * 8), 2);
}

/// 64 elements, two bits each, less 1: a byte spreads over the word of its four codes.
INLINE __m512i weights_q2_0(const quern_block_q2_0 *blocks, int pair, int both) {
  (void)both;
  const __m512i bytes = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)blocks[pair].qs));
  const __m512i two = _mm512_or_si512(bytes, _mm512_slli_epi32(bytes, 12));
  // 0xe0: first & (second | third)
  return _mm512_ternarylogic_epi32(_mm512_set1_epi8(3), two, _mm512_slli_epi32(two, 6), 0xe0);
}

INLINE block_group group_q1_0(size_t count) { return group_of(count, count / 4, 9, 1, 4); }
INLINE block_group group_q2_0(size_t count) { return group_of(count, count / 2, 9, 1, 4); }

/// Every block's scale for each of its sub-blocks, twice; blocks have nine words.
INLINE __m512 repeated_scales(const void *blocks, block_group group, __m128i places) {
  const __m512i words = _mm512_permutexvar_epi16(
      _mm512_castsi256_si512(_mm256_broadcastsi128_si256(places)), load_words(group.words[0], blocks));
  return halves_as_floats(words);
}
INLINE __m512 scales_q1_0(const quern_block_q1_0 *blocks, block_group group) {
  return repeated_scales(blocks, group, _mm_setr_epi16(0, 0, 0, 0, 9, 9, 9, 9));
}
INLINE __m512 scales_q2_0(const quern_block_q2_0 *blocks, block_group group) {
  return repeated_scales(blocks, group, _mm_setr_epi16(0, 0, 9, 9, 18, 18, 27, 27));
}

BLOCK_GROUPS(q1_0, 4, 1, every_lane())
BLOCK_GROUPS(q2_0, 2, 1, every_lane())

#pragma clang attribute pop

void quern_fill_tiny_vectors_avx512(quern_product_table *products) {
  products->vector[19] = vector_iq1_S;
  products->vector[29] = vector_iq1_M;
  products->vector[41] = vector_q1_0;
  products->vector[42] = vector_q2_0;
}
#endif
