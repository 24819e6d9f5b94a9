// Sixteen lanes of Advanced SIMD in four registers; lanes/lanes.h says what each function means.
#ifndef QUERN_NEON_LANES_H
#define QUERN_NEON_LANES_H

#include <arm_neon.h>

#include "../scalar/floats.h"

enum { LANES_GROUPS = 2, LANES_DESCENTS = 2, LANES_TRIALS = 1, LANES_SPLITS = 1 };

#define QUERN_LEVEL neon
#define QUERN_TARGET
#define LANES_INLINE static inline __attribute__((always_inline, unused))

#include "octets.h"

typedef struct {
  float32x4_t v[4];
} lanes;
typedef struct {
  int32x4_t v[4];
} lanes_int;
typedef struct {
  uint32x4_t v[4];
} lanes_mask;

#define LANES_EACH(type, expression)           \
  type result;                                 \
  for (int i = 0; i < 4; i++) result.v[i] = (expression); \
  return result

LANES_INLINE lanes lanes_load(const float *p) { LANES_EACH(lanes, vld1q_f32(p + 4 * i)); }
LANES_INLINE void lanes_store(float *p, lanes x) {
  for (int i = 0; i < 4; i++) vst1q_f32(p + 4 * i, x.v[i]);
}
LANES_INLINE lanes lanes_all(float value) { LANES_EACH(lanes, vdupq_n_f32(value)); }
LANES_INLINE lanes lanes_add(lanes x, lanes y) { LANES_EACH(lanes, vaddq_f32(x.v[i], y.v[i])); }
LANES_INLINE lanes lanes_sub(lanes x, lanes y) { LANES_EACH(lanes, vsubq_f32(x.v[i], y.v[i])); }
LANES_INLINE lanes lanes_mul(lanes x, lanes y) { LANES_EACH(lanes, vmulq_f32(x.v[i], y.v[i])); }
LANES_INLINE lanes lanes_div(lanes x, lanes y) { LANES_EACH(lanes, vdivq_f32(x.v[i], y.v[i])); }
LANES_INLINE lanes lanes_sqrt(lanes x) { LANES_EACH(lanes, vsqrtq_f32(x.v[i])); }
LANES_INLINE lanes lanes_abs(lanes x) { LANES_EACH(lanes, vabsq_f32(x.v[i])); }
LANES_INLINE lanes lanes_at_most_positive(lanes x, float high) {
  LANES_EACH(lanes, vminnmq_f32(x.v[i], vdupq_n_f32(high)));
}
LANES_INLINE lanes lanes_at_least_negative(lanes x, float low) {
  LANES_EACH(lanes, vmaxnmq_f32(x.v[i], vdupq_n_f32(low)));
}
LANES_INLINE lanes lanes_at_least_zero(lanes x) {
  LANES_EACH(lanes, vmaxnmq_f32(x.v[i], vdupq_n_f32(0)));
}
LANES_INLINE lanes lanes_nearest(lanes x) { LANES_EACH(lanes, vrndnq_f32(x.v[i])); }

LANES_INLINE lanes_mask lanes_less(lanes x, lanes y) {
  LANES_EACH(lanes_mask, vcltq_f32(x.v[i], y.v[i]));
}
LANES_INLINE lanes_mask lanes_at_most(lanes x, lanes y) {
  LANES_EACH(lanes_mask, vcleq_f32(x.v[i], y.v[i]));
}
LANES_INLINE lanes_mask lanes_equal(lanes x, lanes y) {
  LANES_EACH(lanes_mask, vceqq_f32(x.v[i], y.v[i]));
}
LANES_INLINE lanes_mask lanes_and(lanes_mask x, lanes_mask y) {
  LANES_EACH(lanes_mask, vandq_u32(x.v[i], y.v[i]));
}
LANES_INLINE lanes_mask lanes_and_not(lanes_mask x, lanes_mask y) {
  LANES_EACH(lanes_mask, vbicq_u32(x.v[i], y.v[i]));
}
LANES_INLINE unsigned lanes_bits(lanes_mask x) {
  static const uint32_t weights[4] = {1, 2, 4, 8};
  const uint32x4_t w = vld1q_u32(weights);
  unsigned bits = 0;
  for (int i = 0; i < 4; i++) bits |= vaddvq_u32(vandq_u32(x.v[i], w)) << 4 * i;
  return bits;
}
LANES_INLINE lanes lanes_select(lanes_mask mask, lanes x, lanes y) {
  LANES_EACH(lanes, vbslq_f32(mask.v[i], x.v[i], y.v[i]));
}
LANES_INLINE lanes lanes_where(lanes_mask mask, lanes x) {
  LANES_EACH(lanes, vreinterpretq_f32_u32(vandq_u32(mask.v[i], vreinterpretq_u32_f32(x.v[i]))));
}
LANES_INLINE lanes lanes_numbers(void) {
  static const float numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lanes_load(numbers);
}
// The processor's own minimum orders the zeros and keeps NaN; these are comparisons, as in C.
LANES_INLINE lanes lanes_min(lanes x, lanes y) { return lanes_select(lanes_less(x, y), x, y); }
LANES_INLINE lanes lanes_max(lanes x, lanes y) { return lanes_select(lanes_less(y, x), x, y); }

LANES_INLINE lanes_int lanes_nearest_wrapped(lanes x) {
  const float32x4_t magic = vdupq_n_f32(12582912.f);
  const int32x4_t mask = vdupq_n_s32(0x7fffff), offset = vdupq_n_s32(0x400000);
  LANES_EACH(lanes_int, vsubq_s32(vandq_s32(vreinterpretq_s32_f32(vaddq_f32(x.v[i], magic)), mask),
                                  offset));
}
// What does not fit becomes the least integer, as on x86; the instruction alone would saturate.
LANES_INLINE lanes_int lanes_truncated(lanes x) {
  const float32x4_t limit = vdupq_n_f32(2147483648.f);
  const int32x4_t least = vdupq_n_s32(INT32_MIN);
  LANES_EACH(lanes_int,
             vbslq_s32(vcltq_f32(vabsq_f32(x.v[i]), limit), vcvtq_s32_f32(x.v[i]), least));
}
LANES_INLINE lanes_int lanes_at_most_int(lanes_int x, int high) {
  LANES_EACH(lanes_int, vminq_s32(x.v[i], vdupq_n_s32(high)));
}
LANES_INLINE lanes_int lanes_clamped(lanes_int x, int low, int high) {
  LANES_EACH(lanes_int, vmaxq_s32(vminq_s32(x.v[i], vdupq_n_s32(high)), vdupq_n_s32(low)));
}
LANES_INLINE lanes_int lanes_add_int(lanes_int x, int value) {
  LANES_EACH(lanes_int, vaddq_s32(x.v[i], vdupq_n_s32(value)));
}
LANES_INLINE lanes_int lanes_low_byte(lanes_int x) {
  LANES_EACH(lanes_int, vandq_s32(x.v[i], vdupq_n_s32(255)));
}
LANES_INLINE lanes_int lanes_all_int(int value) { LANES_EACH(lanes_int, vdupq_n_s32(value)); }
LANES_INLINE lanes lanes_from_int(lanes_int x) { LANES_EACH(lanes, vcvtq_f32_s32(x.v[i])); }
LANES_INLINE float32x4_t neon_pick8(const float *table, int32x4_t index) {
  const uint8x16x2_t bytes = {{vld1q_u8((const uint8_t *)table), vld1q_u8((const uint8_t *)table + 16)}};
  const uint32x4_t eight = vandq_u32(vreinterpretq_u32_s32(index), vdupq_n_u32(7));
  const uint32x4_t places = vmlaq_n_u32(vdupq_n_u32(0x03020100), eight, 0x04040404);
  return vreinterpretq_f32_u8(vqtbl2q_u8(bytes, vreinterpretq_u8_u32(places)));
}
LANES_INLINE lanes lanes_pick8(const float *table, lanes_int index) {
  LANES_EACH(lanes, neon_pick8(table, index.v[i]));
}
LANES_INLINE lanes_int lanes_load_codes(const uint16_t *p) {
  LANES_EACH(lanes_int, vreinterpretq_s32_u32(vmovl_u16(vld1_u16(p + 4 * i))));
}
LANES_INLINE lanes_int lanes_right(lanes_int x, int bits) {
  LANES_EACH(lanes_int, vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(x.v[i]),
                                                        vdupq_n_s32(-bits))));
}
LANES_INLINE lanes lanes_pick4(octet table, lanes_int index) {
  LANES_EACH(lanes, neon_pick(table, vandq_u32(vreinterpretq_u32_s32(index.v[i]), vdupq_n_u32(3))));
}
LANES_INLINE lanes_int lanes_branch(lanes_int index, lanes_mask left) {
  const int32x4_t one = vdupq_n_s32(1);
  LANES_EACH(lanes_int, vaddq_s32(vaddq_s32(vaddq_s32(index.v[i], index.v[i]), one),
                                  vreinterpretq_s32_u32(left.v[i])));
}
LANES_INLINE void lanes_store_bytes(void *p, lanes_int x) {
  const int16x8_t low = vcombine_s16(vmovn_s32(x.v[0]), vmovn_s32(x.v[1]));
  const int16x8_t high = vcombine_s16(vmovn_s32(x.v[2]), vmovn_s32(x.v[3]));
  vst1q_s8((int8_t *)p, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
}

LANES_INLINE float lanes_largest(lanes x) {
  return vmaxvq_f32(vmaxq_f32(vmaxq_f32(x.v[0], x.v[1]), vmaxq_f32(x.v[2], x.v[3])));
}
LANES_INLINE float lanes_least(lanes x) {
  return vminvq_f32(vminq_f32(vminq_f32(x.v[0], x.v[1]), vminq_f32(x.v[2], x.v[3])));
}

LANES_INLINE void lanes_transpose(const float *rows, size_t stride, float *columns) {
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 16; j += 4) {
      const float *p = rows + (size_t)i * stride + j;
      const float32x4_t a = vld1q_f32(p), b = vld1q_f32(p + stride);
      const float32x4_t c = vld1q_f32(p + 2 * stride), d = vld1q_f32(p + 3 * stride);
      const float32x4x2_t ab = vtrnq_f32(a, b), cd = vtrnq_f32(c, d);
      float *out = columns + 16 * j + i;
      vst1q_f32(out, vcombine_f32(vget_low_f32(ab.val[0]), vget_low_f32(cd.val[0])));
      vst1q_f32(out + 16, vcombine_f32(vget_low_f32(ab.val[1]), vget_low_f32(cd.val[1])));
      vst1q_f32(out + 32, vcombine_f32(vget_high_f32(ab.val[0]), vget_high_f32(cd.val[0])));
      vst1q_f32(out + 48, vcombine_f32(vget_high_f32(ab.val[1]), vget_high_f32(cd.val[1])));
    }
}

#include "digits.h"

#endif
