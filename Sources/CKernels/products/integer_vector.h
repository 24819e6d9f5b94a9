// Products of integer block types with one token: a few blocks at a time are unpacked beside the
// activations. Needs unpack.h, activations.h and the level's `dot4_signed`, which is `dot4` for two
// signed operands.
#ifndef QUERN_PRODUCTS_INTEGER_VECTOR_H
#define QUERN_PRODUCTS_INTEGER_VECTOR_H

#include "../include/CKernels.h"
#include "activations.h"
#include "prefetch.h"
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
#if LANES == 8
  const ints dots = dot4_signed((ints){0}, load_ints(bytes), load_ints(weights));
  const floats factors = __builtin_shufflevector(splat(scale[0]), splat(scale[1]), 0, 1, 2, 3, 12,
                                                 13, 14, 15);
  return sums + to_floats(dots) * (factors * splat(activation_scale));
#else
  return scaled_dot(weights, bytes, scale, 16, activation_scale, sums);
#endif
}

/// sums + minima times the scaled sums of activations, `count` sub-blocks.
INLINE floats add_minima(const float *minimum, const float *activations, size_t count, floats sums) {
  size_t s = 0;
  for (; s + LANES <= count; s += LANES)
    sums += load_floats(minimum + s) * load_floats(activations + s);
  for (; s < count; s++) sums[0] += minimum[s] * activations[s];
  return sums;
}

/// Asks for the bytes of a chunk some way ahead.
INLINE void prefetch_blocks(const uint8_t *blocks, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) PREFETCH_AHEAD(blocks + line);
}

/// The scaled sum of block `b` of a chunk. Two chains of these hide the latency of the additions.
INLINE floats block_dot(const int8_t *q, const uint8_t *bytes, const float *scale,
                        const float *factors, size_t b, size_t sub, floats sums) {
  const float *scales = scale + b * (32 / sub);
  if (sub == 16) return scaled_dot_halves(q + b * 32, bytes + b * 32, scales, factors[b], sums);
  return scaled_dot(q + b * 32, bytes + b * 32, scales, 32, factors[b], sums);
}

#define INTEGER_VECTOR(name, id, sub, has_minimum)                                                 \
  static void vector_##name(const quern_product_job *product, size_t first, size_t end,            \
                            void *scratch) {                                                       \
    (void)scratch;                                                                                 \
    const integer_tile x = integer_tile_at(product->activations, product->columns, 1);             \
    for (size_t r = first; r < end; r++) {                                                         \
      const uint8_t *row = (const uint8_t *)product->weights + r * product->row_bytes;             \
      floats even = {0}, odd = {0}, minima = {0};                                                  \
      for (size_t at = 0; at < product->columns; at += CHUNK) {                                    \
        const size_t left = product->columns - at, count = left < CHUNK ? left : CHUNK;            \
        int8_t q[CHUNK];                                                                           \
        float scale[CHUNK / 16], minimum[CHUNK / 16];                                              \
        const uint8_t *blocks = row + at / ELEMENTS_##name * sizeof(quern_block_##name);           \
        const uint8_t *bytes = x.bytes + at;                                                       \
        const float *factors = x.scales + at / 32;                                                 \
        prefetch_blocks(blocks, sizeof(quern_block_##name) * CHUNK / ELEMENTS_##name);             \
        unpack_##name(blocks, count, q, scale, minimum);                                           \
        size_t b = 0;                                                                              \
        for (; b + 2 <= count / 32; b += 2) {                                                      \
          even = block_dot(q, bytes, scale, factors, b, sub, even);                                \
          odd = block_dot(q, bytes, scale, factors, b + 1, sub, odd);                              \
        }                                                                                          \
        if (b < count / 32) even = block_dot(q, bytes, scale, factors, b, sub, even);              \
        if (has_minimum)                                                                           \
          minima = add_minima(minimum, (sub == 32 ? x.sums : x.halves) + at / sub, count / sub,    \
                              minima);                                                             \
      }                                                                                            \
      product->output[r] =                                                                         \
          sum_lanes(even + odd + minima) + (product->bias ? product->bias[r] : 0.0f);              \
    }                                                                                              \
  }
INTEGER_TYPES(INTEGER_VECTOR)
#undef INTEGER_VECTOR

#endif
