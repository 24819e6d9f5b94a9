// Products of the K types and IQ4_XS with one token, for AVX-512 VNNI: 64 weights of a row at a time meet
// 64 activation bytes, at the speed of memory.
//
// vpdpbusd wants unsigned weights, so that a type with signed weights is multiplied with `weight +
// offset`, and `offset * scale * sum of activations` is taken off with one addition for 8 or 16
// sub-blocks. Minima go the same way.
#include "../levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "products_vector.h"

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),       \
    apply_to = function)

#include "vector_columns.h"

// MARK: Eight sub-blocks of 32

/// The scales and minima of Q4_K and Q5_K, six bits each in three words behind `d` and `dmin`, times what
/// they meet: factors in the lower lanes, what minima take off in the upper ones.
INLINE __m512 factors_q4_K(const void *block, packed_token x, size_t at, __m512 *rest) {
  const __m128i words = _mm_loadu_si128(block);
  const __m128i low = _mm_and_si128(
      _mm_srlv_epi32(_mm_shuffle_epi32(words, _MM_SHUFFLE(3, 2, 3, 1)), _mm_setr_epi32(0, 0, 0, 4)),
      _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f));
  const __m128i high = _mm_srli_epi32(_mm_shuffle_epi32(words, _MM_SHUFFLE(2, 2, 1, 1)), 2);
  // 0xf8: first | (second & third)
  const __m128i six = _mm_ternarylogic_epi32(
      low, high, _mm_setr_epi32(0, 0x30303030, 0, 0x30303030), 0xf8);
  const __m512i lanes = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const __m512 units = _mm512_permutexvar_ps(lanes, two_halves(block));
  const __m512 scales = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(six)), units);
  const __m512 factors = _mm512_mul_ps(scales, scales_and_sums(x, at));
  *rest = _mm512_mask_sub_ps(*rest, 0xff00, *rest, factors);
  return factors;
}

INLINE void add_block_q4_K(const quern_block_q4_K *block, packed_token x, size_t at, __m512 *sums,
                           __m512 *rest) {
  const __m512 factors = factors_q4_K(block, x, at, rest);
  for (int pair = 0; pair < 4; pair++)
    sums[pair & 1] = add_product(
        sums[pair & 1],
        _mm512_and_si512(twice(block->qs + pair * 32), halves_of(LOW_NIBBLES, HIGH_NIBBLES)),
        x.bytes + at * 256 + pair * 64, _mm512_permutexvar_ps(pair_lanes(pair), factors));
}

INLINE void add_block_q5_K(const quern_block_q5_K *block, packed_token x, size_t at, __m512 *sums,
                           __m512 *rest) {
  const __m512 factors = factors_q4_K(block, x, at, rest);
  const __m512i high = twice(block->qh);
  for (int pair = 0; pair < 4; pair++) {
    const long long ones = 0x0101010101010101;
    const __mmask64 bits =
        _mm512_test_epi8_mask(high, halves_of(ones << (2 * pair), ones << (2 * pair + 1)));
    const __m512i low = _mm512_and_si512(
        _mm512_srlv_epi64(twice(block->qs + pair * 32), halves_of(0, 4)), nibbles());
    const __m512i weights = _mm512_mask_add_epi8(low, bits, low, opaque(_mm512_set1_epi8(16)));
    sums[pair & 1] = add_product(sums[pair & 1], weights, x.bytes + at * 256 + pair * 64,
                                 _mm512_permutexvar_ps(pair_lanes(pair), factors));
  }
}

/// The levels of elements 4k ... of both halves of every sub-block.
INLINE __m512i column_iq4_XS(const uint8_t qs[128], int k) {
  const __m512i words = _mm512_add_epi32(
      _mm512_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20, 20, 24, 24, 28, 28), _mm512_set1_epi32(k));
  const __m512i bytes = _mm512_permutex2var_epi32(_mm512_loadu_si512(qs), words,
                                                  _mm512_loadu_si512(qs + 64));
  const __m512i shifted = _mm512_srlv_epi32(bytes, _mm512_set1_epi64(4ll << 32));
  return iq4_levels(_mm512_and_si512(shifted, nibbles()));
}

INLINE void add_block_iq4_XS(const quern_block_iq4_XS *block, packed_token x, size_t at,
                             __m512 *sums, __m512 *rest) {
  const __m512i order = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
  const __m512i low = _mm512_srlv_epi32(_mm512_set1_epi32((int)load_u32(block->scales_l)),
                                        _mm512_slli_epi32(order, 2));
  const __m512i high = _mm512_srlv_epi32(_mm512_set1_epi32(block->scales_h << 4),
                                         _mm512_slli_epi32(order, 1));
  const __m512i six = _mm512_ternarylogic_epi32(_mm512_and_si512(low, _mm512_set1_epi32(15)), high,
                                                _mm512_set1_epi32(0x30), 0xf8);
  const __m512 scale =
      _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(six, _mm512_set1_epi32(32))),
                    one_half(&block->d));
  const __m512 factors = _mm512_mul_ps(scale, scales_and_sums(x, at));
  *rest = _mm512_mask_add_ps(*rest, 0xff00, *rest, factors);
  __m512i dots = _mm512_setzero_si512();
  for (int k = 0; k < 4; k++)
    dots = _mm512_dpbusd_epi32(dots, column_iq4_XS(block->qs, k), activation_column(x, at, k));
  *sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), each_twice(factors), *sums);
}

// MARK: Sixteen sub-blocks of 16

INLINE __m512 bytes_as_floats(__m128i bytes) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}

INLINE void add_block_q6_K(const quern_block_q6_K *block, packed_token x, size_t at, __m512 *sums,
                           __m512 *rest) {
  const __m512 scale =
      _mm512_mul_ps(bytes_as_floats(_mm_loadu_si128((const __m128i *)block->scales)),
                    one_half(&block->d));
  *rest = _mm512_fmadd_ps(scale, _mm512_loadu_ps(x.halves + at * 16), *rest);
  const __m512 factors = factors_16(scale, x, at);
  for (int half = 0; half < 2; half++) {
    const __m512i low = _mm512_loadu_si512(block->ql + half * 64);
    const __m512i high = twice(block->qh + half * 32);
    const __m512i pairs = _mm512_set1_epi8(0x30);
    const __m512i first = _mm512_ternarylogic_epi64(
        _mm512_and_si512(low, nibbles()), _mm512_sllv_epi64(high, halves_of(4, 2)), pairs, 0xf8);
    const __m512i second = _mm512_ternarylogic_epi64(
        _mm512_and_si512(_mm512_srli_epi64(low, 4), nibbles()),
        _mm512_srlv_epi64(high, halves_of(0, 2)), pairs, 0xf8);
    const uint8_t *bytes = x.bytes + at * 256 + half * 128;
    sums[0] = add_product(sums[0], first, bytes,
                          _mm512_permutexvar_ps(quad_lanes(2 * half), factors));
    sums[1] = add_product(sums[1], second, bytes + 64,
                          _mm512_permutexvar_ps(quad_lanes(2 * half + 1), factors));
  }
}

INLINE void add_block_q2_K(const quern_block_q2_K *block, packed_token x, size_t at, __m512 *sums,
                           __m512 *rest) {
  const __m512i both =
      _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)block->scales));
  const __m512 units = two_halves(&block->d);
  const __m512 scale =
      _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(both, _mm512_set1_epi32(15))),
                    _mm512_moveldup_ps(units));
  const __m512 minimum = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(both, 4)),
                                       _mm512_movehdup_ps(units));
  *rest = _mm512_fnmadd_ps(minimum, _mm512_loadu_ps(x.halves + at * 16), *rest);
  *sums = _mm512_fmadd_ps(digit_dots(block->qs, x, at), factors_16(scale, x, at), *sums);
}

/// The sixteen 6-bit scales of Q3_K as signed bytes.
INLINE __m128i scales_q3_K(const uint8_t packed[12]) {
  const __m128i eight = _mm_set1_epi64x((long long)load_u64(packed));
  const __m128i low = _mm_and_si128(_mm_srlv_epi64(eight, _mm_set_epi64x(4, 0)),
                                    _mm_set1_epi8(15));
  const __m128i high =
      _mm_rolv_epi32(_mm_set1_epi32((int)load_u32(packed + 8)), _mm_setr_epi32(4, 2, 0, 30));
  const __m128i six = _mm_ternarylogic_epi32(low, high, _mm_set1_epi8(0x30), 0xf8);
  return _mm_sub_epi8(six, _mm_set1_epi8(32));
}

/// Weights moved up by 4: a digit, and a third bit in bit n of `hmask` for sub-blocks 2n and 2n + 1. There
/// are 64 bytes to read from `hmask` on.
INLINE __m512i column_q3_K(const quern_block_q3_K *block, int k) {
  const __m512i shifts = _mm512_setr_epi32(0, 0, 2, 2, 4, 4, 6, 6, 0, 0, 2, 2, 4, 4, 6, 6);
  const __m512i low = _mm512_and_si512(_mm512_srlv_epi32(bytes_of_digits(block->qs, k), shifts),
                                       _mm512_set1_epi8(3));
  const __m512i words = _mm512_set1_epi64((long long)(4 + k) << 32 | k);
  const __m512i high = _mm512_permutexvar_epi32(words, _mm512_loadu_si512(block->hmask));
  const long long one = 0x0101010101010101;
  const __m512i places =
      _mm512_setr_epi64(one, one << 1, one << 2, one << 3, one << 4, one << 5, one << 6,
                        (long long)((unsigned long long)one << 7));
  const __mmask64 bits = _mm512_test_epi8_mask(high, places);
  return _mm512_mask_add_epi8(low, bits, low, opaque(_mm512_set1_epi8(4)));
}

INLINE void add_block_q3_K(const quern_block_q3_K *block, packed_token x, size_t at, __m512 *sums,
                           __m512 *rest) {
  const __m512 scale =
      _mm512_mul_ps(bytes_as_floats(scales_q3_K(block->scales)), one_half(&block->d));
  *rest = _mm512_fmadd_ps(scale, _mm512_loadu_ps(x.halves + at * 16), *rest);
  __m512i dots = _mm512_setzero_si512();
  for (int k = 0; k < 4; k++)
    dots = _mm512_dpbusd_epi32(dots, column_q3_K(block, k), activation_column(x, at, k));
  *sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), factors_16(scale, x, at), *sums);
}

SUPER_BLOCKS(q4_K, , lane_halves(1, 1.0f / 16), lane_halves(1, 1.0f / 16), 1)
SUPER_BLOCKS(q5_K, , every_lane(), every_lane(), 1)
SUPER_BLOCKS(iq4_XS, x.arranged = bytes_in_columns(x, columns, scratch), every_lane(), every_lane(), -128)
SUPER_BLOCKS(q6_K, , every_lane(), every_lane(), -32)
SUPER_BLOCKS(q2_K, x.arranged = bytes_in_columns(x, columns, scratch), digit_lanes(), every_lane(), 1)
SUPER_BLOCKS(q3_K, x.arranged = bytes_in_columns(x, columns, scratch), every_lane(), every_lane(), -4)

#pragma clang attribute pop

void quern_fill_integer_vectors_avx512(quern_product_table *products) {
  products->vector[10] = vector_q2_K;
  products->vector[11] = vector_q3_K;
  products->vector[12] = vector_q4_K;
  products->vector[13] = vector_q5_K;
  products->vector[14] = vector_q6_K;
  products->vector[23] = vector_iq4_XS;
  quern_fill_block_vectors_avx512(products);
  quern_fill_low_vectors_avx512(products);
  quern_fill_grid_vectors_avx512(products);
  quern_fill_tiny_vectors_avx512(products);
}
#endif
