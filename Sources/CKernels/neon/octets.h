// Octets of Advanced SIMD in two registers; lanes/octets.h says what each function means. Private.
#ifndef QUERN_NEON_OCTETS_H
#define QUERN_NEON_OCTETS_H

#include <arm_neon.h>

typedef struct {
  float32x4_t a, b;
} octet;
typedef struct {
  uint32x4_t a, b;
} octet_mask;
typedef octet_mask octet_int;

#define OCTET_BINARY(name, type, operation) \
  LANES_INLINE type name(octet x, octet y) { return (type){operation(x.a, y.a), operation(x.b, y.b)}; }

LANES_INLINE octet octet_load(const float *p) { return (octet){vld1q_f32(p), vld1q_f32(p + 4)}; }
LANES_INLINE void octet_store(float *p, octet x) {
  vst1q_f32(p, x.a);
  vst1q_f32(p + 4, x.b);
}
LANES_INLINE octet octet_all(float value) { return (octet){vdupq_n_f32(value), vdupq_n_f32(value)}; }
OCTET_BINARY(octet_add, octet, vaddq_f32)
OCTET_BINARY(octet_sub, octet, vsubq_f32)
OCTET_BINARY(octet_mul, octet, vmulq_f32)
OCTET_BINARY(octet_div, octet, vdivq_f32)
OCTET_BINARY(octet_less, octet_mask, vcltq_f32)
LANES_INLINE octet octet_abs(octet x) { return (octet){vabsq_f32(x.a), vabsq_f32(x.b)}; }
LANES_INLINE octet octet_select(octet_mask m, octet x, octet y) {
  return (octet){vbslq_f32(m.a, x.a, y.a), vbslq_f32(m.b, x.b, y.b)};
}
LANES_INLINE octet octet_min(octet x, octet y) { return octet_select(octet_less(x, y), x, y); }
LANES_INLINE unsigned octet_bits(octet_mask m) {
  static const uint32_t low[4] = {1, 2, 4, 8};
  const uint32x4_t weights = vld1q_u32(low);
  return vaddvq_u32(vandq_u32(m.a, weights)) | vaddvq_u32(vandq_u32(m.b, weights)) << 4;
}
LANES_INLINE octet octet_least(octet x) { return octet_all(vminvq_f32(vminq_f32(x.a, x.b))); }
OCTET_BINARY(octet_equal, octet_mask, vceqq_f32)
LANES_INLINE float octet_first(octet x) { return vgetq_lane_f32(x.a, 0); }
LANES_INLINE octet octet_lane_numbers(void) {
  static const float numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  return octet_load(numbers);
}

LANES_INLINE octet_int octet_load_codes(const uint16_t *p) {
  const uint16x8_t codes = vld1q_u16(p);
  return (octet_int){vmovl_u16(vget_low_u16(codes)), vmovl_high_u16(codes)};
}
LANES_INLINE octet_int octet_load_int(const uint32_t *p) {
  return (octet_int){vld1q_u32(p), vld1q_u32(p + 4)};
}
LANES_INLINE void octet_store_int(uint32_t *p, octet_int x) {
  vst1q_u32(p, x.a);
  vst1q_u32(p + 4, x.b);
}
LANES_INLINE octet_int octet_right(octet_int x, int bits) {
  const int32x4_t left = vdupq_n_s32(-bits);
  return (octet_int){vshlq_u32(x.a, left), vshlq_u32(x.b, left)};
}

LANES_INLINE float32x4_t neon_pick(octet table, uint32x4_t index) {
  const uint8x16x2_t bytes = {{vreinterpretq_u8_f32(table.a), vreinterpretq_u8_f32(table.b)}};
  const uint32x4_t places = vmlaq_n_u32(vdupq_n_u32(0x03020100), index, 0x04040404);
  return vreinterpretq_f32_u8(vqtbl2q_u8(bytes, vreinterpretq_u8_u32(places)));
}
LANES_INLINE octet octet_pick8(octet table, octet_int index) {
  const uint32x4_t seven = vdupq_n_u32(7);
  return (octet){neon_pick(table, vandq_u32(index.a, seven)),
                 neon_pick(table, vandq_u32(index.b, seven))};
}
LANES_INLINE octet octet_pick4(octet table, octet_int index) {
  const uint32x4_t three = vdupq_n_u32(3);
  return (octet){neon_pick(table, vandq_u32(index.a, three)),
                 neon_pick(table, vandq_u32(index.b, three))};
}

LANES_INLINE octet neon_from_bytes(int8x8_t bytes) {
  const int16x8_t words = vmovl_s8(bytes);
  return (octet){vcvtq_f32_s32(vmovl_s16(vget_low_s16(words))),
                 vcvtq_f32_s32(vmovl_high_s16(words))};
}
LANES_INLINE octet octet_from_bytes(uint64_t bytes) { return neon_from_bytes(vcreate_s8(bytes)); }
LANES_INLINE octet octet_look_up(const int8_t table[16], uint64_t codes) {
  return neon_from_bytes(vqtbl1_s8(vld1q_s8(table), vcreate_u8(codes)));
}
LANES_INLINE octet_int octet_spread(unsigned word, int bits) {
  static const int32_t numbers[8] = {0, -1, -2, -3, -4, -5, -6, -7};
  return (octet_int){vshlq_u32(vdupq_n_u32(word), vmulq_n_s32(vld1q_s32(numbers), bits)),
                     vshlq_u32(vdupq_n_u32(word), vmulq_n_s32(vld1q_s32(numbers + 4), bits))};
}
LANES_INLINE octet octet_flip(octet x, unsigned signs) {
  static const int32_t tops[8] = {31, 30, 29, 28, 27, 26, 25, 24};
  const uint32x4_t bits = vdupq_n_u32(signs), top = vdupq_n_u32(0x80000000u);
  const uint32x4_t a = vandq_u32(vshlq_u32(bits, vld1q_s32(tops)), top);
  const uint32x4_t b = vandq_u32(vshlq_u32(bits, vld1q_s32(tops + 4)), top);
  return (octet){vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x.a), a)),
                 vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x.b), b))};
}

#endif
