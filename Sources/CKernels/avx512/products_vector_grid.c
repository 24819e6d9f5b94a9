// Products of the grid types IQ2 and IQ3 with one token, for AVX-512 VNNI: points stay unsigned; signs are
// moved to the activations.
#include "../levels.h"

#if defined(__x86_64__)
#include "../grids/grids.h"
#include "products_vector.h"

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),       \
    apply_to = function)

#include "vector_columns.h"
#include "vector_points.h"

// MARK: Points and signs

/// What digits mean.
INLINE __m512i levels_iq2(__m512i digits) {
  return _mm512_shuffle_epi8(_mm512_set1_epi32(8 | 25 << 8 | 43 << 16), digits);
}
INLINE __m512i levels_iq3_XXS(__m512i digits) {
  return _mm512_shuffle_epi8(_mm512_set1_epi64(0x3e342c241c140c04), digits);
}
INLINE __m512i levels_iq3_S(__m512i digits) {
  return _mm512_shuffle_epi8(_mm512_set1_epi64(0x0f0d0b0907050301), digits);
}

/// Four signs of eight elements from each word: of every eight, seven are stored, and the eighth makes
/// the number of minus signs even.
INLINE __m256i even_signs(__m256i stored) {
  __m256i sevens = _mm256_and_si256(stored, _mm256_set1_epi32(0x7f));
  for (int k = 1; k < 4; k++)
    sevens = _mm256_or_si256(sevens, _mm256_and_si256(_mm256_slli_epi32(stored, k),
                                                      _mm256_set1_epi32(0x7f << 8 * k)));
  __m256i parity = _mm256_xor_si256(sevens, _mm256_srli_epi32(sevens, 4));
  parity = _mm256_xor_si256(parity, _mm256_srli_epi32(parity, 2));
  parity = _mm256_xor_si256(parity, _mm256_srli_epi32(parity, 1));
  const __m256i last = _mm256_and_si256(parity, _mm256_set1_epi8(1));
  return _mm256_or_si256(sevens, _mm256_slli_epi32(last, 7));
}

/// The dots of sixteen sub-blocks, in the lanes; each lane of `minus` has its sixteen signs.
typedef struct {
  __m512i dots, minus;
} signed_dots;

INLINE signed_dots no_dots(__m256i signs) {
  return (signed_dots){_mm512_setzero_si512(), _mm512_cvtepu16_epi32(signs)};
}

/// Adds the products of a column.
INLINE void add_column(signed_dots *sums, __m512i weights, packed_token x, size_t at, int k) {
  const __m512i bytes = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12));
  const __m512i spread = _mm512_shuffle_epi8(
      sums->minus, _mm512_add_epi8(bytes, _mm512_set1_epi8((char)(k / 2))));
  const __mmask64 minus =
      _mm512_test_epi8_mask(spread, _mm512_set1_epi32(k % 2 ? (int)0x80402010 : 0x08040201));
  const __m512i column = activation_column(x, at, k);
  const __m512i turned = _mm512_mask_sub_epi8(column, minus, _mm512_setzero_si512(), column);
  sums->dots = _mm512_dpbusd_epi32(sums->dots, weights, turned);
}

INLINE __m512 factors_8(__m256 scale, packed_token x, size_t at) {
  return _mm512_castps256_ps512(_mm256_mul_ps(scale, _mm256_loadu_ps(x.scales + at * 8)));
}

/// (0.5 + scale) * unit for eight scales of four bits.
INLINE __m256 half_odd_scales(__m256i scales, float unit) {
  return _mm256_mul_ps(_mm256_add_ps(_mm256_cvtepi32_ps(scales), _mm256_set1_ps(0.5f)),
                       _mm256_set1_ps(unit));
}

// MARK: IQ2

INLINE void add_iq2(__m512i codes, __m256i signs, __m512 factors, packed_token x, size_t at,
                    __m512 *sums) {
  signed_dots all = no_dots(signs);
  for (int k = 0; k < 4; k++) add_column(&all, levels_iq2(column_of_eights(codes, k)), x, at, k);
  *sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(all.dots), factors, *sums);
}

INLINE void add_block_iq2_XXS(const quern_block_iq2_XXS *block, packed_token x, size_t at,
                              __m512 *sums, __m512 *rest) {
  (void)rest;
  const __m512i whole = _mm512_loadu_si512(block->qs);
  const __m256i words = _mm512_cvtepi64_epi32(_mm512_srli_epi64(whole, 32));
  const __m256 scale =
      half_odd_scales(_mm256_srli_epi32(words, 28), half_bits(block->d) * 0.25f);
  const __m512i codes =
      codes_of_256(x.points, _mm512_cvtepu8_epi16(_mm512_cvtepi64_epi32(whole)));
  add_iq2(codes, even_signs(words), each_twice(factors_8(scale, x, at)), x, at, sums);
}

/// Sixteen scales of four bits: (0.5 + scale) * d / 4.
INLINE __m512 scales_iq2(const uint8_t packed[8], uint16_t d) {
  const __m512i bytes = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)packed));
  const __m512i pairs = _mm512_or_si512(bytes, _mm512_slli_epi64(bytes, 28));
  const __m512 scale = _mm512_cvtepi32_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(15)));
  return _mm512_mul_ps(_mm512_add_ps(scale, _mm512_set1_ps(0.5f)),
                       _mm512_set1_ps(half_bits(d) * 0.25f));
}

INLINE void add_block_iq2_XS(const quern_block_iq2_XS *block, packed_token x, size_t at,
                             __m512 *sums, __m512 *rest) {
  (void)rest;
  const __m512i numbers = _mm512_loadu_si512(block->qs);  // in the lower nine bits
  const __m512i sevens = _mm512_srli_epi16(numbers, 9);
  __m512i parity = _mm512_xor_si512(sevens, _mm512_srli_epi16(sevens, 4));
  parity = _mm512_xor_si512(parity, _mm512_srli_epi16(parity, 2));
  parity = _mm512_xor_si512(parity, _mm512_srli_epi16(parity, 1));
  const __m512i last = _mm512_and_si512(parity, _mm512_set1_epi16(1));
  const __m512i signs = _mm512_or_si512(sevens, _mm512_slli_epi16(last, 7));
  add_iq2(codes_of_512(x.points, numbers), _mm512_cvtepi16_epi8(signs),
          factors_16(scales_iq2(block->scales, block->d), x, at), x, at, sums);
}

/// 32 numbers whose low bytes are `low`; `high` holds their high bits at the bottom of each.
INLINE __m512i numbers_of(const uint8_t low[32], __m512i high) {
  const __m512i bytes = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)low));
  return _mm512_or_si512(bytes, _mm512_slli_epi16(high, 8));
}

INLINE void add_block_iq2_S(const quern_block_iq2_S *block, packed_token x, size_t at,
                            __m512 *sums, __m512 *rest) {
  (void)rest;
  const __m512i bytes = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)block->qh));
  const __m512i two = _mm512_or_si512(bytes, _mm512_slli_epi64(bytes, 28));
  const __m512i four = _mm512_or_si512(two, _mm512_slli_epi64(two, 14));
  const __m512i numbers = numbers_of(block->qs, four);  // in the lower ten bits
  const __m256i signs = _mm256_loadu_si256((const __m256i *)(block->qs + 32));
  add_iq2(codes_of_1024(x.points, numbers), signs,
          factors_16(scales_iq2(block->scales, block->d), x, at), x, at, sums);
}

// MARK: IQ3

// `codes` are those of both halves.
#define ADD_IQ3(name)                                                                             \
  INLINE void add_##name(const __m512i codes[2], __m256i signs, __m256 scale, packed_token x,     \
                         size_t at, __m512 *sums) {                                               \
    signed_dots all = no_dots(signs);                                                             \
    for (int k = 0; k < 4; k++)                                                                   \
      add_column(&all, levels_##name(column_of_fours(codes, k)), x, at, k);                       \
    *sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(all.dots), each_twice(factors_8(scale, x, at)),    \
                            *sums);                                                               \
  }
ADD_IQ3(iq3_XXS)
ADD_IQ3(iq3_S)

INLINE void add_block_iq3_XXS(const quern_block_iq3_XXS *block, packed_token x, size_t at,
                              __m512 *sums, __m512 *rest) {
  (void)rest;
  const __m256i words = _mm256_loadu_si256((const __m256i *)(block->qs + 64));
  __m512i codes[2];
  for (int half = 0; half < 2; half++)
    codes[half] = codes_of_256(x.points, numbers_of(block->qs + 32 * half, _mm512_setzero_si512()));
  const __m256 scale = half_odd_scales(_mm256_srli_epi32(words, 28), half_bits(block->d) * 0.5f);
  add_iq3_XXS(codes, even_signs(words), scale, x, at, sums);
}

INLINE void add_block_iq3_S(const quern_block_iq3_S *block, packed_token x, size_t at, __m512 *sums,
                            __m512 *rest) {
  (void)rest;
  __m512i codes[2];
  for (int half = 0; half < 2; half++) {
    const __m512i bytes =
        _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(block->qs + 32 * half)));
    const __m512i numbers = _mm512_mask_add_epi16(bytes, load_u32(block->qh + 4 * half), bytes,
                                                  _mm512_set1_epi16(256));
    codes[half] = codes_of_512(x.points, numbers);
  }
  const __m256i nibbles = _mm256_and_si256(
      _mm256_srlv_epi32(_mm256_set1_epi32((int)load_u32(block->scales)),
                        _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28)),
      _mm256_set1_epi32(15));
  add_iq3_S(codes, _mm256_loadu_si256((const __m256i *)block->signs),
            half_odd_scales(nibbles, half_bits(block->d) * 2), x, at, sums);
}

#define POINTS(grid)                                            \
  x.points = quern_grid_split_codes(QUERN_GRID_##grid);         \
  x.arranged = bytes_in_columns(x, columns, scratch)
SUPER_BLOCKS(iq2_XXS, POINTS(IQ2_XXS), every_lane(), every_lane(), 0)
SUPER_BLOCKS(iq2_XS, POINTS(IQ2_XS), every_lane(), every_lane(), 0)
SUPER_BLOCKS(iq2_S, POINTS(IQ2_S), every_lane(), every_lane(), 0)
SUPER_BLOCKS(iq3_XXS, POINTS(IQ3_XXS), every_lane(), every_lane(), 0)
SUPER_BLOCKS(iq3_S, POINTS(IQ3_S), every_lane(), every_lane(), 0)

#pragma clang attribute pop

void quern_fill_grid_vectors_avx512(quern_product_table *products) {
  products->vector[16] = vector_iq2_XXS;
  products->vector[17] = vector_iq2_XS;
  products->vector[18] = vector_iq3_XXS;
  products->vector[21] = vector_iq3_S;
  products->vector[22] = vector_iq2_S;
}
#endif
