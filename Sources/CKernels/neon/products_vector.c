// Products of the K types and IQ4_XS with one token, for NEON with dot product.
#include "../levels.h"

#if defined(__aarch64__)
#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "vector_terms.h"

/// Four bytes as floats.
INLINE float32x4_t four_floats(uint32_t bytes) {
  const uint16x8_t words = vmovl_u8(vcreate_u8(bytes));
  return vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)));
}

// MARK: Q4_K and Q5_K

/// Factors of eight sub-blocks of 32; minima are taken off `rest`.
INLINE void factors_q4_K(const uint8_t packed[12], float d, float dmin, const float *steps,
                         const float *sums, float32x4_t factors[2], float32x4_t *rest) {
  const uint32_t a = load_u32(packed), b = load_u32(packed + 4), c = load_u32(packed + 8);
  const uint32_t low = 0x3f3f3f3f, high = 0x30303030, nibble = 0x0f0f0f0f;
  const uint32_t scales[2] = {a & low, (c & nibble) | (a >> 2 & high)};
  const uint32_t minima[2] = {b & low, (c >> 4 & nibble) | (b >> 2 & high)};
  for (int half = 0; half < 2; half++) {
    const float32x4_t scale = vmulq_n_f32(four_floats(scales[half]), d);
    const float32x4_t minimum = vmulq_n_f32(four_floats(minima[half]), dmin);
    factors[half] = vmulq_f32(scale, vld1q_f32(steps + 4 * half));
    *rest = vfmsq_f32(*rest, minimum, vld1q_f32(sums + 4 * half));
  }
}

INLINE void add_block_q4_K(const quern_block_q4_K *block, packed_token x, size_t at,
                           float32x4_t *sum, float32x4_t *rest) {
  float32x4_t factors[2];
  factors_q4_K(block->scales, half_to_float(block->d), half_to_float(block->dmin),
               x.scales + at * 8, x.sums + at * 8, factors, rest);
  const int8_t *bytes = x.bytes + at * 256;
  for (int half = 0; half < 2; half++) {
    int32x4_t dots[4];
    for (int pair = 0; pair < 2; pair++, bytes += 64) {
      const uint8_t *qs = block->qs + half * 64 + pair * 32;
      const uint8x16_t a = vld1q_u8(qs), b = vld1q_u8(qs + 16);
      dots[2 * pair] = dot_32(low_nibbles(a), low_nibbles(b), bytes);
      dots[2 * pair + 1] = dot_32(high_nibbles(a), high_nibbles(b), bytes + 32);
    }
    *sum = vfmaq_f32(*sum, sums_of(dots), factors[half]);
  }
}

/// Adds 16 where bit `sub` is set.
INLINE uint8x16_t with_fifth(uint8x16_t nibbles, uint8x16_t bits, int sub) {
  const uint8x16_t set = vtstq_u8(bits, vdupq_n_u8((uint8_t)(1 << sub)));
  return vorrq_u8(nibbles, vandq_u8(set, vdupq_n_u8(16)));
}

INLINE void add_block_q5_K(const quern_block_q5_K *block, packed_token x, size_t at,
                           float32x4_t *sum, float32x4_t *rest) {
  float32x4_t factors[2];
  factors_q4_K(block->scales, half_to_float(block->d), half_to_float(block->dmin),
               x.scales + at * 8, x.sums + at * 8, factors, rest);
  const uint8x16_t ha = vld1q_u8(block->qh), hb = vld1q_u8(block->qh + 16);
  const int8_t *bytes = x.bytes + at * 256;
#pragma clang loop unroll(full)
  for (int half = 0; half < 2; half++) {
    int32x4_t dots[4];
#pragma clang loop unroll(full)
    for (int pair = 0; pair < 2; pair++, bytes += 64) {
      const uint8_t *qs = block->qs + half * 64 + pair * 32;
      const int sub = 4 * half + 2 * pair;
      const uint8x16_t a = vld1q_u8(qs), b = vld1q_u8(qs + 16);
      dots[2 * pair] =
          dot_32(with_fifth(low_nibbles(a), ha, sub), with_fifth(low_nibbles(b), hb, sub), bytes);
      dots[2 * pair + 1] = dot_32(with_fifth(high_nibbles(a), ha, sub + 1),
                                  with_fifth(high_nibbles(b), hb, sub + 1), bytes + 32);
    }
    *sum = vfmaq_f32(*sum, sums_of(dots), factors[half]);
  }
}

// MARK: Sixteen sub-blocks of 16

/// Adds four sub-blocks from number `first` on; `rest` gathers what minima (or offsets) multiply.
INLINE void add_four(const int32x4_t dots[4], float32x4_t scales, float32x4_t minima, packed_token x,
                     size_t first, float32x4_t *sum, float32x4_t *rest) {
  const float32x2_t two = vld1_f32(x.scales + first / 2);
  const float32x4_t steps = vcombine_f32(vdup_lane_f32(two, 0), vdup_lane_f32(two, 1));
  *sum = vfmaq_f32(*sum, sums_of(dots), vmulq_f32(scales, steps));
  *rest = vfmaq_f32(*rest, minima, vld1q_f32(x.halves + first));
}

/// Four signed bytes as floats times `unit`.
INLINE float32x4_t four_scales(const int8_t *bytes, float unit) {
  const int16x8_t words = vmovl_s8(vcreate_s8(load_u32(bytes)));
  return vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(vget_low_s16(words))), unit);
}

INLINE void add_block_q6_K(const quern_block_q6_K *block, packed_token x, size_t at,
                           float32x4_t *sum, float32x4_t *rest) {
  const float d = half_to_float(block->d);
  const uint8x16_t pairs = vdupq_n_u8(0x30);
#pragma clang loop unroll(full)
  for (int half = 0; half < 2; half++) {
    int32x4_t dots[8];
#pragma clang loop unroll(full)
    for (int i = 0; i < 2; i++) {
      const uint8x16_t a = vld1q_u8(block->ql + half * 64 + i * 16);
      const uint8x16_t b = vld1q_u8(block->ql + half * 64 + 32 + i * 16);
      const uint8x16_t h = vld1q_u8(block->qh + half * 32 + i * 16);
      const uint8x16_t q[4] = {
          vorrq_u8(low_nibbles(a), vandq_u8(vshlq_n_u8(h, 4), pairs)),
          vorrq_u8(low_nibbles(b), vandq_u8(vshlq_n_u8(h, 2), pairs)),
          vorrq_u8(high_nibbles(a), vandq_u8(h, pairs)),
          vorrq_u8(high_nibbles(b), vandq_u8(vshrq_n_u8(h, 2), pairs)),
      };
      for (int part = 0; part < 4; part++)
        dots[2 * part + i] = add_dot(vdupq_n_s32(0), q[part],
                                     x.bytes + at * 256 + half * 128 + part * 32 + i * 16);
    }
    for (int quad = 0; quad < 2; quad++) {
      const size_t first = (size_t)(half * 8 + quad * 4);
      const float32x4_t scales = four_scales(block->scales + first, d);
      add_four(dots + 4 * quad, scales, scales, x, at * 16 + first, sum, rest);
    }
  }
}

/// The dots of sub-blocks 4 * quad ... of two-bit digits; the bits of `high` (or none) add 4.
INLINE void dots_of_digits(const uint8_t *qs, const uint8_t *high, packed_token x, size_t at, int quad,
                           int32x4_t dots[4]) {
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    const int part = quad % 2 * 2 + i / 2, from = quad / 2 * 32 + i % 2 * 16;
    const uint8x16_t moved = vshlq_u8(vld1q_u8(qs + from), vdupq_n_s8((int8_t)(-2 * part)));
    uint8x16_t q = vandq_u8(moved, vdupq_n_u8(3));
    if (high) {
      const uint8_t bit = (uint8_t)(1 << (quad / 2 * 4 + part));
      const uint8x16_t set = vtstq_u8(vld1q_u8(high + i % 2 * 16), vdupq_n_u8(bit));
      q = vorrq_u8(q, vandq_u8(set, vdupq_n_u8(4)));
    }
    dots[i] = add_dot(vdupq_n_s32(0), q, x.bytes + at * 256 + quad * 64 + i * 16);
  }
}

INLINE void add_block_q2_K(const quern_block_q2_K *block, packed_token x, size_t at,
                           float32x4_t *sum, float32x4_t *rest) {
  const float d = half_to_float(block->d), dmin = half_to_float(block->dmin);
#pragma clang loop unroll(full)
  for (int quad = 0; quad < 4; quad++) {
    int32x4_t dots[4];
    dots_of_digits(block->qs, NULL, x, at, quad, dots);
    const uint32_t both = load_u32(block->scales + 4 * quad), nibble = 0x0f0f0f0f;
    add_four(dots, vmulq_n_f32(four_floats(both & nibble), d),
             vmulq_n_f32(four_floats(both >> 4 & nibble), -dmin), x, at * 16 + 4 * (size_t)quad, sum,
             rest);
  }
}

INLINE void add_block_q3_K(const quern_block_q3_K *block, packed_token x, size_t at,
                           float32x4_t *sum, float32x4_t *rest) {
  const uint32_t a = load_u32(block->scales), b = load_u32(block->scales + 4);
  const uint32_t c = load_u32(block->scales + 8), nibble = 0x0f0f0f0f, high = 0x30303030;
  const uint32_t six[4] = {(a & nibble) | (c << 4 & high), (b & nibble) | (c << 2 & high),
                           (a >> 4 & nibble) | (c & high), (b >> 4 & nibble) | (c >> 2 & high)};
  const float d = half_to_float(block->d);
#pragma clang loop unroll(full)
  for (int quad = 0; quad < 4; quad++) {
    int32x4_t dots[4];
    dots_of_digits(block->qs, block->hmask, x, at, quad, dots);
    const float32x4_t scales =
        vmulq_n_f32(vsubq_f32(four_floats(six[quad]), vdupq_n_f32(32)), d);
    add_four(dots, scales, scales, x, at * 16 + 4 * (size_t)quad, sum, rest);
  }
}

// MARK: Rows

// `weight` multiplies what gathers in `rest`.
#define SUPER_BLOCKS(name, weight)                                                                \
  INLINE float32x4_t row_##name(const quern_block_##name *blocks, packed_token x, size_t columns) { \
    float32x4_t sum = vdupq_n_f32(0), rest = vdupq_n_f32(0);                                      \
    for (size_t at = 0; at < columns / 256; at++) {                                               \
      prefetch_bytes(blocks + at, sizeof *blocks);                                                \
      add_block_##name(blocks + at, x, at, &sum, &rest);                                          \
    }                                                                                             \
    return vfmaq_n_f32(sum, rest, weight);                                                        \
  }                                                                                               \
  ROWS(name, row_##name(blocks, x, columns))

SUPER_BLOCKS(q4_K, 1)
SUPER_BLOCKS(q5_K, 1)
SUPER_BLOCKS(q6_K, -32)
SUPER_BLOCKS(q2_K, 1)
SUPER_BLOCKS(q3_K, -4)

#pragma clang attribute pop

void quern_fill_super_block_vectors_neon(quern_product_table *products) {
  products->vector[10] = vector_q2_K;
  products->vector[11] = vector_q3_K;
  products->vector[12] = vector_q4_K;
  products->vector[13] = vector_q5_K;
  products->vector[14] = vector_q6_K;
}
#endif
