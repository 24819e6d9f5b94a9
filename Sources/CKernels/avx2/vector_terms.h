// What the products of one token share, for AVX2. Included under the level's target attribute.
//
// vpmaddubsw multiplies unsigned weights with signed activations and adds pairs to 16 bits, where 32767
// is the most: eight sub-blocks are summed up side by side for as long as they fit, so that one
// conversion and one multiplication with scales serve all eight.
#ifndef QUERN_AVX2_VECTOR_TERMS_H
#define QUERN_AVX2_VECTOR_TERMS_H

#include <immintrin.h>

#include "../products/packed_token.h"
#include "../products/prefetch.h"
#include "products_vector.h"

INLINE __m128i load_16(const void *p) { return _mm_loadu_si128(p); }
INLINE __m256i load_32(const void *p) { return _mm256_loadu_si256(p); }

/// 16 bytes of each.
INLINE __m256i load_both(const void *a, const void *b) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_16(a)), load_16(b), 1);
}
INLINE __m256i low_nibbles(__m256i bytes) {
  return _mm256_and_si256(bytes, _mm256_set1_epi8(15));
}
INLINE __m256i high_nibbles(__m256i bytes) {
  return low_nibbles(_mm256_srli_epi16(bytes, 4));
}
INLINE __m256 half_everywhere(const void *p) {
  return _mm256_cvtph_ps(_mm_set1_epi16((short)load_u16(p)));
}

// MARK: Sums side by side

INLINE __m256i add_word_pairs(__m256i words) {
  return _mm256_madd_epi16(words, _mm256_set1_epi16(1));
}

/// Both added up to half as many, side by side in every half of the register: eights to fours, and fours
/// to twos.
#define BY_FOURS(add, a, b) add(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b))
#define BY_TWOS(add, a, b)                                                                        \
  add(_mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x88)), \
      _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0xdd)))
/// The halves of both added up, `a` below `b`.
#define BY_HALVES(add, a, b)                                                                      \
  add(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31))

// MARK: Rows

/// Asks for the bytes of some blocks, further ahead.
INLINE void prefetch_bytes(const void *blocks, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) PREFETCH_AHEAD((const uint8_t *)blocks + line);
}

/// Writes the sums of up to four rows from row `r` on, or adds them to what is there; each is the same
/// whatever the others hold.
INLINE void store_rows(const quern_product_job *product, size_t r, size_t rows,
                       const __m256 totals[4], int add) {
  const __m256 two = _mm256_hadd_ps(_mm256_hadd_ps(totals[0], totals[1]),
                                    _mm256_hadd_ps(totals[2], totals[3]));
  const float *start = add ? product->output : product->bias;
  float sums[4];
  _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(two), _mm256_extractf128_ps(two, 1)));
  for (size_t i = 0; i < rows; i++) product->output[r + i] = start ? sums[i] + start[r + i] : sums[i];
}

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
      __m256 totals[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),          \
                          _mm256_setzero_ps()};                                                   \
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

// Rows of super-blocks, each added by `add_block_name`; `weight` multiplies what gathers in `rest`, and
// `setup` comes before the rows.
#define SUPER_BLOCKS(name, setup, weight)                                                         \
  INLINE __m256 row_##name(const quern_block_##name *blocks, packed_token x, size_t columns) {    \
    __m256 sum = _mm256_setzero_ps(), rest = _mm256_setzero_ps();                                 \
    for (size_t at = 0; at < columns / 256; at++) {                                               \
      prefetch_bytes(blocks + at, sizeof *blocks);                                                \
      add_block_##name(blocks + at, x, at, &sum, &rest);                                          \
    }                                                                                             \
    return _mm256_fmadd_ps(rest, _mm256_set1_ps(weight), sum);                                    \
  }                                                                                               \
  ROWS(name, setup, row_##name(blocks, x, columns))

#endif
