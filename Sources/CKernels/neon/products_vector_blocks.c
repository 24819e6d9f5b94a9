// Products of blocks of 32 with one token, for NEON with dot product.
#include "../levels.h"

#if defined(__aarch64__)
#include "products_vector.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "vector_terms.h"

// MARK: Weights

typedef struct {
  uint8x16_t first, last;
} weights_32;

INLINE weights_32 nibbles_of(const uint8_t qs[16]) {
  const uint8x16_t bytes = vld1q_u8(qs);
  return (weights_32){low_nibbles(bytes), high_nibbles(bytes)};
}

INLINE weights_32 add_fifth_bits(weights_32 w, const uint8_t qh[4]) {
  const uint8x16_t bits = vreinterpretq_u8_u32(vdupq_n_u32(load_u32(qh)));
  const uint8x16_t first = vcombine_u8(vdup_n_u8(0), vdup_n_u8(1));
  const uint8x16_t one = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
  const uint8x16_t sixteen = vdupq_n_u8(16);
  const uint8x16_t low = vtstq_u8(vqtbl1q_u8(bits, first), one);
  const uint8x16_t high = vtstq_u8(vqtbl1q_u8(bits, vaddq_u8(first, vdupq_n_u8(2))), one);
  w.first = vorrq_u8(w.first, vandq_u8(low, sixteen));
  w.last = vorrq_u8(w.last, vandq_u8(high, sixteen));
  return w;
}

INLINE weights_32 look_up(weights_32 w, const int8_t levels[16]) {
  const uint8x16_t table = vreinterpretq_u8_s8(vld1q_s8(levels));
  return (weights_32){vqtbl1q_u8(table, w.first), vqtbl1q_u8(table, w.last)};
}

static const int8_t iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                      1,    13,   25,  38,  53,  69,  89,  113};
/// E2M1, doubled; the scales come halved.
static const int8_t fp4_levels[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

INLINE weights_32 bytes_of(const int8_t qs[32]) {
  return (weights_32){vreinterpretq_u8_s8(vld1q_s8(qs)), vreinterpretq_u8_s8(vld1q_s8(qs + 16))};
}

// MARK: Scales

/// 2^(e - 128); the two lowest are subnormal.
INLINE float half_of_e8m0(uint8_t e) {
  const uint32_t bits = e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

INLINE float32x4_t four_halves(uint16_t a, uint16_t b, uint16_t c, uint16_t d) {
  const uint16x4_t bits = {a, b, c, d};
  return halves_to_floats(bits);
}
#define FOUR_HALVES(b, field) four_halves((b)[0].field, (b)[1].field, (b)[2].field, (b)[3].field)

// MARK: Rows

// Four blocks at a time, then one at a time. `scale` and `minimum` are what multiplies the sums of products
// and the sums of activations; those of the last blocks stand behind them. `weight` multiplies the latter.
#define BLOCKS_32(name, weights, scale, minimum, last_scale, last_minimum, weight)                \
  INLINE int32x4_t dot_##name(const quern_block_##name *b, const int8_t *bytes) {                 \
    const weights_32 w = weights;                                                                 \
    return dot_32(w.first, w.last, bytes);                                                        \
  }                                                                                               \
  INLINE float32x4_t row_##name(const quern_block_##name *b, packed_token x, size_t count) {      \
    float32x4_t sum = vdupq_n_f32(0), rest = vdupq_n_f32(0);                                      \
    size_t at = 0;                                                                                \
    for (; at + 4 <= count; at += 4, b += 4) {                                                    \
      int32x4_t dots[4];                                                                          \
      for (size_t i = 0; i < 4; i++) dots[i] = dot_##name(b + i, x.bytes + (at + i) * 32);        \
      const float32x4_t factors = vmulq_f32(scale, vld1q_f32(x.scales + at));                     \
      sum = vfmaq_f32(sum, sums_of(dots), factors);                                               \
      rest = vfmaq_f32(rest, minimum, vld1q_f32(x.sums + at));                                    \
      prefetch_bytes(b, 4 * sizeof *b);                                                           \
    }                                                                                             \
    float last = 0;                                                                               \
    for (; at < count; at++, b++) {                                                               \
      const float factor = (last_scale) * x.scales[at];                                           \
      sum = vfmaq_n_f32(sum, vcvtq_f32_s32(dot_##name(b, x.bytes + at * 32)), factor);            \
      last += (last_minimum) * x.sums[at];                                                        \
    }                                                                                             \
    rest = vsetq_lane_f32(vgetq_lane_f32(rest, 0) + last, rest, 0);                               \
    return vfmaq_n_f32(sum, rest, weight);                                                        \
  }                                                                                               \
  ROWS(name, row_##name(blocks, x, columns / 32))

#define ONE_SCALE FOUR_HALVES(b, d), FOUR_HALVES(b, d), half_to_float(b->d), half_to_float(b->d)
#define TWO_SCALES FOUR_HALVES(b, d), FOUR_HALVES(b, m), half_to_float(b->d), half_to_float(b->m)
#define SCALES_ALONE FOUR_HALVES(b, d), vdupq_n_f32(0), half_to_float(b->d), 0.0f
#define BLOCKS_WITH(name, weights, scales, weight) BLOCKS_32(name, weights, scales, weight)

BLOCKS_WITH(q4_0, nibbles_of(b->qs), ONE_SCALE, -8)
BLOCKS_WITH(q4_1, nibbles_of(b->qs), TWO_SCALES, 1)
BLOCKS_WITH(q5_0, add_fifth_bits(nibbles_of(b->qs), b->qh), ONE_SCALE, -16)
BLOCKS_WITH(q5_1, add_fifth_bits(nibbles_of(b->qs), b->qh), TWO_SCALES, 1)
BLOCKS_WITH(q8_0, bytes_of(b->qs), SCALES_ALONE, 0)
BLOCKS_WITH(iq4_NL, look_up(nibbles_of(b->qs), iq4_levels), SCALES_ALONE, 0)

#define E8M0_SCALES                                                                               \
  ((float32x4_t){half_of_e8m0(b[0].e), half_of_e8m0(b[1].e), half_of_e8m0(b[2].e),                \
                 half_of_e8m0(b[3].e)}),                                                          \
      vdupq_n_f32(0), half_of_e8m0(b->e), 0.0f
BLOCKS_WITH(mxfp4, look_up(nibbles_of(b->qs), fp4_levels), E8M0_SCALES, 0)

#pragma clang attribute pop

void quern_fill_block_vectors_neon(quern_product_table *products) {
  products->vector[2] = vector_q4_0;
  products->vector[3] = vector_q4_1;
  products->vector[6] = vector_q5_0;
  products->vector[7] = vector_q5_1;
  products->vector[8] = vector_q8_0;
  products->vector[20] = vector_iq4_NL;
  products->vector[39] = vector_mxfp4;
}
#endif
