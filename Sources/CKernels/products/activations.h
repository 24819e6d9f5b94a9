// How activations are packed. Needs lanes.h, and TILE_TOKENS and BYTE_BIAS of the level.
//
// Vector (one token), C columns in C / 32 blocks:
//
//   INT8:   [C] signed bytes | [C/32] scales | [C/32] scale * sum | [C/16] scale * sum of each half
//   FLOAT:  [C] floats
//
// Tiles (several tokens): TILE_TOKENS tokens at a time, the last tile with those that remain (T):
//
//   INT8:   [C/32][T][32] bytes + BYTE_BIAS | [C/32][T] scales | [C/32][T] sums | [C/32][2][T] halves
//   FLOAT:  [C][T] floats
#ifndef QUERN_PRODUCTS_ACTIVATIONS_H
#define QUERN_PRODUCTS_ACTIVATIONS_H

#include <math.h>

#include "lanes.h"

/// Where the parts of a packed vector or tile of `tokens` tokens lie.
typedef struct {
  const uint8_t *bytes;
  const float *scales, *sums, *halves;
} integer_tile;

INLINE integer_tile integer_tile_at(const void *packed, size_t columns, size_t tokens) {
  integer_tile tile;
  tile.bytes = packed;
  tile.scales = (const float *)(tile.bytes + columns * tokens);
  tile.sums = tile.scales + columns / 32 * tokens;
  tile.halves = tile.sums + columns / 32 * tokens;
  return tile;
}

INLINE size_t tokens_in_tile(size_t tile, size_t tokens) {
  const size_t left = tokens - tile * TILE_TOKENS;
  return left < TILE_TOKENS ? left : TILE_TOKENS;
}

typedef int8_t bytes_of_lanes __attribute__((vector_size(LANES)));

/// The sum of the squares by which 32 values, times `inverse`, miss integers, in units of 2^-24.
///
/// Integers, so that the sum does not depend on the number of lanes.
INLINE int64_t rounding_error(const float *x, float inverse) {
#pragma clang fp contract(off)
  ints squares = {0};
  for (int i = 0; i < 32 / LANES; i++) {
    // Adding 1.5 * 2^11 leaves twelve binary places of the fraction in the low bits.
    const floats shifted = load_floats(x + i * LANES) * inverse + 0x1.8p11f;
    const ints rest = ((ints)shifted << 20) >> 20;
    squares += rest * rest;
  }
  return sum_int_lanes(squares);
}

/// Quantizes 32 values to bytes; gives the scale and the sums of both halves of the bytes.
///
/// The largest value becomes 127, 126 or 125, whichever leaves the smallest error: a tenth of the noise
/// of always taking 127 is saved.
INLINE float quantize_block(const float *x, int8_t *q, int32_t sums[2]) {
  // Fused rounding would make the bytes depend on the level.
#pragma clang fp contract(off)
  enum { VECTORS = 32 / LANES };
  // Magnitudes compare as integers, where NaN is the largest: it reaches the scale and the output.
  ints largest = {0};
  for (int i = 0; i < VECTORS; i++) {
    largest = larger_ints(largest, load_ints(x + i * LANES) & 0x7fffffff);
  }
  const int32_t highest = max_int_lanes(largest);
  float amax;
  memcpy(&amax, &highest, 4);
  float scale = amax / 127.0f, inverse = 0;
  // Not for a NaN, nor for a scale too small to invert.
  if (scale >= 0x1p-126f) {
    inverse = 1.0f / scale;
    int64_t error = rounding_error(x, inverse) * (126 * 126) * (125 * 125);
#pragma clang loop unroll(full)
    for (int top = 126; top > 124; top--) {
      const float other = amax / (float)top, other_inverse = 1.0f / other;
      const int rest = 127 * (126 + 125 - top);
      const int64_t other_error = rounding_error(x, other_inverse) * rest * rest;
      const int is_less = other_error < error;
      scale = is_less ? other : scale;
      inverse = is_less ? other_inverse : inverse;
      error = is_less ? other_error : error;
    }
  }
  ints halves[2] = {{0}, {0}};
  for (int i = 0; i < VECTORS; i++) {
    // Adding 1.5 * 2^23 rounds to nearest even; the integer is in the low bits.
    const floats shifted = load_floats(x + i * LANES) * inverse + 0x1.8p23f;
    const ints rounded = ((ints)shifted << 24) >> 24;
    const bytes_of_lanes bytes = __builtin_convertvector(rounded, bytes_of_lanes);
    memcpy(q + i * LANES, &bytes, LANES);
    halves[2 * i / VECTORS] += rounded;
  }
  sums[0] = sum_int_lanes(halves[0]);
  sums[1] = sum_int_lanes(halves[1]);
  return scale;
}

static void pack_integers(const float *rows, size_t stride, size_t columns, size_t tokens,
                          size_t first, size_t end, void *packed) {
  const size_t blocks = columns / 32;
  const int bias = tokens == 1 ? 0 : BYTE_BIAS;
  for (size_t token = first; token < end; token++) {
    const size_t tile_index = token / TILE_TOKENS, slot = token % TILE_TOKENS;
    const size_t width = tokens_in_tile(tile_index, tokens);
    const integer_tile tile = integer_tile_at(
        (uint8_t *)packed + tile_index * TILE_TOKENS * (columns + blocks * 16), columns, width);
    uint8_t *bytes = (uint8_t *)tile.bytes;
    float *scales = (float *)tile.scales, *tile_sums = (float *)tile.sums;
    float *halves = (float *)tile.halves;
    for (size_t b = 0; b < blocks; b++) {
      int8_t q[32];
      int32_t sums[2];
      const float scale = quantize_block(rows + token * stride + b * 32, q, sums);
      uint8_t *out = bytes + (b * width + slot) * 32;
      for (int i = 0; i < 32; i++) out[i] = (uint8_t)(q[i] + bias);
      scales[b * width + slot] = scale;
      tile_sums[b * width + slot] = scale * (float)(sums[0] + sums[1]);
      halves[(b * 2) * width + slot] = scale * (float)sums[0];
      halves[(b * 2 + 1) * width + slot] = scale * (float)sums[1];
    }
  }
}

static void pack_floats(const float *rows, size_t stride, size_t columns, size_t tokens,
                        size_t first, size_t end, void *packed) {
  if (tokens == 1) {
    memcpy(packed, rows, columns * sizeof(float));
    return;
  }
  for (size_t token = first; token < end;) {
    const size_t tile_index = token / TILE_TOKENS, slot = token % TILE_TOKENS;
    const size_t width = tokens_in_tile(tile_index, tokens);
    const size_t count = end - token < width - slot ? end - token : width - slot;
    float *tile = (float *)packed + tile_index * TILE_TOKENS * columns + slot;
    const float *from = rows + token * stride;
    for (size_t c = 0; c < columns; c++)
      for (size_t t = 0; t < count; t++) tile[c * width + t] = from[t * stride + c];
    token += count;
  }
}

#endif
