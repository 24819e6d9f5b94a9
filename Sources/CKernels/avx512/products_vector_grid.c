// Products of the grid types IQ2 and IQ3 with one token, for AVX-512 VNNI: points are looked up eight (or
// sixteen) at a time and stay unsigned; signs are moved to the activations.
#include "../levels.h"

#if defined(__x86_64__)
#include "../grids/grids.h"
#include "products_vector.h"

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), \
    apply_to = function)

#include "vector_terms.h"

// MARK: Points and signs

INLINE __m512i eight_points(const int8_t *points, const uint16_t n[8]) {
  const __m512i at = _mm512_cvtepu16_epi64(_mm_loadu_si128((const __m128i *)n));
  return _mm512_i64gather_epi64(at, points, 8);
}
INLINE __m512i sixteen_points(const int8_t *points, const uint16_t n[16]) {
  const __m512i at = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)n));
  return _mm512_i32gather_epi32(at, points, 4);
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

/// sums + scale * (weights . activations), where `minus` turns the signs of products.
INLINE __m512 add_signed_product(__m512 sums, __m512i weights, uint64_t minus, const uint8_t *bytes,
                                 __m512 scale) {
  const __m512i x = _mm512_loadu_si512(bytes);
  const __m512i turned = _mm512_mask_sub_epi8(x, minus, _mm512_setzero_si512(), x);
  const __m512i dots = _mm512_dpbusd_epi32(_mm512_setzero_si512(), weights, turned);
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), scale, sums);
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

INLINE void add_block_iq2_XXS(const quern_block_iq2_XXS *block, const int8_t *points, packed_token x,
                              size_t at, __m512 *sums) {
  const __m512i whole = _mm512_loadu_si512(block->qs);
  const __m256i words = _mm512_cvtepi64_epi32(_mm512_srli_epi64(whole, 32));
  const __m256 scale =
      half_odd_scales(_mm256_srli_epi32(words, 28), half_bits(block->d) * 0.25f);
  const __m512 factors = factors_8(scale, x, at);
  uint64_t minus[4];
  uint16_t numbers[32];
  _mm256_storeu_si256((__m256i *)minus, even_signs(words));
  _mm512_storeu_si512(numbers,
                      _mm512_cvtepu8_epi16(_mm512_cvtepi64_epi32(whole)));
  PREFETCH_AHEAD(block);
  for (int pair = 0; pair < 4; pair++)
    sums[pair & 1] = add_signed_product(
        sums[pair & 1], eight_points(points, numbers + 8 * pair), minus[pair],
        x.bytes + at * 256 + pair * 64, _mm512_permutexvar_ps(pair_lanes(pair), factors));
}

/// Sixteen scales of four bits: (0.5 + scale) * d / 4.
INLINE __m512 scales_iq2(const uint8_t packed[8], uint16_t d) {
  const __m512i bytes = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)packed));
  const __m512i pairs = _mm512_or_si512(bytes, _mm512_slli_epi64(bytes, 28));
  const __m512 scale = _mm512_cvtepi32_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(15)));
  return _mm512_mul_ps(_mm512_add_ps(scale, _mm512_set1_ps(0.5f)),
                       _mm512_set1_ps(half_bits(d) * 0.25f));
}

INLINE void add_iq2(const int8_t *points, const uint16_t numbers[32], const uint64_t minus[4],
                    __m512 scale, packed_token x, size_t at, __m512 *sums) {
  const __m512 factors = factors_16(scale, x, at);
  for (int quad = 0; quad < 4; quad++)
    sums[quad & 1] = add_signed_product(
        sums[quad & 1], eight_points(points, numbers + 8 * quad), minus[quad],
        x.bytes + at * 256 + quad * 64, _mm512_permutexvar_ps(quad_lanes(quad), factors));
}

INLINE void add_block_iq2_XS(const quern_block_iq2_XS *block, const int8_t *points, packed_token x,
                             size_t at, __m512 *sums) {
  const __m512i codes = _mm512_loadu_si512(block->qs);
  const __m512i sevens = _mm512_srli_epi16(codes, 9);
  __m512i parity = _mm512_xor_si512(sevens, _mm512_srli_epi16(sevens, 4));
  parity = _mm512_xor_si512(parity, _mm512_srli_epi16(parity, 2));
  parity = _mm512_xor_si512(parity, _mm512_srli_epi16(parity, 1));
  const __m512i last = _mm512_and_si512(parity, _mm512_set1_epi16(1));
  const __m512i signs = _mm512_or_si512(sevens, _mm512_slli_epi16(last, 7));
  uint64_t minus[4];
  uint16_t numbers[32];
  _mm256_storeu_si256((__m256i *)minus, _mm512_cvtepi16_epi8(signs));
  _mm512_storeu_si512(numbers, _mm512_and_si512(codes, _mm512_set1_epi16(511)));
  PREFETCH_AHEAD(block);
  add_iq2(points, numbers, minus, scales_iq2(block->scales, block->d), x, at, sums);
}

/// 32 numbers whose low bytes are `low`; `high` holds their high bits at the bottom of each.
INLINE void store_numbers(const uint8_t low[32], __m512i high, uint16_t numbers[32]) {
  const __m512i bytes = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)low));
  _mm512_storeu_si512(numbers, _mm512_or_si512(bytes, _mm512_slli_epi16(high, 8)));
}

INLINE void add_block_iq2_S(const quern_block_iq2_S *block, const int8_t *points, packed_token x,
                            size_t at, __m512 *sums) {
  const __m512i bytes = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)block->qh));
  const __m512i two = _mm512_or_si512(bytes, _mm512_slli_epi64(bytes, 28));
  const __m512i four = _mm512_or_si512(two, _mm512_slli_epi64(two, 14));
  uint64_t minus[4];
  uint16_t numbers[32];
  memcpy(minus, block->qs + 32, 32);
  store_numbers(block->qs, _mm512_and_si512(four, _mm512_set1_epi16(3)), numbers);
  PREFETCH_AHEAD(block);
  add_iq2(points, numbers, minus, scales_iq2(block->scales, block->d), x, at, sums);
}

// MARK: IQ3

INLINE void add_iq3(const int8_t *points, const uint16_t numbers[64], const uint64_t minus[4],
                    __m256 scale, packed_token x, size_t at, __m512 *sums) {
  const __m512 factors = factors_8(scale, x, at);
  for (int pair = 0; pair < 4; pair++)
    sums[pair & 1] = add_signed_product(
        sums[pair & 1], sixteen_points(points, numbers + 16 * pair), minus[pair],
        x.bytes + at * 256 + pair * 64, _mm512_permutexvar_ps(pair_lanes(pair), factors));
}

INLINE void add_block_iq3_XXS(const quern_block_iq3_XXS *block, const int8_t *points, packed_token x,
                              size_t at, __m512 *sums) {
  const __m256i words = _mm256_loadu_si256((const __m256i *)(block->qs + 64));
  uint64_t minus[4];
  uint16_t numbers[64];
  _mm256_storeu_si256((__m256i *)minus, even_signs(words));
  for (int half = 0; half < 2; half++)
    store_numbers(block->qs + 32 * half, _mm512_setzero_si512(), numbers + 32 * half);
  PREFETCH_AHEAD(block);
  const __m256 scale = half_odd_scales(_mm256_srli_epi32(words, 28), half_bits(block->d) * 0.5f);
  add_iq3(points, numbers, minus, scale, x, at, sums);
}

INLINE void add_block_iq3_S(const quern_block_iq3_S *block, const int8_t *points, packed_token x,
                            size_t at, __m512 *sums) {
  uint64_t minus[4];
  uint16_t numbers[64];
  memcpy(minus, block->signs, 32);
  for (int half = 0; half < 2; half++)
    store_numbers(block->qs + 32 * half,
                  _mm512_maskz_set1_epi16(load_u32(block->qh + 4 * half), 1), numbers + 32 * half);
  PREFETCH_AHEAD(block);
  const __m256i nibbles = _mm256_and_si256(
      _mm256_srlv_epi32(_mm256_set1_epi32((int)load_u32(block->scales)),
                        _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28)),
      _mm256_set1_epi32(15));
  add_iq3(points, numbers, minus, half_odd_scales(nibbles, half_bits(block->d) * 2), x, at, sums);
}

#define GRID_SUPER_BLOCKS(name, grid)                                                             \
  static void vector_##name(const quern_product_job *product, size_t first, size_t end,           \
                            void *scratch) {                                                      \
    (void)scratch;                                                                                \
    const int8_t *points = quern_grid_for_decoding(grid);                                         \
    const packed_token x = token_of(product);                                                     \
    for (size_t r = first; r < end; r++) {                                                        \
      const quern_block_##name *row =                                                             \
          (const void *)((const uint8_t *)product->weights + r * product->row_bytes);             \
      __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};                                \
      for (size_t at = 0; at < product->columns / 256; at++)                                      \
        add_block_##name(row + at, points, x, at, sums);                                          \
      product->output[r] = row_sum(sums, _mm512_setzero_ps(), product, r);                        \
    }                                                                                             \
  }
GRID_SUPER_BLOCKS(iq2_XXS, QUERN_GRID_IQ2_XXS)
GRID_SUPER_BLOCKS(iq2_XS, QUERN_GRID_IQ2_XS)
GRID_SUPER_BLOCKS(iq2_S, QUERN_GRID_IQ2_S)
GRID_SUPER_BLOCKS(iq3_XXS, QUERN_GRID_IQ3_XXS)
GRID_SUPER_BLOCKS(iq3_S, QUERN_GRID_IQ3_S)

#pragma clang attribute pop

void quern_fill_grid_vectors_avx512(quern_product_table *products) {
  products->vector[16] = vector_iq2_XXS;
  products->vector[17] = vector_iq2_XS;
  products->vector[18] = vector_iq3_XXS;
  products->vector[21] = vector_iq3_S;
  products->vector[22] = vector_iq2_S;
}
#endif
