// Digits of grid vectors on sixteen lanes of Advanced SIMD; lanes/lanes.h says what each function
// means. Include at the end of lanes.h. Private.
#ifndef QUERN_NEON_DIGITS_H
#define QUERN_NEON_DIGITS_H

enum { LANES_DIGIT_ZERO = 0x4bc00000 };  // the bits of 1.5 * 2^24

LANES_INLINE lanes_int lanes_load_int(const uint32_t *p) {
  LANES_EACH(lanes_int, vreinterpretq_s32_u32(vld1q_u32(p + 4 * i)));
}
LANES_INLINE void lanes_store_int(uint32_t *p, lanes_int x) {
  for (int i = 0; i < 4; i++) vst1q_u32(p + 4 * i, vreinterpretq_u32_s32(x.v[i]));
}
LANES_INLINE lanes_int lanes_load_bytes(const uint8_t *p) {
  const uint8x16_t bytes = vld1q_u8(p);
  const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_high_u8(bytes);
  return (lanes_int){{vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(low))),
                      vreinterpretq_s32_u32(vmovl_high_u16(low)),
                      vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(high))),
                      vreinterpretq_s32_u32(vmovl_high_u16(high))}};
}
LANES_INLINE unsigned lanes_changes(lanes_int before, lanes_int x) {
  lanes_mask same;
  for (int i = 0; i < 4; i++)
    same.v[i] = vceqq_s32(x.v[i], vextq_s32(i == 0 ? before.v[3] : x.v[i - 1], x.v[i], 3));
  return lanes_bits(same) ^ 0xffff;
}
LANES_INLINE lanes_int lanes_replaced(lanes_int x, unsigned bits, int value) {
  static const uint32_t weights[4] = {1, 2, 4, 8};
  const uint32x4_t lane = vld1q_u32(weights);
  LANES_EACH(lanes_int, vbslq_s32(vtstq_u32(vdupq_n_u32(bits >> 4 * i), lane), vdupq_n_s32(value),
                                  x.v[i]));
}
LANES_INLINE lanes_int lanes_raised(lanes_int x, lanes_mask m, int value) {
  LANES_EACH(lanes_int, vaddq_s32(x.v[i], vandq_s32(vreinterpretq_s32_u32(m.v[i]),
                                                    vdupq_n_s32(value))));
}
LANES_INLINE lanes_int lanes_shifted_in(lanes_int x, int bits, lanes_int y) {
  LANES_EACH(lanes_int, vaddq_s32(vshlq_s32(x.v[i], vdupq_n_s32(bits)), y.v[i]));
}
LANES_INLINE lanes_int lanes_half_digits(lanes x, int high) {
  const float32x4_t magic = vdupq_n_f32(25165824.f);
  const int32x4_t low = vdupq_n_s32(LANES_DIGIT_ZERO), top = vdupq_n_s32(LANES_DIGIT_ZERO + high);
  LANES_EACH(lanes_int, vmaxq_s32(vminq_s32(vreinterpretq_s32_f32(vaddq_f32(x.v[i], magic)), top),
                                  low));
}
LANES_INLINE lanes lanes_quad(const float *table, lanes_int index) {
  const uint8x16_t bytes = vld1q_u8((const uint8_t *)table);
  lanes result;
  for (int i = 0; i < 4; i++) {
    const uint32x4_t four = vandq_u32(vreinterpretq_u32_s32(index.v[i]), vdupq_n_u32(3));
    const uint32x4_t places = vmlaq_n_u32(vdupq_n_u32(0x03020100), four, 0x04040404);
    result.v[i] = vreinterpretq_f32_u8(vqtbl1q_u8(bytes, vreinterpretq_u8_u32(places)));
  }
  return result;
}
LANES_INLINE lanes lanes_masked(lanes x, unsigned bits) {
  static const uint32_t weights[4] = {1, 2, 4, 8};
  const uint32x4_t lane = vld1q_u32(weights);
  LANES_EACH(lanes, vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x.v[i]),
                                                    vtstq_u32(vdupq_n_u32(bits >> 4 * i), lane))));
}
LANES_INLINE lanes lanes_line(lanes scale, lanes slope, lanes offset) {
  LANES_EACH(lanes, vnegq_f32(vfmsq_f32(offset.v[i], scale.v[i], slope.v[i])));
}
LANES_INLINE float lanes_total(lanes x) {
  return vaddvq_f32(vaddq_f32(vaddq_f32(x.v[0], x.v[1]), vaddq_f32(x.v[2], x.v[3])));
}

#include "../lanes/digit_tables.h"

#endif
