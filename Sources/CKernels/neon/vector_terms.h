// What the products of one token share, for NEON with dot product. Included under the level's target
// attribute.
//
// The dots of four sub-blocks are added up side by side, so that one conversion and one multiplication with
// scales serve all four.
#ifndef QUERN_NEON_VECTOR_TERMS_H
#define QUERN_NEON_VECTOR_TERMS_H

#include <arm_neon.h>
#include <string.h>

#include "../include/CKernels.h"
#include "../products/prefetch.h"

#define INLINE static inline __attribute__((always_inline, unused))

/// The packed token: bytes, scales, scaled sums of blocks of 32 and of 16.
typedef struct {
  const int8_t *bytes;
  const float *scales, *sums, *halves;
} packed_token;

INLINE packed_token token_of(const quern_product_job *product) {
  packed_token x;
  x.bytes = product->activations;
  x.scales = (const float *)(x.bytes + product->columns);
  x.sums = x.scales + product->columns / 32;
  x.halves = x.sums + product->columns / 32;
  return x;
}

INLINE uint32_t load_u32(const void *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
INLINE float half_to_float(uint16_t bits) {
  __fp16 half;
  memcpy(&half, &bits, 2);
  return (float)half;
}
INLINE float32x4_t halves_to_floats(uint16x4_t bits) {
  return vcvt_f32_f16(vreinterpret_f16_u16(bits));
}

INLINE uint8x16_t low_nibbles(uint8x16_t bytes) { return vandq_u8(bytes, vdupq_n_u8(15)); }
INLINE uint8x16_t high_nibbles(uint8x16_t bytes) { return vshrq_n_u8(bytes, 4); }

/// Sixteen more products, weights below 128.
INLINE int32x4_t add_dot(int32x4_t dot, uint8x16_t weights, const int8_t *bytes) {
  return vdotq_s32(dot, vreinterpretq_s8_u8(weights), vld1q_s8(bytes));
}
INLINE int32x4_t dot_32(uint8x16_t first, uint8x16_t last, const int8_t *bytes) {
  return add_dot(add_dot(vdupq_n_s32(0), first, bytes), last, bytes + 16);
}
/// The sums of four.
INLINE float32x4_t sums_of(const int32x4_t dots[4]) {
  return vcvtq_f32_s32(vpaddq_s32(vpaddq_s32(dots[0], dots[1]), vpaddq_s32(dots[2], dots[3])));
}

/// Asks for the bytes of some blocks, further ahead.
INLINE void prefetch_bytes(const void *blocks, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) PREFETCH_AHEAD((const uint8_t *)blocks + line);
}

// A product of one token; `row` gives the lanes that sum up to the product of the row of `blocks` with `x`.
#define ROWS(name, row)                                                                           \
  static void vector_##name(const quern_product_job *product, size_t first, size_t end,           \
                            void *scratch) {                                                      \
    (void)scratch;                                                                                \
    const packed_token x = token_of(product);                                                     \
    const size_t columns = product->columns;                                                      \
    for (size_t r = first; r < end; r++) {                                                        \
      const quern_block_##name *blocks =                                                          \
          (const void *)((const uint8_t *)product->weights + r * product->row_bytes);             \
      const float sum = vaddvq_f32(row);                                                          \
      product->output[r] = product->bias ? sum + product->bias[r] : sum;                          \
    }                                                                                             \
  }

#endif
