// Products of integer block types with one token: a few blocks at a time are unpacked beside the
// activations. Needs unpack.h, activations.h and the level's `dot4_signed`, which is `dot4` for two
// signed operands.
#ifndef QUERN_PRODUCTS_INTEGER_VECTOR_H
#define QUERN_PRODUCTS_INTEGER_VECTOR_H

#include "../include/CKernels.h"
#include "activations.h"
#include "unpack.h"

/// The scaled sum of one block of 32: `scale` has one or two values.
INLINE floats scaled_dot(const int8_t *weights, const uint8_t *bytes, const float *scale,
                         size_t sub, float activation_scale, floats sums) {
#pragma clang loop unroll(full)
  for (size_t half = 0; half < 32 / sub; half++) {
    ints dots = {0};
#pragma clang loop unroll(full)
    for (size_t i = 0; i < sub; i += 4 * LANES)
      dots = dot4_signed(dots, load_ints(bytes + half * 16 + i),
                         load_ints(weights + half * 16 + i));
    sums += to_floats(dots) * splat(scale[half] * activation_scale);
  }
  return sums;
}

/// The same when a vector spans two sub-blocks of 16.
INLINE floats scaled_dot_halves(const int8_t *weights, const uint8_t *bytes, const float *scale,
                                float activation_scale, floats sums) {
  const ints dots = dot4_signed((ints){0}, load_ints(bytes), load_ints(weights));
  float factors[LANES];
  for (int i = 0; i < LANES; i++) factors[i] = scale[i / (LANES / 2)] * activation_scale;
  return sums + to_floats(dots) * load_floats(factors);
}

#define INTEGER_VECTOR(name, id, sub, has_minimum)                                               \
  static void vector_##name(const quern_product_job *product, size_t first, size_t end,              \
                            void *scratch) {                                                     \
    (void)scratch;                                                                               \
    const integer_tile x = integer_tile_at(product->activations, product->columns, 1);           \
    for (size_t r = first; r < end; r++) {                                                       \
      const uint8_t *row = (const uint8_t *)product->weights + r * product->row_bytes;           \
      floats sums = {0};                                                                         \
      float minima = 0;                                                                          \
      for (size_t at = 0; at < product->columns; at += CHUNK) {                                  \
        const size_t left = product->columns - at, count = left < CHUNK ? left : CHUNK;          \
        int8_t q[CHUNK];                                                                         \
        float scale[CHUNK / 16], minimum[CHUNK / 16];                                            \
        unpack_##name(row + at / ELEMENTS_##name * sizeof(quern_block_##name), count, q, scale,  \
                      minimum);                                                                  \
        for (size_t b = 0; b < count / 32; b++)                                                  \
          sums = sub == 16 && LANES == 8                                                         \
                     ? scaled_dot_halves(q + b * 32, x.bytes + at + b * 32, scale + b * 2,       \
                                         x.scales[at / 32 + b], sums)                            \
                     : scaled_dot(q + b * 32, x.bytes + at + b * 32, scale + b * (32 / sub),     \
                                  sub, x.scales[at / 32 + b], sums);                             \
        if (has_minimum)                                                                         \
          for (size_t s = 0; s < count / sub; s++)                                               \
            minima += minimum[s] * (sub == 32 ? x.sums : x.halves)[at / sub + s];                \
      }                                                                                          \
      product->output[r] = sum_lanes(sums) + minima + (product->bias ? product->bias[r] : 0.0f); \
    }                                                                                            \
  }
INTEGER_TYPES(INTEGER_VECTOR)
#undef INTEGER_VECTOR

#endif
