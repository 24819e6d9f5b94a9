// The encoders without a search in scalar form, one block a call: one-bit, ternary and FP4 blocks.
// Private.
//
// Source: quantize_row_q1_0_ref, _q2_0_ref, _tq1_0_ref, _tq2_0_ref, _mxfp4_ref and _nvfp4_ref in
// ggml-quants.c as shipped with llama-cpp-python 0.3.36. The reference takes no importance.
#ifndef QUERN_SCALAR_ENCODE_TINY_H
#define QUERN_SCALAR_ENCODE_TINY_H

#include "small_floats.h"
#include "uneven.h"

QUERN_INLINE float quern_largest_magnitude(const float *x, int count) {
  float magnitude = 0;
  for (int i = 0; i < count; i++) {
    const float m = quern_magnitude(x[i]);
    magnitude = m > magnitude ? m : magnitude;
  }
  return magnitude;
}

// One bit an element: whether it is not negative. The scale is the mean magnitude.
QUERN_INLINE void quern_encode_block_q1_0(const float *x, quern_block_q1_0 *block) {
  float sum = 0;
  for (int i = 0; i < 128; i++) sum += quern_magnitude(x[i]);
  block->d = quern_scale_from_float(sum / 128);
  for (int byte = 0; byte < 16; byte++) {
    unsigned bits = 0;
    for (int i = 0; i < 8; i++) bits |= (unsigned)(x[8 * byte + i] >= 0) << i;
    block->qs[byte] = (uint8_t)bits;
  }
}

// Two bits an element: x / scale + 1, at most 3.
QUERN_INLINE void quern_encode_block_q2_0(const float *x, quern_block_q2_0 *block) {
  const float d = quern_largest_magnitude(x, 64), inverse = d > 0 ? 1 / d : 0;
  uint8_t codes[64];
  for (int i = 0; i < 64; i++)
    codes[i] = (uint8_t)quern_clamped(quern_rounded_away(x[i] * inverse) + 1, 0, 3);
  block->d = quern_scale_from_float(d);
  for (int i = 0; i < 16; i++)
    block->qs[i] = (uint8_t)(codes[4 * i] | codes[4 * i + 1] << 2 | codes[4 * i + 2] << 4 |
                             codes[4 * i + 3] << 6);
}

// 0, 1 or 2 for -1, 0 or 1. A quotient that is not finite, which subnormal scales lead to, gives 1, as
// the reference's 64-bit rounding does when it is cut to 32.
QUERN_INLINE uint8_t quern_ternary_code(float quotient) {
  return (uint8_t)(quern_magnitude(quotient) < 2 ? quern_rounded_away(quotient) + 1 : 1);
}

// The codes of 256 elements and their scale.
QUERN_INLINE float quern_ternary_codes(const float x[256], uint8_t codes[256]) {
  const float d = quern_largest_magnitude(x, 256), inverse = d != 0 ? 1 / d : 0;
  for (int i = 0; i < 256; i++) codes[i] = quern_ternary_code(x[i] * inverse);
  return d;
}

// Packs `count` digits to base 3, `stride` apart, into the top of one byte of five: the number as a
// fraction of 243, in 256ths, rounded up.
QUERN_INLINE uint8_t quern_pack_trits(const uint8_t *digits, int count, int stride) {
  int number = 0;
  for (int i = 0; i < 5; i++) number = 3 * number + (i < count ? digits[i * stride] : 0);
  return (uint8_t)((number * 256 + 242) / 243);
}

QUERN_INLINE void quern_encode_block_tq1_0(const float *x, quern_block_tq1_0 *block) {
  uint8_t codes[256];
  block->d = quern_scale_from_float(quern_ternary_codes(x, codes));
  for (int i = 0; i < 32; i++) block->qs[i] = quern_pack_trits(codes + i, 5, 32);
  for (int i = 0; i < 16; i++) block->qs[32 + i] = quern_pack_trits(codes + 160 + i, 5, 16);
  for (int i = 0; i < 4; i++) block->qh[i] = quern_pack_trits(codes + 240 + i, 4, 4);
}

QUERN_INLINE void quern_encode_block_tq2_0(const float *x, quern_block_tq2_0 *block) {
  uint8_t codes[256];
  block->d = quern_scale_from_float(quern_ternary_codes(x, codes));
  for (int half = 0; half < 2; half++) {
    const uint8_t *c = codes + 128 * half;
    for (int i = 0; i < 32; i++)
      block->qs[32 * half + i] =
          (uint8_t)(c[i] | c[i + 32] << 2 | c[i + 64] << 4 | c[i + 96] << 6);
  }
}

// The scale is the power of two that brings the largest magnitude among the highest levels.
QUERN_INLINE void quern_encode_block_mxfp4(const float *x, quern_block_mxfp4 *block) {
  const float magnitude = quern_largest_magnitude(x, 32);
  const uint8_t e = magnitude > 0 ? (uint8_t)(quern_floor_log2(magnitude) - 2 + 127) : 0;
  const float unit = quern_half_of_e8m0(e);
  block->e = e;
  for (int i = 0; i < 16; i++)
    block->qs[i] =
        (uint8_t)(quern_nearest_fp4(x[i], unit) | quern_nearest_fp4(x[i + 16], unit) << 4);
}

// Four sub-blocks of 16, each scaled so that its largest magnitude is near the highest level.
QUERN_INLINE void quern_encode_block_nvfp4(const float *x, quern_block_nvfp4 *block) {
  for (int sub = 0; sub < 4; sub++, x += 16) {
    const uint8_t scale = quern_ue4m3_from_float(quern_largest_magnitude(x, 16) / 6.f);
    const float unit = quern_half_of_ue4m3(scale);
    block->d[sub] = scale;
    for (int i = 0; i < 8; i++)
      block->qs[8 * sub + i] =
          (uint8_t)(quern_nearest_fp4(x[i], unit) | quern_nearest_fp4(x[i + 8], unit) << 4);
  }
}

#endif
