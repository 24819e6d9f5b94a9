// Nibbles, bits, points and signs, 32 elements at a time: stored at once, so that wide loads of them do
// not wait for several stores.
#ifndef QUERN_PRODUCTS_OCTETS_H
#define QUERN_PRODUCTS_OCTETS_H

#include "lanes.h"

typedef uint8_t octets __attribute__((vector_size(32)));
typedef uint32_t octet_words __attribute__((vector_size(32)));

/// The signs of 32 elements from four sevens of bits: the eighth of each makes the number of minus
/// signs even. Bits above the 28th are not looked at.
INLINE uint32_t even_signs(uint32_t stored) {
  const uint32_t sevens = (stored & 0x7f) | (stored << 1 & 0x7f00) | (stored << 2 & 0x7f0000) |
                          (stored << 3 & 0x7f000000);
  uint32_t parity = sevens ^ sevens >> 4;
  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return sevens | (parity & 0x01010101) << 7;
}

/// Puts 255 where bit i is set, and 0 elsewhere.
INLINE void spread_bits(uint32_t word, octets *mask) {
  const octets bits = (octets)(word - (octet_words){0});
  // Bytes are taken from their own half, as wide registers want it.
  const octets spread = __builtin_shufflevector(
      bits, bits, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 18, 18, 18, 18, 18, 18, 18, 18,
      19, 19, 19, 19, 19, 19, 19, 19);
  const octets places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128,
                         1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  *mask = (octets)((spread & places) == places);
}

/// 32 elements, the sign of element i turned where bit i is set.
INLINE void store_signed(int8_t *q, const uint64_t eights[4], uint32_t signs) {
  octets values, minus;
  spread_bits(signs, &minus);
  memcpy(&values, eights, 32);
  values = (values ^ minus) - minus;
  memcpy(q, &values, 32);
}

INLINE void join_halves(sixteen_bytes low, sixteen_bytes high, octets *both) {
  *both = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
                                  17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
}

/// The nibbles of 16 bytes less `offset`: all low ones, then all high ones; 16 more where bits are set.
INLINE void store_nibbles(int8_t *q, const uint8_t qs[16], uint32_t fifth_bits, uint8_t offset) {
  sixteen_bytes codes;
  octets values, fifth;
  memcpy(&codes, qs, 16);
  join_halves(codes & 15, codes >> 4, &values);
  spread_bits(fifth_bits, &fifth);
  values = (values | (fifth & 16)) - offset;
  memcpy(q, &values, 32);
}

INLINE uint32_t load_word(const void *p) {
  uint32_t word;
  memcpy(&word, p, 4);
  return word;
}
INLINE uint64_t load_point(const int8_t *points, size_t number) {
  uint64_t point;
  memcpy(&point, points + 8 * number, 8);
  return point;
}
/// Two points of four elements.
INLINE uint64_t load_points(const int8_t *points, size_t first, size_t second) {
  return load_word(points + 4 * first) | (uint64_t)load_word(points + 4 * second) << 32;
}

#endif
