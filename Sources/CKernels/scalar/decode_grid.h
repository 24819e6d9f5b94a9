// Decoders of the grid types IQ1 to IQ3 in scalar form, one block a call: the definition. `points` are
// the grid's for decoding. Private.
//
// Source: dequantize_row_iq1_s ... dequantize_row_iq3_s in ggml-quants.c as shipped with
// llama-cpp-python 0.3.36.
#ifndef QUERN_SCALAR_DECODE_GRID_H
#define QUERN_SCALAR_DECODE_GRID_H

#include <stdbool.h>

#include "../grids/grids.h"
#include "eights.h"

// Eight signs of which seven are stored: the number of minus signs is even.
QUERN_INLINE unsigned quern_even_signs(uint32_t stored) {
  const uint32_t seven = stored & 127;
  return seven | (uint32_t)__builtin_parity(seven) << 7;
}

QUERN_INLINE uint32_t quern_load_32(const void *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

// Two points of four elements.
QUERN_INLINE uint64_t quern_two_points(const int8_t *points, unsigned first, unsigned second) {
  return quern_load_32(points + 4 * first) | (uint64_t)quern_load_32(points + 4 * second) << 32;
}

QUERN_LEVEL_INLINE void quern_decode_block_iq2_XXS(const quern_block_iq2_XXS *block,
                                             const int8_t *points, float *output) {
  const float d = quern_float_from_half(block->d);
  const uint8_t *qs = (const uint8_t *)block->qs;
  for (int sub = 0; sub < 8; sub++, qs += 8) {
    const uint32_t signs = quern_load_32(qs + 4);
    const float step = d * (0.5f + (float)(signs >> 28)) * 0.25f;
    for (int k = 0; k < 4; k++, output += 8)
      quern_decode_points(quern_load_64(points + 8 * qs[k]), step,
                          quern_even_signs(signs >> 7 * k), output);
  }
}

QUERN_LEVEL_INLINE void quern_decode_block_iq2_XS(const quern_block_iq2_XS *block, const int8_t *points,
                                            float *output) {
  const float d = quern_float_from_half(block->d);
  for (int i = 0; i < 32; i++, output += 8) {
    const uint16_t q = block->qs[i];
    const int scale = block->scales[i >> 2] >> (i & 2 ? 4 : 0) & 15;
    const float step = d * (0.5f + (float)scale) * 0.25f;
    quern_decode_points(quern_load_64(points + 8 * (q & 511)), step, quern_even_signs(q >> 9),
                        output);
  }
}

QUERN_LEVEL_INLINE void quern_decode_block_iq2_S(const quern_block_iq2_S *block, const int8_t *points,
                                           float *output) {
  const float d = quern_float_from_half(block->d);
  for (int i = 0; i < 32; i++, output += 8) {
    const int scale = block->scales[i >> 2] >> (i & 2 ? 4 : 0) & 15;
    const int number = block->qs[i] | (block->qh[i >> 2] >> 2 * (i & 3) & 3) << 8;
    const float step = d * (0.5f + (float)scale) * 0.25f;
    quern_decode_points(quern_load_64(points + 8 * number), step, block->qs[32 + i], output);
  }
}

QUERN_LEVEL_INLINE void quern_decode_block_iq3_XXS(const quern_block_iq3_XXS *block,
                                             const int8_t *points, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int sub = 0; sub < 8; sub++) {
    const uint32_t signs = quern_load_32(block->qs + 64 + 4 * sub);
    const float step = d * (0.5f + (float)(signs >> 28)) * 0.5f;
    const uint8_t *qs = block->qs + 8 * sub;
    for (int k = 0; k < 4; k++, output += 8)
      quern_decode_points(quern_two_points(points, qs[2 * k], qs[2 * k + 1]), step,
                          quern_even_signs(signs >> 7 * k), output);
  }
}

QUERN_LEVEL_INLINE void quern_decode_block_iq3_S(const quern_block_iq3_S *block, const int8_t *points,
                                           float *output) {
  const float d = quern_float_from_half(block->d);
  for (int sub = 0; sub < 8; sub++) {
    const int scale = block->scales[sub >> 1] >> 4 * (sub & 1) & 15;
    const float step = d * (float)(1 + 2 * scale);
    const uint8_t *qs = block->qs + 8 * sub, *signs = block->signs + 4 * sub;
    for (int k = 0; k < 4; k++, output += 8) {
      const unsigned high = (unsigned)block->qh[sub] >> 2 * k;
      quern_decode_points(
          quern_two_points(points, qs[2 * k] | (high & 1) << 8, qs[2 * k + 1] | (high & 2) << 7), step,
          signs[k], output);
    }
  }
}

// IQ1: eight elements -1, 0 or 1, all moved by an eighth up or down.
QUERN_LEVEL_INLINE void quern_decode_eighths(const int8_t *point, float step, bool down,
                                             float *output) {
  quern_decode_moved(quern_load_64(point), step, down ? -0.125f : 0.125f, output);
}

QUERN_LEVEL_INLINE void quern_decode_block_iq1_S(const quern_block_iq1_S *block, const int8_t *points,
                                           float *output) {
  const float d = quern_float_from_half(block->d);
  for (int i = 0; i < 32; i++, output += 8) {
    const unsigned qh = block->qh[i >> 2];
    const unsigned number = block->qs[i] | (qh >> 3 * (i & 3) & 7) << 8;
    const float step = d * (float)(2 * (qh >> 12 & 7) + 1);
    quern_decode_eighths(points + 8 * number, step, qh >> 15, output);
  }
}

// The block's scale lies in the top nibbles of the four 16-bit words of `scales`.
QUERN_LEVEL_INLINE void quern_decode_block_iq1_M(const quern_block_iq1_M *block, const int8_t *points,
                                           float *output) {
  unsigned words[4], bits = 0;
  for (int i = 0; i < 4; i++) {
    words[i] = block->scales[2 * i] | (unsigned)block->scales[2 * i + 1] << 8;
    bits |= words[i] >> 12 << 4 * i;
  }
  const float d = quern_float_from_half((quern_half)bits);
  for (int i = 0; i < 32; i++, output += 8) {
    const unsigned qh = (unsigned)block->qh[i >> 1] >> 4 * (i & 1);
    const unsigned scale = words[i >> 3] >> 3 * (i >> 1 & 3) & 7;
    const unsigned number = block->qs[i] | (qh & 7) << 8;
    quern_decode_eighths(points + 8 * number, d * (float)(2 * scale + 1), qh >> 3 & 1, output);
  }
}

#endif
