// Scalar conversions and roundings that every level shares, bit for bit. Private to this target.
//
// Everything here is exact or rounds in a stated way on every machine. Contraction of a multiply
// and an add into one rounding is off in every file that includes this header: the bytes that
// encoders write must not depend on the machine. GCC knows no such pragma; give it
// -ffp-contract=off.
#ifndef QUERN_SCALAR_FLOATS_H
#define QUERN_SCALAR_FLOATS_H

#include <stdint.h>
#include <string.h>

#include "../include/CKernelsBlocks.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

// Inlined into callers of any instruction set.
#define QUERN_INLINE static inline __attribute__((always_inline, unused))

// Elements of mapped files may start at any byte.
typedef uint16_t __attribute__((aligned(1), may_alias)) quern_unaligned_16;
typedef double __attribute__((aligned(1), may_alias)) quern_unaligned_double;

// Eight bytes as a number, the first lowest.
QUERN_INLINE uint64_t quern_load_64(const void *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

// The same byte eight times.
QUERN_INLINE uint64_t quern_eight_bytes(uint8_t byte) { return byte * 0x0101010101010101u; }

QUERN_INLINE uint32_t quern_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

QUERN_INLINE float quern_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

QUERN_INLINE float quern_magnitude(float value) {
  return quern_from_bits(quern_bits(value) & 0x7fffffffu);
}

// The reference's rounding to nearest, ties to even: adding 1.5 * 2^23 leaves the integer in the
// low mantissa bits. Beyond +-2^22 it wraps, and encoders have to wrap the same way.
QUERN_INLINE int32_t quern_nearest(float value) {
  return (int32_t)(quern_bits(value + 12582912.f) & 0x007fffffu) - 0x00400000;
}

// Towards zero; what does not fit (and NaN) becomes INT32_MIN, as x86 does it.
QUERN_INLINE int32_t quern_truncated(float value) {
  return value > -2147483648.f && value < 2147483648.f ? (int32_t)value : INT32_MIN;
}

// To nearest, ties away from zero, for magnitudes below 2^22. The addend is the float just below
// one half, so that 0.49999997 does not become 1; proven over all floats below 2^22.
QUERN_INLINE int32_t quern_rounded_away(float value) {
  const uint32_t sign = quern_bits(value) & 0x80000000u;
  return quern_truncated(value + quern_from_bits(sign | 0x3effffffu));
}

// To binary16, ties to even. NaN becomes a quiet NaN of the same sign, without payload.
QUERN_INLINE quern_half quern_half_from_float(float value) {
  const uint32_t bits = quern_bits(value);
  const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  // Below 2^-14, adding one half lines the subnormal's last bit up with the float's.
  const uint32_t subnormal = quern_bits(quern_from_bits(magnitude) + 0.5f) - 0x3f000000u;
  const uint32_t normal = (magnitude + 0xfffu + (magnitude >> 13 & 1) - 0x38000000u) >> 13;
  uint32_t half = magnitude < 0x38800000u ? subnormal : normal;
  half = magnitude >= 0x47800000u ? 0x7c00u : half;
  half = magnitude > 0x7f800000u ? 0x7e00u : half;
  return (quern_half)(sign | half);
}

// The scale of a block. A NaN, which huge values can lead to, gets the sign that x86 gives it.
QUERN_INLINE quern_half quern_scale_from_float(float value) {
  return value == value ? quern_half_from_float(value) : 0xfe00;
}

QUERN_INLINE float quern_float_from_half(quern_half half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, magnitude = (uint32_t)(half & 0x7fffu);
  const uint32_t finite = quern_bits(quern_from_bits(magnitude << 13) * 0x1p112f);
  const uint32_t quiet = magnitude > 0x7c00u ? 0x00400000u : 0;
  const uint32_t special = 0x7f800000u | magnitude << 13 | quiet;
  return quern_from_bits(sign | (magnitude < 0x7c00u ? finite : special));
}

// To bfloat16, ties to even; NaN keeps sign and high payload and becomes quiet.
QUERN_INLINE uint16_t quern_bfloat_from_float(float value) {
  const uint32_t bits = quern_bits(value);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
  const uint32_t quiet = bits >> 16 | 64;
  return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

QUERN_INLINE float quern_float_from_bfloat(uint16_t value) {
  return quern_from_bits((uint32_t)value << 16);
}

QUERN_INLINE int32_t quern_clamped(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

#endif
