// Products of integer block types with one token, for AVX-512 VNNI: 64 weights of a row at a time meet
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

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), \
    apply_to = function)

#include "vector_terms.h"

// MARK: Blocks of 32

/// Adds 16 where the fifth bits of two blocks are set.
INLINE __m512i add_fifth_bits(__m512i weights, const uint8_t *a, const uint8_t *b) {
  const __mmask64 bits = (uint64_t)load_u32(b) << 32 | load_u32(a);
  return _mm512_mask_add_epi8(weights, bits, weights, _mm512_set1_epi8(16));
}

/// The levels of IQ4_NL and IQ4_XS, moved up by 128.
INLINE __m512i iq4_levels(__m512i nibbles) {
  const __m128i levels = _mm_setr_epi8(1, 24, 45, 63, 79, 93, 106, 118, (char)129, (char)141,
                                       (char)153, (char)166, (char)181, (char)197, (char)217,
                                       (char)241);
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(levels), nibbles);
}

INLINE __m512i pair_q4_0(const quern_block_q4_0 *a, const quern_block_q4_0 *b) {
  return nibble_pair(a->qs, b->qs);
}
INLINE __m512i pair_q4_1(const quern_block_q4_1 *a, const quern_block_q4_1 *b) {
  return nibble_pair(a->qs, b->qs);
}
INLINE __m512i pair_q5_0(const quern_block_q5_0 *a, const quern_block_q5_0 *b) {
  return add_fifth_bits(nibble_pair(a->qs, b->qs), a->qh, b->qh);
}
INLINE __m512i pair_q5_1(const quern_block_q5_1 *a, const quern_block_q5_1 *b) {
  return add_fifth_bits(nibble_pair(a->qs, b->qs), a->qh, b->qh);
}
INLINE __m512i pair_q8_0(const quern_block_q8_0 *a, const quern_block_q8_0 *b) {
  const __m512i both = _mm512_inserti64x4(
      _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)a->qs)),
      _mm256_loadu_si256((const __m256i *)b->qs), 1);
  return _mm512_xor_si512(both, _mm512_set1_epi8((char)128));
}
INLINE __m512i pair_iq4_NL(const quern_block_iq4_NL *a, const quern_block_iq4_NL *b) {
  return iq4_levels(nibble_pair(a->qs, b->qs));
}

#define HALF_SCALES(name)                                                    \
  INLINE __m256 scales_##name(const quern_block_##name *blocks, size_t count) {    \
    return gather_halves((const uint8_t *)&blocks->d, sizeof *blocks, count); \
  }
HALF_SCALES(q4_0)
HALF_SCALES(q4_1)
HALF_SCALES(q5_0)
HALF_SCALES(q5_1)
HALF_SCALES(q8_0)
HALF_SCALES(iq4_NL)

BLOCKS_32(q4_0, 8, 0)
BLOCKS_32(q4_1, 0, 1)
BLOCKS_32(q5_0, 16, 0)
BLOCKS_32(q5_1, 0, 1)
BLOCKS_32(q8_0, 128, 0)
BLOCKS_32(iq4_NL, 128, 0)

// MARK: Super-blocks with eight sub-blocks of 32

INLINE __m256 eight_bytes(uint64_t bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes)));
}

/// The factors of Q4_K and Q5_K: scales times activation scales; minima go to `rest`.
INLINE __m512 factors_q4_K(const uint8_t packed[12], uint16_t d, uint16_t dmin, packed_token x,
                           size_t block, __m256 *rest) {
  const uint32_t a = load_u32(packed), b = load_u32(packed + 4), c = load_u32(packed + 8);
  const uint32_t low = 0x3f3f3f3f, high = 0x30303030, nibble = 0x0f0f0f0f;
  const uint64_t scales =
      (uint64_t)((c & nibble) | (a >> 2 & high)) << 32 | (a & low);
  const uint64_t minima =
      (uint64_t)((c >> 4 & nibble) | (b >> 2 & high)) << 32 | (b & low);
  const __m256 minimum = _mm256_mul_ps(eight_bytes(minima), _mm256_set1_ps(half_bits(dmin)));
  *rest = _mm256_fnmadd_ps(minimum, _mm256_loadu_ps(x.sums + block * 8), *rest);
  const __m256 scale = _mm256_mul_ps(eight_bytes(scales), _mm256_set1_ps(half_bits(d)));
  return _mm512_castps256_ps512(_mm256_mul_ps(scale, _mm256_loadu_ps(x.scales + block * 8)));
}

/// 32 packed bytes as 64 nibbles, all low ones first.
INLINE __m512i nibble_halves(const uint8_t *bytes) {
  return _mm512_and_si512(_mm512_srlv_epi64(twice(bytes), halves_of(0, 4)), nibbles());
}

INLINE void add_block_q4_K(const quern_block_q4_K *block, packed_token x, size_t at, __m512 *sums,
                           __m256 *rest) {
  const __m512 factors = factors_q4_K(block->scales, block->d, block->dmin, x, at, rest);
  for (int pair = 0; pair < 4; pair++) {
    if (pair % 2 == 0) PREFETCH_AHEAD(block->qs + pair * 32);
    sums[pair & 1] = add_product(sums[pair & 1], nibble_halves(block->qs + pair * 32),
                                 x.bytes + at * 256 + pair * 64,
                                 _mm512_permutexvar_ps(pair_lanes(pair), factors));
  }
}

INLINE void add_block_q5_K(const quern_block_q5_K *block, packed_token x, size_t at, __m512 *sums,
                           __m256 *rest) {
  const __m512 factors = factors_q4_K(block->scales, block->d, block->dmin, x, at, rest);
  const __m512i high = twice(block->qh);
  for (int pair = 0; pair < 4; pair++) {
    if (pair % 2 == 0) PREFETCH_AHEAD(block->qs + pair * 32);
    const long long ones = 0x0101010101010101;
    const __mmask64 bits =
        _mm512_test_epi8_mask(high, halves_of(ones << (2 * pair), ones << (2 * pair + 1)));
    const __m512i low = nibble_halves(block->qs + pair * 32);
    const __m512i weights = _mm512_mask_add_epi8(low, bits, low, _mm512_set1_epi8(16));
    sums[pair & 1] = add_product(sums[pair & 1], weights, x.bytes + at * 256 + pair * 64,
                                 _mm512_permutexvar_ps(pair_lanes(pair), factors));
  }
}

INLINE void add_block_iq4_XS(const quern_block_iq4_XS *block, packed_token x, size_t at,
                             __m512 *sums, __m256 *rest) {
  const __m256i order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i low = _mm256_srlv_epi32(_mm256_set1_epi32((int)load_u32(block->scales_l)),
                                        _mm256_slli_epi32(order, 2));
  const __m256i high =
      _mm256_srlv_epi32(_mm256_set1_epi32(block->scales_h), _mm256_slli_epi32(order, 1));
  const __m256i six = _mm256_or_si256(
      _mm256_and_si256(low, _mm256_set1_epi32(15)),
      _mm256_slli_epi32(_mm256_and_si256(high, _mm256_set1_epi32(3)), 4));
  const __m256 scale = _mm256_mul_ps(
      _mm256_cvtepi32_ps(_mm256_sub_epi32(six, _mm256_set1_epi32(32))),
      _mm256_set1_ps(half_bits(block->d)));
  *rest = _mm256_fnmadd_ps(_mm256_mul_ps(scale, _mm256_set1_ps(128)),
                           _mm256_loadu_ps(x.sums + at * 8), *rest);
  const __m512 factors =
      _mm512_castps256_ps512(_mm256_mul_ps(scale, _mm256_loadu_ps(x.scales + at * 8)));
  for (int pair = 0; pair < 4; pair++) {
    if (pair % 2 == 0) PREFETCH_AHEAD(block->qs + pair * 32);
    const __m512i weights =
        iq4_levels(nibble_pair(block->qs + pair * 32, block->qs + pair * 32 + 16));
    sums[pair & 1] = add_product(sums[pair & 1], weights, x.bytes + at * 256 + pair * 64,
                                 _mm512_permutexvar_ps(pair_lanes(pair), factors));
  }
}

// MARK: Super-blocks with sixteen sub-blocks of 16

INLINE void add_block_q6_K(const quern_block_q6_K *block, packed_token x, size_t at, __m512 *sums,
                           __m512 *rest) {
  const __m512 scale = _mm512_mul_ps(
      _mm512_cvtepi32_ps(
          _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)block->scales))),
      _mm512_set1_ps(half_bits(block->d)));
  *rest = _mm512_fnmadd_ps(_mm512_mul_ps(scale, _mm512_set1_ps(32)),
                           _mm512_loadu_ps(x.halves + at * 16), *rest);
  const __m512 factors = factors_16(scale, x, at);
  for (int half = 0; half < 2; half++) {
    PREFETCH_AHEAD(block->ql + half * 64);
    const __m512i low = _mm512_loadu_si512(block->ql + half * 64);
    const __m512i high = twice(block->qh + half * 32);
    const __m512i pairs = _mm512_set1_epi8(0x30);
    // 0xf8: first | (second & third)
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
  const __m512 scale =
      _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(both, _mm512_set1_epi32(15))),
                    _mm512_set1_ps(half_bits(block->d)));
  const __m512 minimum = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(both, 4)),
                                       _mm512_set1_ps(half_bits(block->dmin)));
  *rest = _mm512_fnmadd_ps(minimum, _mm512_loadu_ps(x.halves + at * 16), *rest);
  const __m512 factors = factors_16(scale, x, at);
  PREFETCH_AHEAD(block);
  for (int quad = 0; quad < 4; quad++) {
    const __m512i shift = quad % 2 == 0 ? halves_of(0, 2) : halves_of(4, 6);
    const __m512i weights = _mm512_and_si512(
        _mm512_srlv_epi64(twice(block->qs + quad / 2 * 32), shift), _mm512_set1_epi8(3));
    sums[quad & 1] = add_product(sums[quad & 1], weights, x.bytes + at * 256 + quad * 64,
                                 _mm512_permutexvar_ps(quad_lanes(quad), factors));
  }
}

/// The sixteen 6-bit scales of Q3_K as signed bytes.
INLINE __m128i scales_q3_K(const uint8_t packed[12]) {
  const uint32_t a = load_u32(packed), b = load_u32(packed + 4), c = load_u32(packed + 8);
  const uint32_t nibble = 0x0f0f0f0f, high = 0x30303030;
  const __m128i six = _mm_setr_epi32((int)((a & nibble) | (c << 4 & high)),
                                     (int)((b & nibble) | (c << 2 & high)),
                                     (int)((a >> 4 & nibble) | (c & high)),
                                     (int)((b >> 4 & nibble) | (c >> 2 & high)));
  return _mm_sub_epi8(six, _mm_set1_epi8(32));
}

INLINE void add_block_q3_K(const quern_block_q3_K *block, packed_token x, size_t at, __m512 *sums,
                           __m512 *rest) {
  const __m512 scale =
      _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(scales_q3_K(block->scales))),
                    _mm512_set1_ps(half_bits(block->d)));
  *rest = _mm512_fnmadd_ps(_mm512_mul_ps(scale, _mm512_set1_ps(4)),
                           _mm512_loadu_ps(x.halves + at * 16), *rest);
  const __m512 factors = factors_16(scale, x, at);
  const __m512i high = twice(block->hmask);
  PREFETCH_AHEAD(block);
  for (int quad = 0; quad < 4; quad++) {
    const long long ones = 0x0101010101010101;
    const __m512i shift = quad % 2 == 0 ? halves_of(0, 2) : halves_of(4, 6);
    const __m512i low = _mm512_and_si512(
        _mm512_srlv_epi64(twice(block->qs + quad / 2 * 32), shift), _mm512_set1_epi8(3));
    const __mmask64 bits = _mm512_test_epi8_mask(
        high, halves_of(ones << (2 * quad), (long long)((unsigned long long)ones << (2 * quad + 1))));
    const __m512i weights = _mm512_mask_add_epi8(low, bits, low, _mm512_set1_epi8(4));
    sums[quad & 1] = add_product(sums[quad & 1], weights, x.bytes + at * 256 + quad * 64,
                                 _mm512_permutexvar_ps(quad_lanes(quad), factors));
  }
}

SUPER_BLOCKS(q4_K, __m256, _mm256_setzero_ps, _mm512_zextps256_ps512)
SUPER_BLOCKS(q5_K, __m256, _mm256_setzero_ps, _mm512_zextps256_ps512)
SUPER_BLOCKS(iq4_XS, __m256, _mm256_setzero_ps, _mm512_zextps256_ps512)
SUPER_BLOCKS(q2_K, __m512, _mm512_setzero_ps, )
SUPER_BLOCKS(q3_K, __m512, _mm512_setzero_ps, )
SUPER_BLOCKS(q6_K, __m512, _mm512_setzero_ps, )

#pragma clang attribute pop

void quern_fill_integer_vectors_avx512(quern_product_table *products) {
  products->vector[2] = vector_q4_0;
  products->vector[3] = vector_q4_1;
  products->vector[6] = vector_q5_0;
  products->vector[7] = vector_q5_1;
  products->vector[8] = vector_q8_0;
  products->vector[10] = vector_q2_K;
  products->vector[11] = vector_q3_K;
  products->vector[12] = vector_q4_K;
  products->vector[13] = vector_q5_K;
  products->vector[14] = vector_q6_K;
  products->vector[20] = vector_iq4_NL;
  products->vector[23] = vector_iq4_XS;
  quern_fill_low_vectors_avx512(products);
  quern_fill_grid_vectors_avx512(products);
  quern_fill_tiny_vectors_avx512(products);
}
#endif
