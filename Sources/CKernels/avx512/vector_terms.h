// What the products of one token share, for AVX-512 VNNI. Included under the level's target attribute.
#ifndef QUERN_AVX512_VECTOR_TERMS_H
#define QUERN_AVX512_VECTOR_TERMS_H

#include <immintrin.h>

#include "../products/packed_token.h"
#include "../products/prefetch.h"
#include "products_vector.h"

INLINE float half_bits(uint16_t bits) { return _cvtsh_ss(bits); }

/// Lane numbers that spread two of 8 factors over the lanes of two blocks.
INLINE __m512i pair_lanes(int pair) {
  const __m256i one = _mm256_set1_epi32(2 * pair);
  return _mm512_inserti64x4(_mm512_castsi256_si512(one), _mm256_set1_epi32(2 * pair + 1), 1);
}

/// Lane numbers that spread four of 16 factors over the lanes of four sub-blocks.
INLINE __m512i quad_lanes(int quad) {
  return _mm512_add_epi32(_mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
                          _mm512_set1_epi32(4 * quad));
}

/// sums + scale * (weights . activations), lane by lane.
INLINE __m512 add_product(__m512 sums, __m512i weights, const uint8_t *bytes, __m512 scale) {
  const __m512i dots =
      _mm512_dpbusd_epi32(_mm512_setzero_si512(), weights, _mm512_loadu_si512(bytes));
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), scale, sums);
}

/// rest - minimum * sums in the lower lanes.
INLINE __m512 subtract_minima(__m512 rest, __m256 minimum, const float *sums) {
  return _mm512_zextps256_ps512(
      _mm256_fnmadd_ps(minimum, _mm256_loadu_ps(sums), _mm512_castps512_ps256(rest)));
}

/// The same bytes, about which the compiler knows nothing: additions of them to some bytes only stay one
/// instruction, where it would make two of what it sees to be an "or".
INLINE __m512i opaque(__m512i bytes) {
  __asm__("" : "+v"(bytes));
  return bytes;
}

INLINE __m512i nibbles(void) { return _mm512_set1_epi8(15); }

/// `low` in the lower half of the 64 bytes, `high` in the upper.
INLINE __m512i halves_of(long long low, long long high) {
  return _mm512_setr_epi64(low, low, low, low, high, high, high, high);
}

INLINE __m512 every_lane(void) { return _mm512_set1_ps(1); }

/// Factors for the lower and the upper half of the lanes.
INLINE __m512 lane_halves(float low, float high) {
  return _mm512_insertf32x8(_mm512_set1_ps(low), _mm256_set1_ps(high), 1);
}

/// 16 packed bytes of each of two blocks, twice each.
INLINE __m512i twice_each(const uint8_t *a, const uint8_t *b) {
  const __m512i first = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)a));
  return _mm512_mask_broadcast_i32x4(first, 0xff00, _mm_loadu_si128((const __m128i *)b));
}
INLINE __m512i shifted_nibbles(const uint8_t *a, const uint8_t *b) {
  const __m512i shifts = _mm512_setr_epi64(0, 0, 4, 4, 0, 0, 4, 4);
  return _mm512_and_si512(_mm512_srlv_epi64(twice_each(a, b), shifts), nibbles());
}

/// The levels of IQ4_NL and IQ4_XS, moved up by 128.
INLINE __m512i iq4_levels(__m512i nibbles) {
  const __m128i levels = _mm_setr_epi8(1, 24, 45, 63, 79, 93, 106, 118, (char)129, (char)141,
                                       (char)153, (char)166, (char)181, (char)197, (char)217,
                                       (char)241);
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(levels), nibbles);
}

INLINE __m512i twice(const void *bytes32) {
  return _mm512_broadcast_i64x4(_mm256_loadu_si256(bytes32));
}

// Bytes of which some bits stay: digits of two or four bits that keep their places need no shift.
#define LOW_NIBBLES 0x0f0f0f0f0f0f0f0f
#define HIGH_NIBBLES ((long long)0xf0f0f0f0f0f0f0f0)
#define DIGITS(n) ((long long)(0x0303030303030303u << 2 * (n)))

/// Scales of 16 sub-blocks times the scales of the 8 activation blocks that they meet.
INLINE __m512 factors_16(__m512 scale, packed_token x, size_t at) {
  const __m512 activation = _mm512_castps256_ps512(_mm256_loadu_ps(x.scales + at * 8));
  const __m512i twice_each =
      _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  return _mm512_mul_ps(scale, _mm512_permutexvar_ps(twice_each, activation));
}

/// The sums of the lanes of four rows; each row's is the same whatever the others hold.
INLINE __m128 sum_rows(const __m512 totals[4]) {
  const __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(totals[0], totals[1]),
                                 _mm512_unpackhi_ps(totals[0], totals[1]));
  const __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(totals[2], totals[3]),
                                 _mm512_unpackhi_ps(totals[2], totals[3]));
  const __m512 four = _mm512_add_ps(
      _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b))),
      _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b))));
  const __m256 two =
      _mm256_add_ps(_mm512_castps512_ps256(four), _mm512_extractf32x8_ps(four, 1));
  return _mm_add_ps(_mm256_castps256_ps128(two), _mm256_extractf128_ps(two, 1));
}

/// Writes the sums of up to four rows from row `r` on, or adds them to what is there.
INLINE void store_rows(const quern_product_job *product, size_t r, size_t count,
                       const __m512 totals[4], int add) {
  const __mmask8 present = (__mmask8)((1u << count) - 1);
  const float *start = add ? product->output : product->bias;
  __m128 sums = sum_rows(totals);
  if (start) sums = _mm_add_ps(sums, _mm_maskz_loadu_ps(present, start + r));
  _mm_mask_storeu_ps(product->output + r, present, sums);
}

/// Scales and sums of the activations of a super-block, in the lower and the upper lanes.
INLINE __m512 scales_and_sums(packed_token x, size_t at) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(x.scales + at * 8)),
                            _mm256_loadu_ps(x.sums + at * 8), 1);
}

/// Two neighbouring halves in turns.
INLINE __m512 two_halves(const void *p) {
  return _mm512_cvtph_ps(_mm256_set1_epi32((int)load_u32(p)));
}
INLINE __m512 one_half(const void *p) {
  return _mm512_cvtph_ps(_mm256_set1_epi16((short)load_u16(p)));
}

// MARK: Rows

// A product of one token, four rows at a time; `row` gives the lanes that sum up to the product of the row
// of `blocks` with `x`. `setup` comes before the rows; it may arrange activations in scratch, for which
// longer rows are cut.
#define ROWS(name, setup, row)                                                                    \
  INLINE void cut_##name(const quern_product_job *product, size_t first, size_t end, void *scratch, \
                         size_t from, size_t columns) {                                           \
    (void)scratch;                                                                                \
    packed_token x = token_of(product, from);                                                     \
    const size_t bytes = from ? product->row_bytes * from / product->columns : 0;                 \
    const uint8_t *weights = (const uint8_t *)product->weights + bytes;                           \
    setup;                                                                                        \
    for (size_t r = first; r < end; r += 4) {                                                     \
      const size_t rows = end - r < 4 ? end - r : 4;                                              \
      __m512 totals[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),          \
                          _mm512_setzero_ps()};                                                   \
      for (size_t i = 0; i < rows; i++) {                                                         \
        const quern_block_##name *blocks =                                                        \
            (const void *)(weights + (r + i) * product->row_bytes);                               \
        totals[i] = row;                                                                          \
      }                                                                                           \
      store_rows(product, r, rows, totals, from > 0);                                             \
    }                                                                                             \
  }                                                                                               \
  static void vector_##name(const quern_product_job *product, size_t first, size_t end,           \
                            void *scratch) {                                                      \
    size_t from = 0;                                                                              \
    do {                                                                                          \
      const size_t left = product->columns - from;                                                \
      cut_##name(product, first, end, scratch, from,                                              \
                 left < QUERN_MOST_ARRANGED ? left : QUERN_MOST_ARRANGED);                        \
      from += QUERN_MOST_ARRANGED;                                                                \
    } while (from < product->columns);                                                            \
  }

/// Asks for the bytes of some blocks, further ahead.
INLINE void prefetch_bytes(const void *blocks, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) PREFETCH_AHEAD((const uint8_t *)blocks + line);
}

// Rows of super-blocks, each added by `add_block_name`; `even`, `odd` and `weight` scale the lanes of both
// sums and of the rest.
#define SUPER_BLOCKS(name, setup, even, odd, weight)                                              \
  INLINE __m512 row_##name(const quern_block_##name *blocks, packed_token x, size_t columns) {    \
    __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()}, rest = _mm512_setzero_ps();      \
    for (size_t at = 0; at < columns / 256; at++) {                                               \
      prefetch_bytes(blocks + at, sizeof *blocks);                                                \
      add_block_##name(blocks + at, x, at, sums, &rest);                                          \
    }                                                                                             \
    rest = _mm512_mul_ps(rest, _mm512_set1_ps(weight));                                           \
    return _mm512_fmadd_ps(sums[1], odd, _mm512_fmadd_ps(sums[0], even, rest));                   \
  }                                                                                               \
  ROWS(name, setup, row_##name(blocks, x, columns))

#endif
