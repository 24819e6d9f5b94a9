// Vectors of LANES 32-bit lanes, written with the compiler's vector extension so that one text serves
// every level. The including file defines LANES (4, 8 or 16), pushes its target attribute, and may
// define HARDWARE_HALF when the level converts binary16 in hardware.
#ifndef QUERN_PRODUCTS_LANES_H
#define QUERN_PRODUCTS_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline, unused))

typedef float floats __attribute__((vector_size(LANES * 4)));
typedef int32_t ints __attribute__((vector_size(LANES * 4)));
typedef uint32_t words __attribute__((vector_size(LANES * 4)));
typedef uint8_t sixteen_bytes __attribute__((vector_size(16)));
typedef uint16_t halves __attribute__((vector_size(LANES * 2)));

INLINE floats load_floats(const void *p) {
  floats v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE ints load_ints(const void *p) {
  ints v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void store_floats(void *p, floats v) { memcpy(p, &v, sizeof v); }
INLINE void store_ints(void *p, ints v) { memcpy(p, &v, sizeof v); }
INLINE floats splat(float x) { return x - (floats){0}; }
INLINE ints splat_int(int32_t x) { return x - (ints){0}; }
INLINE ints splat_bytes(const void *p) {
  int32_t x;
  memcpy(&x, p, 4);
  return splat_int(x);
}
INLINE floats to_floats(ints v) { return __builtin_convertvector(v, floats); }

/// `mask` lanes are all ones or all zeros, as comparisons give them.
INLINE floats select_floats(ints mask, floats yes, floats no) {
  return (floats)((mask & (ints)yes) | (~mask & (ints)no));
}
INLINE floats larger(floats a, floats b) { return select_floats(a > b, a, b); }

// Lanes are combined by halves.
#if LANES == 16
#define FOLD(v, combine)                                                                      \
  combine(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)); \
  combine(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)); \
  combine(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)); \
  combine(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14))
#elif LANES == 8
#define FOLD(v, combine)                                                  \
  combine(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3)); \
  combine(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5)); \
  combine(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6))
#else
#define FOLD(v, combine)                                  \
  combine(v, __builtin_shufflevector(v, v, 2, 3, 0, 1)); \
  combine(v, __builtin_shufflevector(v, v, 1, 0, 3, 2))
#endif
#define COMBINE_SUM(a, b) a += b
#define COMBINE_LARGER(a, b) a = larger(a, b)
#define COMBINE_LARGER_INT(a, b) a = larger_ints(a, b)

INLINE ints larger_ints(ints a, ints b) {
  const ints more = a > b;
  return (more & a) | (~more & b);
}
INLINE float sum_lanes(floats v) {
  FOLD(v, COMBINE_SUM);
  return v[0];
}
INLINE float max_lanes(floats v) {
  FOLD(v, COMBINE_LARGER);
  return v[0];
}
INLINE int32_t sum_int_lanes(ints v) {
  FOLD(v, COMBINE_SUM);
  return v[0];
}
INLINE int32_t max_int_lanes(ints v) {
  FOLD(v, COMBINE_LARGER_INT);
  return v[0];
}

#if defined(HARDWARE_HALF)
typedef _Float16 hardware_halves __attribute__((vector_size(LANES * 2)));
INLINE floats load_halves(const void *p) {
  hardware_halves h;
  memcpy(&h, p, sizeof h);
  return __builtin_convertvector(h, floats);
}
INLINE float half_to_float(uint16_t bits) {
  _Float16 h;
  memcpy(&h, &bits, 2);
  return (float)h;
}
#else
// Widening moves exponent and fraction into place and corrects the exponent's bias by a
// multiplication, which also normalises subnormal numbers. Infinities and NaN are told apart.
INLINE floats load_halves(const void *p) {
  halves h;
  memcpy(&h, p, sizeof h);
  const words bits = __builtin_convertvector(h, words);
  const words magnitude = (bits & 0x7fff) << 13;
  const floats scaled = (floats)magnitude * 0x1p112f;
  const words special = (words)((bits & 0x7c00) == 0x7c00);
  const words value = (special & (magnitude | 0x7f800000)) | (~special & (words)scaled);
  return (floats)(value | (bits & 0x8000) << 16);
}
INLINE float half_to_float(uint16_t bits) {
  const uint32_t magnitude = (uint32_t)(bits & 0x7fff) << 13;
  uint32_t value = magnitude | 0x7f800000;
  float f;
  if ((bits & 0x7c00) != 0x7c00) {
    memcpy(&f, &magnitude, 4);
    f *= 0x1p112f;
    memcpy(&value, &f, 4);
  }
  value |= (uint32_t)(bits & 0x8000) << 16;
  memcpy(&f, &value, 4);
  return f;
}
#endif

INLINE float load_half(const void *p) {
  uint16_t bits;
  memcpy(&bits, p, 2);
  return half_to_float(bits);
}

INLINE floats load_bfloats(const void *p) {
  halves h;
  memcpy(&h, p, sizeof h);
  return (floats)(__builtin_convertvector(h, words) << 16);
}

/// e^x within 2 units in the last place for -87 <= x <= 88; clamped beyond.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, then the Taylor polynomial of degree 7, and 2^n added to the
/// exponent.
INLINE floats exponential(floats x) {
  x = select_floats(x < -87.0f, splat(-87.0f), x);
  x = select_floats(x > 88.0f, splat(88.0f), x);
  const floats shifted = x * 1.44269504f + 0x1.8p23f;
  const floats n = shifted - 0x1.8p23f;
  const floats r = (x - n * 0x1.62e4p-1f) - n * 1.42860682e-6f;
  floats p = splat(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return (floats)((ints)p + ((ints)shifted << 23));
}

/// Within 2e-7 of tanh x.
INLINE floats hyperbolic_tangent(floats x) { return 1.0f - 2.0f / (1.0f + exponential(x + x)); }

#endif
