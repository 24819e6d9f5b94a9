// Products of the grid types IQ2 and IQ3 with one token, for AVX-512 VNNI: points stay unsigned; signs are
// moved to the activations.
#include "../levels.h"

#if defined(__x86_64__)
#include "../grids/grids.h"
#include "products_vector.h"

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),       \
    apply_to = function)

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

INLINE void add_block_iq2_XXS(const quern_block_iq2_XXS *block, packed_token x, size_t at,
                              __m512 *sums, __m512 *rest) {
  (void)rest;
  const __m512i whole = _mm512_loadu_si512(block->qs);
  const __m256i words = _mm512_cvtepi64_epi32(_mm512_srli_epi64(whole, 32));
  const __m256 scale =
      half_odd_scales(_mm256_srli_epi32(words, 28), half_bits(block->d) * 0.25f);
  const __m512 factors = factors_8(scale, x, at);
  uint64_t minus[4];
  _mm256_storeu_si256((__m256i *)minus, even_signs(words));
  const __m512i codes =
      codes_of_256(x.points, _mm512_cvtepu8_epi16(_mm512_cvtepi64_epi32(whole)));
  for (int pair = 0; pair < 4; pair++)
    sums[pair & 1] = add_signed_product(
        sums[pair & 1], levels_iq2(digits_of_eight(codes, 8 * pair)), minus[pair],
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

INLINE void add_iq2(__m512i codes, const uint64_t minus[4],
                    __m512 scale, packed_token x, size_t at, __m512 *sums) {
  const __m512 factors = factors_16(scale, x, at);
  for (int quad = 0; quad < 4; quad++)
    sums[quad & 1] = add_signed_product(
        sums[quad & 1], levels_iq2(digits_of_eight(codes, 8 * quad)), minus[quad],
        x.bytes + at * 256 + quad * 64, _mm512_permutexvar_ps(quad_lanes(quad), factors));
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
  uint64_t minus[4];
  _mm256_storeu_si256((__m256i *)minus, _mm512_cvtepi16_epi8(signs));
  add_iq2(codes_of_512(x.points, numbers), minus, scales_iq2(block->scales, block->d), x, at, sums);
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
  uint64_t minus[4];
  memcpy(minus, block->qs + 32, 32);
  const __m512i numbers = numbers_of(block->qs, four);  // in the lower ten bits
  add_iq2(codes_of_1024(x.points, numbers), minus, scales_iq2(block->scales, block->d), x, at, sums);
}

// MARK: IQ3

// `codes` are those of both halves.
#define ADD_IQ3(name)                                                                             \
  INLINE void add_##name(const __m512i codes[2], const uint64_t minus[4], __m256 scale,           \
                         packed_token x, size_t at, __m512 *sums) {                               \
    const __m512 factors = factors_8(scale, x, at);                                               \
    for (int pair = 0; pair < 4; pair++)                                                          \
      sums[pair & 1] = add_signed_product(                                                        \
          sums[pair & 1], levels_##name(digits_of_sixteen(codes[pair / 2], pair % 2 * 16)),       \
          minus[pair], x.bytes + at * 256 + pair * 64,                                            \
          _mm512_permutexvar_ps(pair_lanes(pair), factors));                                      \
  }
ADD_IQ3(iq3_XXS)
ADD_IQ3(iq3_S)

INLINE void add_block_iq3_XXS(const quern_block_iq3_XXS *block, packed_token x, size_t at,
                              __m512 *sums, __m512 *rest) {
  (void)rest;
  const __m256i words = _mm256_loadu_si256((const __m256i *)(block->qs + 64));
  uint64_t minus[4];
  _mm256_storeu_si256((__m256i *)minus, even_signs(words));
  __m512i codes[2];
  for (int half = 0; half < 2; half++)
    codes[half] = codes_of_256(x.points, numbers_of(block->qs + 32 * half, _mm512_setzero_si512()));
  const __m256 scale = half_odd_scales(_mm256_srli_epi32(words, 28), half_bits(block->d) * 0.5f);
  add_iq3_XXS(codes, minus, scale, x, at, sums);
}

INLINE void add_block_iq3_S(const quern_block_iq3_S *block, packed_token x, size_t at, __m512 *sums,
                            __m512 *rest) {
  (void)rest;
  uint64_t minus[4];
  memcpy(minus, block->signs, 32);
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
  add_iq3_S(codes, minus, half_odd_scales(nibbles, half_bits(block->d) * 2), x, at, sums);
}

#define POINTS(grid) x.points = quern_grid_split_codes(QUERN_GRID_##grid)
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
