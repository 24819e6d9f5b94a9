// The tiny floats that scale FP4 blocks: E8M0 (MXFP4) and UE4M3 (NVFP4). Private.
//
// Both come halved, because the levels of scalar/uneven.h are doubled. Source:
// ggml_e8m0_to_fp32_half, ggml_ue4m3_to_fp32 and ggml_fp32_to_ue4m3 in ggml-impl.h as shipped with
// llama-cpp-python 0.3.36.
#ifndef QUERN_SCALAR_SMALL_FLOATS_H
#define QUERN_SCALAR_SMALL_FLOATS_H

#include "floats.h"

// 2^(e - 128); the two lowest are subnormal.
QUERN_INLINE float quern_half_of_e8m0(uint8_t e) {
  return quern_from_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

// Four bits of exponent, three of mantissa; the top bit is ignored and 0x7f is zero.
QUERN_INLINE float quern_half_of_ue4m3(uint8_t code) {
  const int exponent = code >> 3 & 15, mantissa = code & 7;
  if (code == 0x7f) return 0;
  const float unit = quern_from_bits((uint32_t)(127 - 11 + (exponent ? exponent : 1)) << 23);
  return (float)(exponent ? 8 + mantissa : mantissa) * unit;
}

// To nearest, ties away from zero, at most 448; negative values and NaN become 0. Without branches:
// scales of real weights lie about the subnormals' end, where none could be foretold.
QUERN_INLINE uint8_t quern_ue4m3_from_float(float value) {
  value = value > 0 ? value : 0;
  value = value < 448.f ? value : 448.f;
  const uint32_t bits = quern_bits(value);
  const int exponent = (int)(bits >> 23) - 127 + 7;
  const int subnormal = quern_clamped((int)(value * 512.f + 0.5f), 0, 7);
  const int rounded = 8 * exponent + (int)(bits >> 20 & 7) + (int)(bits >> 19 & 1);
  const int normal = rounded < 0x78 ? rounded : 0x7e;
  return (uint8_t)(exponent > 0 ? normal : subnormal);
}

// floorf(log2f(value)) of a positive finite value. The reference's logarithm rounds to single
// precision, so values just below 2^k count as 2^k where the gap is less than half a unit of k's
// last place: the wider, the farther k is from zero.
QUERN_INLINE int quern_floor_log2(float value) {
  const double wide = (double)value;
  uint64_t bits;
  memcpy(&bits, &wide, sizeof bits);
  const int next = (int)(bits >> 52) - 1022;  // value < 2^next
  const int size = next < 0 ? -next : next - 1;
  if (next == 0 || size == 0) return next - 1;
  bits = (bits & 0xfffffffffffffu) | (uint64_t)1022 << 52;
  double share;  // of 2^next
  memcpy(&share, &bits, sizeof share);
  const int place = 31 - __builtin_clz((unsigned)size);
  const double half_unit = 0.69314718055994531 / (double)(1 << (24 - place));
  return 1 - share <= half_unit ? next : next - 1;
}

#endif
