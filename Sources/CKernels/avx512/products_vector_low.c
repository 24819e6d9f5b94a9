// Products of FP4 and ternary block types with one token, for AVX-512 VNNI.
#include "../levels.h"

#if defined(__x86_64__)
#include "products_vector.h"

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), \
    apply_to = function)

#include "vector_terms.h"

// MARK: FP4

/// E2M1, doubled, moved up by 12; the scales come halved.
INLINE __m512i fp4_levels(__m512i nibbles) {
  const __m128i levels = _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(levels), nibbles);
}

INLINE __m512i pair_mxfp4(const quern_block_mxfp4 *a, const quern_block_mxfp4 *b) {
  return fp4_levels(nibble_pair(a->qs, b->qs));
}

/// 2^(e - 128) of up to 8 blocks; the two lowest are subnormal.
INLINE __m256 scales_mxfp4(const quern_block_mxfp4 *blocks, size_t count) {
  uint8_t bytes[8] = {0};
  for (size_t i = 0; i < count; i++) bytes[i] = blocks[i].e;
  const __m256i e = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)bytes));
  const __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
  const __mmask8 small = _mm256_cmplt_epi32_mask(e, _mm256_set1_epi32(2));
  return _mm256_castsi256_ps(
      _mm256_mask_sllv_epi32(normal, small, _mm256_set1_epi32(0x00200000), e));
}

BLOCKS_32(mxfp4, 12, 0)

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

/// Up to four blocks of 64, sub-blocks of 16.
INLINE void add_blocks_nvfp4(const quern_block_nvfp4 *blocks, packed_token x, size_t at, size_t count,
                             __m512 *sums, __m512 *rest) {
  uint32_t codes[4] = {0};
  for (size_t i = 0; i < count; i++) codes[i] = load_u32(blocks[i].d);
  const __m512 scale = halves_of_ue4m3(_mm_loadu_si128((const __m128i *)codes));
  const __mmask16 present = (__mmask16)((1u << 4 * count) - 1);
  *rest = _mm512_fnmadd_ps(_mm512_mul_ps(scale, _mm512_set1_ps(12)),
                           _mm512_maskz_loadu_ps(present, x.halves + at * 4), *rest);
  const __m512 activation =
      _mm512_maskz_loadu_ps((__mmask16)((1u << 2 * count) - 1), x.scales + at * 2);
  const __m512i twice_each = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  const __m512 factors = _mm512_mul_ps(scale, _mm512_permutexvar_ps(twice_each, activation));
  for (int i = 0; i < (int)count; i++) {
    PREFETCH_AHEAD(blocks + i);
    const __m512i eights = _mm512_permutexvar_epi64(
        _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3),
        _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)blocks[i].qs)));
    const __m512i codes_8 = _mm512_srlv_epi64(eights, _mm512_setr_epi64(0, 4, 0, 4, 0, 4, 0, 4));
    sums[i & 1] = add_product(sums[i & 1], fp4_levels(_mm512_and_si512(codes_8, nibbles())),
                              x.bytes + (at + (size_t)i) * 64,
                              _mm512_permutexvar_ps(quad_lanes(i), factors));
  }
}

static void vector_nvfp4(const quern_product_job *product, size_t first, size_t end, void *scratch) {
  (void)scratch;
  const packed_token x = token_of(product);
  const size_t count = product->columns / 64, whole = count / 4 * 4;
  for (size_t r = first; r < end; r++) {
    const quern_block_nvfp4 *row =
        (const void *)((const uint8_t *)product->weights + r * product->row_bytes);
    __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()}, rest = _mm512_setzero_ps();
    for (size_t at = 0; at < whole; at += 4) add_blocks_nvfp4(row + at, x, at, 4, sums, &rest);
    if (whole < count) add_blocks_nvfp4(row + whole, x, whole, count - whole, sums, &rest);
    product->output[r] = row_sum(sums, rest, product, r);
  }
}

// MARK: Ternary

/// Weights moved up by 1; one scale for the whole block.
INLINE __m512 factors_ternary(uint16_t d, packed_token x, size_t at, __m256 *rest) {
  const __m256 scale = _mm256_set1_ps(half_bits(d));
  *rest = _mm256_fnmadd_ps(scale, _mm256_loadu_ps(x.sums + at * 8), *rest);
  return _mm512_castps256_ps512(_mm256_mul_ps(scale, _mm256_loadu_ps(x.scales + at * 8)));
}

INLINE void add_block_tq2_0(const quern_block_tq2_0 *block, packed_token x, size_t at, __m512 *sums,
                            __m256 *rest) {
  const __m512 factors = factors_ternary(block->d, x, at, rest);
  PREFETCH_AHEAD(block);
  for (int pair = 0; pair < 4; pair++) {
    const __m512i shift = pair % 2 == 0 ? halves_of(0, 2) : halves_of(4, 6);
    const __m512i weights = _mm512_and_si512(
        _mm512_srlv_epi64(twice(block->qs + pair / 2 * 32), shift), _mm512_set1_epi8(3));
    sums[pair & 1] = add_product(sums[pair & 1], weights, x.bytes + at * 256 + pair * 64,
                                 _mm512_permutexvar_ps(pair_lanes(pair), factors));
  }
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
                            __m256 *rest) {
  const __m512 factors = factors_ternary(block->d, x, at, rest);
  PREFETCH_AHEAD(block);
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

SUPER_BLOCKS(tq1_0, __m256, _mm256_setzero_ps, _mm512_zextps256_ps512)
SUPER_BLOCKS(tq2_0, __m256, _mm256_setzero_ps, _mm512_zextps256_ps512)

#pragma clang attribute pop

void quern_fill_low_vectors_avx512(quern_product_table *products) {
  products->vector[34] = vector_tq1_0;
  products->vector[35] = vector_tq2_0;
  products->vector[39] = vector_mxfp4;
  products->vector[40] = vector_nvfp4;
}
#endif
