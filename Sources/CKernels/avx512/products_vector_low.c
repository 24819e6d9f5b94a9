// Products of FP4 and ternary block types with one token, for AVX-512 VNNI.
#include "../levels.h"

#if defined(__x86_64__)
#include "products_vector.h"

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),       \
    apply_to = function)

#include "vector_blocks.h"
#include "vector_columns.h"

// MARK: FP4

/// E2M1, doubled, moved up by 12; the scales come halved.
INLINE __m512i fp4_levels(__m512i nibbles) {
  const __m128i levels = _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(levels), nibbles);
}

WEIGHTS_OF_PAIR(mxfp4, fp4_levels(shifted_nibbles(a->qs, b->qs)))

/// Blocks have 17 bytes; loads lie four of them apart.
INLINE block_group group_mxfp4(size_t count) {
  block_group group = {count, {~(__mmask32)0, ~(__mmask32)0}};
  if (count < 8) group.words[0] = count < 4 ? (1u << (17 * count + 1) / 2) - 1 : ~(__mmask32)0;
  if (count < 8) group.words[1] = count > 4 ? (1u << (17 * (count - 4) + 1) / 2) - 1 : 0;
  return group;
}

/// 2^(e - 128) of eight blocks, twice; the two lowest are subnormal.
INLINE __m512 scales_mxfp4(const quern_block_mxfp4 *blocks, block_group group) {
  const __m512i places = _mm512_castsi128_si512(_mm_setr_epi16(0, 8, 17, 25, 32, 40, 49, 57));
  const __m128i words = _mm512_castsi512_si128(
      _mm512_permutex2var_epi16(load_words(group.words[0], blocks), places,
                                load_words(group.words[1], blocks + 4)));
  const __m128i bytes = _mm_and_si128(
      _mm_srlv_epi16(words, _mm_setr_epi16(0, 8, 0, 8, 0, 8, 0, 8)), _mm_set1_epi16(255));
  const __m256i e = _mm256_cvtepu16_epi32(bytes);
  const __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
  const __mmask8 small = _mm256_cmplt_epi32_mask(e, _mm256_set1_epi32(2));
  const __mmask8 present = (__mmask8)((1u << group.count) - 1);  // a subnormal number takes time
  return _mm512_broadcast_f32x8(_mm256_maskz_mov_ps(
      present, _mm256_castsi256_ps(_mm256_mask_sllv_epi32(normal, small,
                                                          _mm256_set1_epi32(0x00200000), e))));
}

BLOCK_GROUPS(mxfp4, 1, 12, every_lane())

/// Halves of sixteen UE4M3 numbers: the top bit is ignored and 0x7f is zero.
INLINE __m512 halves_of_ue4m3(__m128i codes) {
  const __m512i code = _mm512_cvtepu8_epi32(codes);
  const __m512i exponent = _mm512_and_si512(_mm512_srli_epi32(code, 3), _mm512_set1_epi32(15));
  const __m512i mantissa = _mm512_and_si512(code, _mm512_set1_epi32(7));
  const __mmask16 normal = _mm512_test_epi32_mask(exponent, exponent);
  const __m512i digits = _mm512_mask_add_epi32(mantissa, normal, mantissa, _mm512_set1_epi32(8));
  const __m512i power = _mm512_max_epu32(exponent, _mm512_set1_epi32(1));
  const __m512 unit = _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_add_epi32(power, _mm512_set1_epi32(127 - 11)), 23));
  return _mm512_maskz_mul_ps(_mm512_cmpneq_epi32_mask(code, _mm512_set1_epi32(0x7f)),
                             _mm512_cvtepi32_ps(digits), unit);
}

/// Up to four blocks of 64, sub-blocks of 16; loads lie two of them apart.
INLINE void add_blocks_nvfp4(const quern_block_nvfp4 *blocks, packed_token x, size_t at, size_t count,
                             __mmask16 first, __mmask16 second, __m512 *sums, __m512 *rest) {
  const __m128i codes = _mm512_castsi512_si128(_mm512_permutex2var_epi32(
      _mm512_maskz_loadu_epi32(first, blocks),
      _mm512_castsi128_si512(_mm_setr_epi32(0, 9, 16, 25)),
      _mm512_maskz_loadu_epi32(second, blocks + 2)));
  const __m512 scale = halves_of_ue4m3(codes);
  const __mmask16 present = (__mmask16)((1u << 4 * count) - 1);
  *rest = _mm512_fmadd_ps(scale, _mm512_maskz_loadu_ps(present, x.halves + at * 4), *rest);
  const __m512 activation =
      _mm512_maskz_loadu_ps((__mmask16)((1u << 2 * count) - 1), x.scales + at * 2);
  const __m512i twice_each = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  const __m512 factors = _mm512_mul_ps(scale, _mm512_permutexvar_ps(twice_each, activation));
  prefetch_bytes(blocks, 4 * sizeof *blocks);
  for (int i = 0; i < (int)count; i++) {
    const __m512i eights = _mm512_permutexvar_epi64(
        _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3),
        _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)blocks[i].qs)));
    const __m512i codes_8 = _mm512_srlv_epi64(eights, _mm512_setr_epi64(0, 4, 0, 4, 0, 4, 0, 4));
    sums[i & 1] = add_product(sums[i & 1], fp4_levels(_mm512_and_si512(codes_8, nibbles())),
                              x.bytes + (at + (size_t)i) * 64,
                              _mm512_permutexvar_ps(quad_lanes(i), factors));
  }
}

INLINE __m512 row_nvfp4(const quern_block_nvfp4 *blocks, packed_token x, size_t count) {
  __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()}, rest = _mm512_setzero_ps();
  size_t at = 0;
  for (; at + 4 <= count; at += 4)
    add_blocks_nvfp4(blocks + at, x, at, 4, 0xffff, 0xffff, sums, &rest);
  const size_t left = count - at;
  if (left)
    add_blocks_nvfp4(blocks + at, x, at, left, left == 1 ? 0x1ff : 0xffff,
                     left == 3 ? 0x1ff : 0, sums, &rest);
  return _mm512_fmadd_ps(rest, _mm512_set1_ps(-12), _mm512_add_ps(sums[0], sums[1]));
}
ROWS(nvfp4, , row_nvfp4(blocks, x, columns / 64))

// MARK: Ternary

/// Weights moved up by 1; one scale for the whole block.
INLINE __m512 factors_ternary(const void *d, packed_token x, size_t at, __m512 *rest) {
  const __m512 factors = _mm512_mul_ps(one_half(d), scales_and_sums(x, at));
  *rest = _mm512_mask_sub_ps(*rest, 0xff00, *rest, factors);
  return factors;
}

INLINE void add_block_tq2_0(const quern_block_tq2_0 *block, packed_token x, size_t at, __m512 *sums,
                            __m512 *rest) {
  const __m512 factors = factors_ternary(&block->d, x, at, rest);
  *sums = _mm512_fmadd_ps(digit_dots(block->qs, x, at), each_twice(factors), *sums);
}

/// Three times every byte, without what does not fit.
INLINE __m512i thrice(__m512i bytes) {
  return _mm512_add_epi8(bytes, _mm512_add_epi8(bytes, bytes));
}

/// The first digit to base 3 of fractions of 256.
INLINE __m512i first_trits(__m512i fractions) {
  const __mmask64 one = _mm512_cmpge_epu8_mask(fractions, _mm512_set1_epi8(86));
  const __mmask64 two = _mm512_cmpge_epu8_mask(fractions, _mm512_set1_epi8((char)171));
  const __m512i digits = _mm512_maskz_set1_epi8(one, 1);
  return _mm512_mask_set1_epi8(digits, two, 2);
}

// Digit n is the first of 3^n times the byte: five of 32 bytes, five of 16, four of 4 in turn.
INLINE void add_block_tq1_0(const quern_block_tq1_0 *block, packed_token x, size_t at, __m512 *sums,
                            __m512 *rest) {
  const __m512 factors = factors_ternary(&block->d, x, at, rest);
  const __m512i wide = twice(block->qs);
  const __m512i a = _mm512_mask_mov_epi64(wide, 0xf0, thrice(wide));  // digits 0, 1
  const __m512i b = thrice(thrice(a));                               // 2, 3
  const __m512i once = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(block->qs + 32)));
  const __m512i odd = _mm512_mask_mov_epi64(once, 0xcc, thrice(once));          // 0, 1, 0, 1
  const __m512i four = _mm512_mask_mov_epi64(odd, 0xf0, thrice(thrice(odd)));  // 0, 1, 2, 3
  const __m512i fifth = thrice(thrice(thrice(thrice(once))));
  const __m512i few = _mm512_set1_epi32((int)load_u32(block->qh));
  const __m512i few_odd = _mm512_mask_mov_epi32(few, 0xaaaa, thrice(few));
  const __m512i few_four = _mm512_mask_mov_epi32(few_odd, 0xcccc, thrice(thrice(few_odd)));
  const __m512i c = _mm512_mask_expand_epi64(thrice(thrice(b)), 0xf0, four);
  const __m512i low = _mm512_maskz_compress_epi64(0xf0, four);  // 2, 3
  const __m512i d = _mm512_mask_mov_epi64(_mm512_mask_mov_epi64(low, 0x30, fifth), 0xc0, few_four);
  const __m512i fractions[4] = {a, b, c, d};
  for (int pair = 0; pair < 4; pair++)
    sums[pair & 1] =
        add_product(sums[pair & 1], first_trits(fractions[pair]), x.bytes + at * 256 + pair * 64,
                    _mm512_permutexvar_ps(pair_lanes(pair), factors));
}

SUPER_BLOCKS(tq1_0, , every_lane(), every_lane(), 1)
SUPER_BLOCKS(tq2_0, x.arranged = bytes_in_columns(x, columns, scratch), digit_lanes(), every_lane(), 1)

#pragma clang attribute pop

void quern_fill_low_vectors_avx512(quern_product_table *products) {
  products->vector[34] = vector_tq1_0;
  products->vector[35] = vector_tq2_0;
  products->vector[39] = vector_mxfp4;
  products->vector[40] = vector_nvfp4;
}
#endif
