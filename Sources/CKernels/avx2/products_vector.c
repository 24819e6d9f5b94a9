// Products of the K types and TQ2_0 with one token, for AVX2: eight (or sixteen) sub-blocks are
// summed up side by side before scales are looked at.
#include "../levels.h"

#if defined(__x86_64__)
#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "vector_sums.h"

// MARK: Q4_K and Q5_K

/// The scales of a block, and its minima taken off; both have six bits each in three words behind `d`
/// and `dmin`.
INLINE __m256 scales_q4_K(const void *block, packed_token x, size_t at, __m256 *rest) {
  const __m128i words = load_16(block);
  const __m128i last = _mm_shuffle_epi32(words, _MM_SHUFFLE(3, 3, 3, 3));
  const __m128i nibbles = _mm_and_si128(_mm_srlv_epi32(last, _mm_setr_epi32(0, 0, 0, 4)),
                                        _mm_setr_epi32(0, 0x0f0f0f0f, 0, 0x0f0f0f0f));
  const __m128i firsts = _mm_shuffle_epi32(words, _MM_SHUFFLE(2, 2, 1, 1));
  const __m128i others = _mm_and_si128(_mm_srlv_epi32(firsts, _mm_setr_epi32(0, 2, 0, 2)),
                                       _mm_setr_epi32(0x3f3f3f3f, 0x30303030, 0x3f3f3f3f, 0x30303030));
  const __m128i six = _mm_or_si128(nibbles, others);
  const __m256 units = _mm256_cvtph_ps(_mm_broadcastd_epi32(words));
  const __m256 minima = _mm256_mul_ps(low_bytes_as_floats(_mm_unpackhi_epi64(six, six)),
                                      _mm256_movehdup_ps(units));
  *rest = _mm256_fnmadd_ps(minima, _mm256_loadu_ps(x.sums + at * 8), *rest);
  return _mm256_mul_ps(low_bytes_as_floats(six), _mm256_moveldup_ps(units));
}

INLINE void add_block_q4_K(const quern_block_q4_K *block, packed_token x, size_t at, __m256 *sum,
                           __m256 *rest) {
  __m256i dots[8];
  for (int pair = 0; pair < 4; pair++) {
    const __m256i bytes = load_32(block->qs + pair * 32);
    dots[2 * pair] = dot_with(low_nibbles(bytes), x, at, 2 * pair);
    dots[2 * pair + 1] = dot_with(high_nibbles(bytes), x, at, 2 * pair + 1);
  }
  const __m256 scales = scales_q4_K(block, x, at, rest);
  const __m256 factors = _mm256_mul_ps(scales, _mm256_loadu_ps(x.scales + at * 8));
  *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fold_4_bits(dots)), factors, *sum);
}

/// Bit `sub` of every byte, at place `to`.
INLINE __m256i bit_at(__m256i bits, int sub, int to) {
  const __m256i moved =
      sub < to ? _mm256_slli_epi16(bits, to - sub) : _mm256_srli_epi16(bits, sub - to);
  return _mm256_and_si256(moved, _mm256_set1_epi8((char)(1 << to)));
}

INLINE void add_block_q5_K(const quern_block_q5_K *block, packed_token x, size_t at, __m256 *sum,
                           __m256 *rest) {
  const __m256i high = load_32(block->qh);
  __m256i dots[8];
#pragma clang loop unroll(full)
  for (int pair = 0; pair < 4; pair++) {
    const __m256i bytes = load_32(block->qs + pair * 32);
    const __m256i first = _mm256_or_si256(low_nibbles(bytes), bit_at(high, 2 * pair, 4));
    const __m256i second = _mm256_or_si256(high_nibbles(bytes), bit_at(high, 2 * pair + 1, 4));
    dots[2 * pair] = dot_with(first, x, at, 2 * pair);
    dots[2 * pair + 1] = dot_with(second, x, at, 2 * pair + 1);
  }
  const __m256 scales = scales_q4_K(block, x, at, rest);
  const __m256 factors = _mm256_mul_ps(scales, _mm256_loadu_ps(x.scales + at * 8));
  *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fold_5_bits(dots)), factors, *sum);
}

// MARK: Sub-blocks of 16

INLINE void add_block_q6_K(const quern_block_q6_K *block, packed_token x, size_t at, __m256 *sum,
                           __m256 *rest) {
  const __m256i pairs = _mm256_set1_epi8(0x30);
  __m256i fours[4];
  for (int half = 0; half < 2; half++) {
    const __m256i a = load_32(block->ql + half * 64), b = load_32(block->ql + half * 64 + 32);
    const __m256i high = load_32(block->qh + half * 32);
    const __m256i q0 = _mm256_or_si256(
        low_nibbles(a), _mm256_and_si256(_mm256_slli_epi16(high, 4), pairs));
    const __m256i q1 = _mm256_or_si256(
        low_nibbles(b), _mm256_and_si256(_mm256_slli_epi16(high, 2), pairs));
    const __m256i q2 = _mm256_or_si256(high_nibbles(a), _mm256_and_si256(high, pairs));
    const __m256i q3 = _mm256_or_si256(
        high_nibbles(b), _mm256_and_si256(_mm256_srli_epi16(high, 2), pairs));
    const __m256i d0 = dot_with(q0, x, at, 4 * half), d1 = dot_with(q1, x, at, 4 * half + 1);
    const __m256i d2 = dot_with(q2, x, at, 4 * half + 2), d3 = dot_with(q3, x, at, 4 * half + 3);
    fours[2 * half] = add_word_pairs(BY_FOURS(_mm256_add_epi16, d0, d1));
    fours[2 * half + 1] = add_word_pairs(BY_FOURS(_mm256_add_epi16, d2, d3));
  }
  __m256 scales[2];
  scales_of_sixteen(load_16(block->scales), half_everywhere((const uint8_t *)block + 208), scales);
  add_sixteen(fours, scales, scales, x, at, sum, rest);
}

/// Digit `n` (two bits) of every byte.
INLINE __m256i digits(__m256i bytes, int n) {
  return _mm256_and_si256(_mm256_srli_epi16(bytes, 2 * n), _mm256_set1_epi8(3));
}

INLINE void add_block_q2_K(const quern_block_q2_K *block, packed_token x, size_t at, __m256 *sum,
                           __m256 *rest) {
  __m256i fours[4];
#pragma clang loop unroll(full)
  for (int pair = 0; pair < 4; pair++) {
    const __m256i bytes = load_32(block->qs + pair / 2 * 32);
    const int n = pair % 2 * 2;
    const __m256i d0 = dot_with(digits(bytes, n), x, at, 2 * pair);
    const __m256i d1 = dot_with(digits(bytes, n + 1), x, at, 2 * pair + 1);
    fours[pair] = add_word_pairs(BY_FOURS(_mm256_add_epi16, d0, d1));
  }
  const __m128i both = load_16(block->scales), nibble = _mm_set1_epi8(15);
  const __m256 units = _mm256_cvtph_ps(_mm_set1_epi32((int)load_u32((const uint8_t *)block + 80)));
  __m256 scales[2], minima[2];
  scales_of_sixteen(_mm_and_si128(both, nibble), _mm256_moveldup_ps(units), scales);
  scales_of_sixteen(_mm_and_si128(_mm_srli_epi16(both, 4), nibble), _mm256_movehdup_ps(units),
                    minima);
  add_sixteen(fours, scales, minima, x, at, sum, rest);
}

INLINE void add_block_tq2_0(const quern_block_tq2_0 *block, packed_token x, size_t at, __m256 *sum,
                            __m256 *rest) {
  __m256i dots[8];
#pragma clang loop unroll(full)
  for (int s = 0; s < 8; s++)
    dots[s] = dot_with(digits(load_32(block->qs + s / 4 * 32), s % 4), x, at, s);
  const __m256 d = half_everywhere(block->qs + 64);
  const __m256 factors = _mm256_mul_ps(d, _mm256_loadu_ps(x.scales + at * 8));
  *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(fold_4_bits(dots)), factors, *sum);
  *rest = _mm256_fmadd_ps(d, _mm256_loadu_ps(x.sums + at * 8), *rest);
}

/// The sixteen 6-bit scales of Q3_K as signed bytes.
INLINE __m128i scales_q3_K(const uint8_t packed[12]) {
  const __m128i eight = _mm_set1_epi64x((long long)load_u64(packed));
  const __m128i low = _mm_and_si128(_mm_srlv_epi64(eight, _mm_set_epi64x(4, 0)), _mm_set1_epi8(15));
  const __m128i four = _mm_srlv_epi32(_mm_set1_epi32((int)load_u32(packed + 8)),
                                      _mm_setr_epi32(0, 2, 4, 6));
  const __m128i high = _mm_slli_epi16(_mm_and_si128(four, _mm_set1_epi8(3)), 4);
  return _mm_sub_epi8(_mm_or_si128(low, high), _mm_set1_epi8(32));
}

INLINE void add_block_q3_K(const quern_block_q3_K *block, packed_token x, size_t at, __m256 *sum,
                           __m256 *rest) {
  const __m256i high = load_32(block->hmask);
  __m256i fours[4];
#pragma clang loop unroll(full)
  for (int pair = 0; pair < 4; pair++) {
    const __m256i bytes = load_32(block->qs + pair / 2 * 32);
    const int n = pair % 2 * 2;
    const __m256i q0 = _mm256_or_si256(digits(bytes, n), bit_at(high, 2 * pair, 2));
    const __m256i q1 = _mm256_or_si256(digits(bytes, n + 1), bit_at(high, 2 * pair + 1, 2));
    const __m256i d0 = dot_with(q0, x, at, 2 * pair), d1 = dot_with(q1, x, at, 2 * pair + 1);
    fours[pair] = add_word_pairs(BY_FOURS(_mm256_add_epi16, d0, d1));
  }
  __m256 scales[2];
  scales_of_sixteen(scales_q3_K(block->scales), half_everywhere((const uint8_t *)block + 108), scales);
  add_sixteen(fours, scales, scales, x, at, sum, rest);
}

// MARK: Rows

SUPER_BLOCKS(q4_K, , 1)
SUPER_BLOCKS(q5_K, , 1)
SUPER_BLOCKS(q6_K, , -32)
SUPER_BLOCKS(q2_K, , -1)
SUPER_BLOCKS(q3_K, , -4)
SUPER_BLOCKS(tq2_0, , -1)

#pragma clang attribute pop

void quern_fill_super_block_vectors_avx2(quern_product_table *products) {
  products->vector[10] = vector_q2_K;
  products->vector[11] = vector_q3_K;
  products->vector[12] = vector_q4_K;
  products->vector[13] = vector_q5_K;
  products->vector[14] = vector_q6_K;
  products->vector[35] = vector_tq2_0;
}
#endif
