// Cosines and sines of rotary positions. Needs lanes.h.
#ifndef QUERN_PRODUCTS_TURNS_H
#define QUERN_PRODUCTS_TURNS_H

#include "../include/CKernelsProducts.h"
#include "lanes.h"

enum { WIDE = LANES / 2 };
typedef double doubles __attribute__((vector_size(LANES * 4)));
typedef int64_t longs __attribute__((vector_size(LANES * 4)));
typedef float narrow_floats __attribute__((vector_size(LANES * 2)));

INLINE doubles select_doubles(longs mask, doubles yes, doubles no) {
  return (doubles)((mask & (longs)yes) | (~mask & (longs)no));
}

/// Cosine and sine of `x`, 0 <= x < 2^30, as good as single precision can hold.
///
/// x = n pi/2 + r with |r| <= pi/4; Taylor polynomials of r, whose next terms are below 1e-13. The
/// first part of pi/2 has 22 bits, so that its product with n is exact.
INLINE void cosines_and_sines(doubles x, doubles *cosines, doubles *sines) {
  const doubles shifted = x * 0x1.45f306dc9c883p-1 + 0x1.8p52;
  const doubles n = shifted - 0x1.8p52;
  const doubles r = (x - n * 0x1.921fb4p0) - n * 0x1.4442d18469899p-24;
  const doubles s = r * r;
  doubles sine = s * (1.0 / 6227020800) - 1.0 / 39916800;
  sine = sine * s + 1.0 / 362880;
  sine = sine * s - 1.0 / 5040;
  sine = sine * s + 1.0 / 120;
  sine = sine * s - 1.0 / 6;
  sine = r + r * s * sine;
  doubles cosine = s * (1.0 / 479001600) - 1.0 / 3628800;
  cosine = cosine * s + 1.0 / 40320;
  cosine = cosine * s - 1.0 / 720;
  cosine = cosine * s + 1.0 / 24;
  cosine = cosine * s - 0.5;
  cosine = cosine * s + 1.0;
  // Odd quarter turns exchange them; the second and third negate the sine, the first and second the cosine.
  const longs quarters = (longs)shifted;
  const longs odd = -(quarters & 1);
  const longs sine_sign = (quarters & 2) << 62;
  const longs cosine_sign = ((quarters + 1) & 2) << 62;
  *sines = (doubles)((longs)select_doubles(odd, cosine, sine) ^ sine_sign);
  *cosines = (doubles)((longs)select_doubles(odd, sine, cosine) ^ cosine_sign);
}

INLINE void turn_wide(const double *frequencies, double position, double magnitude, float *cosines,
                      float *sines) {
  doubles angles, c, s;
  memcpy(&angles, frequencies, sizeof angles);
  cosines_and_sines(angles * position, &c, &s);
  const narrow_floats narrow_c = __builtin_convertvector(c * magnitude, narrow_floats);
  const narrow_floats narrow_s = __builtin_convertvector(s * magnitude, narrow_floats);
  memcpy(cosines, &narrow_c, sizeof narrow_c);
  memcpy(sines, &narrow_s, sizeof narrow_s);
}

static void fill_turns(const double *frequencies, size_t pairs, double position, double magnitude,
                       float *turns) {
  size_t i = 0;
  for (; i + WIDE <= pairs; i += WIDE)
    turn_wide(frequencies + i, position, magnitude, turns + i, turns + pairs + i);
  if (i == pairs) return;
  double rest[WIDE] = {0};
  float cosines[WIDE], sines[WIDE];
  memcpy(rest, frequencies + i, (pairs - i) * sizeof(double));
  turn_wide(rest, position, magnitude, cosines, sines);
  memcpy(turns + i, cosines, (pairs - i) * sizeof(float));
  memcpy(turns + pairs + i, sines, (pairs - i) * sizeof(float));
}

#endif
