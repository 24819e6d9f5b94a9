// Two blocks of 32 side by side, for AVX2. Needs vector_terms.h.
#ifndef QUERN_AVX2_VECTOR_PAIRS_H
#define QUERN_AVX2_VECTOR_PAIRS_H

#include "vector_terms.h"

// MARK: Weights

/// Two blocks: their first sixteen weights, and their last.
typedef struct {
  __m256i first, last;
} weight_pair;

INLINE weight_pair nibble_pair(const uint8_t *a, const uint8_t *b) {
  const __m256i bytes = load_both(a, b);
  return (weight_pair){low_nibbles(bytes), high_nibbles(bytes)};
}

/// 16 where a bit is set of the two bytes in every half of the register that `places` picks.
INLINE __m256i fifth_bits(__m256i bits, __m128i places) {
  const __m256i spread = _mm256_shuffle_epi8(bits, _mm256_broadcastsi128_si256(places));
  const __m256i one = _mm256_set1_epi64x((long long)0x8040201008040201);
  return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(spread, one), one),
                          _mm256_set1_epi8(16));
}
INLINE weight_pair add_fifth_bits(weight_pair w, const uint8_t *a, const uint8_t *b) {
  const __m256i bits = load_both(a, b);
  const __m128i first = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  w.first = _mm256_or_si256(w.first, fifth_bits(bits, first));
  w.last = _mm256_or_si256(w.last, fifth_bits(bits, _mm_add_epi8(first, _mm_set1_epi8(2))));
  return w;
}

INLINE weight_pair look_up_pair(weight_pair w, __m128i table) {
  const __m256i levels = _mm256_broadcastsi128_si256(table);
  return (weight_pair){_mm256_shuffle_epi8(levels, w.first), _mm256_shuffle_epi8(levels, w.last)};
}

/// E2M1, doubled, moved up by 12; the scales come halved.
INLINE __m128i fp4_levels(void) {
  return _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
}
INLINE __m128i iq4_levels(void) {
  return _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
}

// MARK: Dots: eight sums of the first block below eight of the second, in 16 bits; or four in 32

INLINE __m256i unsigned_dots(weight_pair w, weight_pair x) {
  return _mm256_add_epi16(_mm256_maddubs_epi16(w.first, x.first),
                          _mm256_maddubs_epi16(w.last, x.last));
}

/// Signs of weights are moved to the activations.
INLINE __m256i signed_dot(__m256i w, __m256i x) {
  return add_word_pairs(_mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)));
}
INLINE __m256i signed_dots(weight_pair w, weight_pair x) {
  return _mm256_add_epi32(signed_dot(w.first, x.first), signed_dot(w.last, x.last));
}

// How four dots become the sums of eight blocks: weights of up to four bits stay in 16 bits to the end
// (16 * 15 * 127 fits), of five for half the way.
INLINE __m256i fold_4_bits(const __m256i dots[4]) {
  const __m256i low = BY_FOURS(_mm256_add_epi16, dots[0], dots[1]);
  const __m256i high = BY_FOURS(_mm256_add_epi16, dots[2], dots[3]);
  return add_word_pairs(BY_TWOS(_mm256_add_epi16, low, high));
}
INLINE __m256i fold_5_bits(const __m256i dots[4]) {
  const __m256i low = add_word_pairs(BY_FOURS(_mm256_add_epi16, dots[0], dots[1]));
  const __m256i high = add_word_pairs(BY_FOURS(_mm256_add_epi16, dots[2], dots[3]));
  return BY_TWOS(_mm256_add_epi32, low, high);
}
INLINE __m256i fold_8_bits(const __m256i dots[4]) {
  const __m256i low = BY_FOURS(_mm256_add_epi32, dots[0], dots[1]);
  const __m256i high = BY_FOURS(_mm256_add_epi32, dots[2], dots[3]);
  return BY_TWOS(_mm256_add_epi32, low, high);
}
INLINE __m256i words_to_ints(__m256i dots) { return add_word_pairs(dots); }
INLINE __m256i ints_already(__m256i dots) { return dots; }

// MARK: Activations

INLINE weight_pair pair_of_bytes(const uint8_t *a, const uint8_t *b) {
  return (weight_pair){load_both(a, b), load_both(a + 16, b + 16)};
}

/// Puts the bytes of a token's every eight blocks into pairs, the first with the fifth and so on, once for
/// all rows.
INLINE const uint8_t *bytes_in_pairs(packed_token x, size_t columns, void *scratch) {
  __m256i *pairs = scratch;
  for (size_t at = 0; at + 8 <= columns / 32; at += 8)
    for (size_t p = 0; p < 4; p++, pairs += 2) {
      const uint8_t *bytes = x.bytes + (at + p) * 32;
      const weight_pair two = pair_of_bytes(bytes, bytes + 128);
      _mm256_storeu_si256(pairs, two.first);
      _mm256_storeu_si256(pairs + 1, two.last);
    }
  return scratch;
}

/// The activations of blocks `at + p` and `at + p + 4`.
INLINE weight_pair activation_pair(packed_token x, size_t at, size_t p) {
  const uint8_t *pair = x.arranged + at * 32 + p * 64;
  return (weight_pair){load_32(pair), load_32(pair + 32)};
}

#endif
