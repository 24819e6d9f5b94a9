// The grid types IQ1 to IQ3 as small signed integers: points by look-up, then signs. Part of unpack.h.
//
// Source: dequantize_row_iq1_s ... dequantize_row_iq3_s in ggml-quants.c as shipped with
// llama-cpp-python 0.3.36, checked by ProductTests against the decoders.
#ifndef QUERN_PRODUCTS_UNPACK_GRID_H
#define QUERN_PRODUCTS_UNPACK_GRID_H

#include "../grids/grids.h"

UNPACK(iq2_XXS) {
  const quern_block_iq2_XXS *block = blocks;
  const int8_t *points = quern_grid_for_decoding(QUERN_GRID_IQ2_XXS);
  const float d = half_to_float(block->d);
  const uint8_t *qs = (const uint8_t *)block->qs;
  for (int s = 0; s < 8; s++, qs += 8, q += 32) {
    const uint32_t signs = load_word(qs + 4);
    const uint64_t four[4] = {load_point(points, qs[0]), load_point(points, qs[1]),
                               load_point(points, qs[2]), load_point(points, qs[3])};
    store_signed(q, four, even_signs(signs));
    scale[s] = d * (0.5f + (float)(signs >> 28)) * 0.25f;
  }
}

/// The sixteen scales of IQ2_XS and IQ2_S, four bits each.
INLINE void iq2_scales(const uint8_t packed[8], float d, float *restrict scale) {
  for (int s = 0; s < 16; s++)
    scale[s] = d * (0.5f + (float)(packed[s / 2] >> 4 * (s % 2) & 15)) * 0.25f;
}

UNPACK(iq2_XS) {
  const quern_block_iq2_XS *block = blocks;
  const int8_t *points = quern_grid_for_decoding(QUERN_GRID_IQ2_XS);
  for (int s = 0; s < 8; s++, q += 32) {
    uint64_t four[4];
    uint32_t signs = 0;
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
      const uint32_t code = block->qs[4 * s + k];
      four[k] = load_point(points, code & 511);
      signs |= code >> 9 << 7 * k;
    }
    store_signed(q, four, even_signs(signs));
  }
  iq2_scales(block->scales, half_to_float(block->d), scale);
}

UNPACK(iq2_S) {
  const quern_block_iq2_S *block = blocks;
  const int8_t *points = quern_grid_for_decoding(QUERN_GRID_IQ2_S);
  for (int s = 0; s < 8; s++, q += 32) {
    uint64_t four[4];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++)
      four[k] = load_point(points, block->qs[4 * s + k] | (block->qh[s] >> 2 * k & 3u) << 8);
    store_signed(q, four, load_word(block->qs + 32 + 4 * s));
  }
  iq2_scales(block->scales, half_to_float(block->d), scale);
}

UNPACK(iq3_XXS) {
  const quern_block_iq3_XXS *block = blocks;
  const int8_t *points = quern_grid_for_decoding(QUERN_GRID_IQ3_XXS);
  const float d = half_to_float(block->d);
  for (int s = 0; s < 8; s++, q += 32) {
    const uint32_t signs = load_word(block->qs + 64 + 4 * s);
    const uint8_t *qs = block->qs + 8 * s;
    uint64_t four[4];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) four[k] = load_points(points, qs[2 * k], qs[2 * k + 1]);
    store_signed(q, four, even_signs(signs));
    scale[s] = d * (0.5f + (float)(signs >> 28)) * 0.5f;
  }
}

UNPACK(iq3_S) {
  const quern_block_iq3_S *block = blocks;
  const int8_t *points = quern_grid_for_decoding(QUERN_GRID_IQ3_S);
  const float d = half_to_float(block->d);
  for (int s = 0; s < 8; s++, q += 32) {
    const uint8_t *qs = block->qs + 8 * s;
    uint64_t four[4];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
      const unsigned high = (unsigned)block->qh[s] >> 2 * k;
      four[k] = load_points(points, qs[2 * k] | (high & 1) << 8, qs[2 * k + 1] | (high & 2) << 7);
    }
    store_signed(q, four, load_word(block->signs + 4 * s));
    scale[s] = d * (float)(1 + 2 * (block->scales[s / 2] >> 4 * (s % 2) & 15));
  }
}

// IQ1: points of -1, 0 and 1, moved by an eighth: in eighths they are whole.

/// Points times eight, moved by 1 or by -1 (255).
INLINE void store_eighths(int8_t *q, const uint64_t points[4], const uint64_t moves[4]) {
  octets values, move;
  memcpy(&values, points, 32);
  memcpy(&move, moves, 32);
  values += values;
  values += values;
  values += values + move;
  memcpy(q, &values, 32);
}
/// A move of eight elements.
INLINE uint64_t move_of(unsigned down) {
  return 0x0101010101010101u ^ (0xfefefefefefefefeu & -(uint64_t)down);
}

UNPACK(iq1_S) {
  const quern_block_iq1_S *block = blocks;
  const int8_t *points = quern_grid_for_decoding(QUERN_GRID_IQ1);
  const float d = half_to_float(block->d) * 0.125f;
  for (int s = 0; s < 8; s++, q += 32) {
    const unsigned qh = block->qh[s];
    uint64_t four[4];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++)
      four[k] = load_point(points, block->qs[4 * s + k] | (qh >> 3 * k & 7) << 8);
    const uint64_t move = move_of(qh >> 15), moves[4] = {move, move, move, move};
    store_eighths(q, four, moves);
    scale[s] = d * (float)(2 * (qh >> 12 & 7) + 1);
  }
}

/// The scale of an IQ1_M block lies in the top nibbles of the four 16-bit words of `scales`.
INLINE float iq1_M_scale(const uint8_t scales[8], uint64_t *words) {
  memcpy(words, scales, 8);
  return half_to_float((uint16_t)((*words >> 12 & 15) | (*words >> 24 & 0xf0) |
                                  (*words >> 36 & 0xf00) | (*words >> 48 & 0xf000)));
}

UNPACK(iq1_M) {
  const quern_block_iq1_M *block = blocks;
  const int8_t *points = quern_grid_for_decoding(QUERN_GRID_IQ1);
  uint64_t words;
  const float d = iq1_M_scale(block->scales, &words) * 0.125f;
  for (int s = 0; s < 8; s++, q += 32) {
    uint64_t four[4], moves[4];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
      const unsigned qh = (unsigned)block->qh[2 * s + k / 2] >> 4 * (k % 2);
      four[k] = load_point(points, block->qs[4 * s + k] | (qh & 7) << 8);
      moves[k] = move_of(qh >> 3 & 1);
    }
    store_eighths(q, four, moves);
  }
  for (int s = 0; s < 16; s++)
    scale[s] = d * (float)(2 * (words >> (16 * (s / 4) + 3 * (s % 4)) & 7) + 1);
}

#endif
