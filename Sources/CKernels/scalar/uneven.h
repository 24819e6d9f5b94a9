// Sixteen unevenly spaced levels for four bits: those of the IQ4 types and those of FP4. Private.
//
// Source: kvalues_iq4nl and kvalues_fp4 in ggml-common.h, best_index_int8, best_index_mxfp4 and
// quantize_row_iq4_nl_impl in ggml-quants.c, as shipped with llama-cpp-python 0.3.36.
#ifndef QUERN_SCALAR_UNEVEN_H
#define QUERN_SCALAR_UNEVEN_H

#include "search.h"

// Ascending.
static const int8_t quern_iq4_levels[16] = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
};

// Half way between neighbouring levels. Near them both distances are exact in a float, so comparing
// with the middle is comparing the distances.
static const float quern_iq4_middles[15] = {
    -115.5f, -93.5f, -74, -57, -42, -28.5f, -16, -4.5f, 7, 19, 31.5f, 45.5f, 61, 79, 101,
};

// E2M1, doubled; the upper eight are the negative ones.
static const int8_t quern_fp4_levels[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// The code of the nearest IQ4 level, the upper of two; NaN counts as large.
QUERN_INLINE uint8_t quern_nearest_iq4(float value) {
  int code = 0;
  for (int i = 0; i < 15; i++) code += !(value < quern_iq4_middles[i]);
  return (uint8_t)code;
}

// The code of the FP4 level that, times `unit`, is nearest; the first of equals.
QUERN_INLINE uint8_t quern_nearest_fp4(float value, float unit) {
  int best = 0;
  float least = quern_magnitude(0 * unit - value);
  for (int i = 1; i < 16; i++) {
    const float error = quern_magnitude((float)quern_fp4_levels[i] * unit - value);
    if (error < least) least = error, best = i;
  }
  return (uint8_t)best;
}

// Finds `scale` so that scale * level approximates 32 values.
QUERN_INLINE float quern_search_iq4(const float x[32], const float weights[32]) {
  float extreme = 0, magnitude = 0;
  for (int i = 0; i < 32; i++) {
    const float m = quern_magnitude(x[i]);
    if (m > magnitude) magnitude = m, extreme = x[i];
  }
  if (magnitude < QUERN_LEAST_MAGNITUDE) return 0;

  float scale = 0, best = 0;
  for (int candidate = -8; candidate <= 7; candidate++) {
    // First the extreme at 127, beyond the highest level; then at -127 - 7 ... -127 + 7.
    const float inverse =
        candidate == -8 ? 1 / (-extreme / -127.f) : (float)(candidate - 127) / extreme;
    float sum_xl = 0, sum_ll = 0;
    for (int i = 0; i < 32; i++) {
      const float l = (float)quern_iq4_levels[quern_nearest_iq4(inverse * x[i])];
      const float wl = weights[i] * l;
      sum_xl += wl * x[i];
      sum_ll += wl * l;
    }
    if (candidate > -8 && !(sum_ll > 0 && sum_xl * sum_xl > best * sum_ll)) continue;
    scale = sum_ll > 0 ? sum_xl / sum_ll : 0;
    best = scale * sum_xl;
  }
  return scale;
}

// Writes all but the codes of an IQ4_XS super-block from the eight scales found; `inverses` is what
// its elements are multiplied by before their codes are looked for.
QUERN_INLINE void quern_store_scales_iq4_XS(const float found[8], quern_block_iq4_XS *block,
                                            float inverses[8]) {
  float extreme = 0, magnitude = 0;
  for (int j = 0; j < 8; j++) {
    const float m = quern_magnitude(found[j]);
    if (m > magnitude) magnitude = m, extreme = found[j];
  }
  const float d = -extreme / 32, inverse = d != 0 ? 1 / d : 0;
  uint32_t high = 0, low = 0;
  for (int j = 0; j < 8; j++) {
    const int32_t scale = quern_clamped(quern_nearest(inverse * found[j]), -32, 31);
    const float step = d * (float)scale;
    inverses[j] = step != 0 ? 1 / step : 0;
    low |= (uint32_t)(scale + 32 & 15) << 4 * j;
    high |= (uint32_t)(scale + 32) >> 4 << 2 * j;
  }
  block->d = quern_scale_from_float(d);
  block->scales_h = (uint16_t)high;
  for (int j = 0; j < 4; j++) block->scales_l[j] = (uint8_t)(low >> 8 * j);
}

#endif
