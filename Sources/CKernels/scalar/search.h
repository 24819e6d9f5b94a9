// The searches for scales, in scalar form: the definition that vector levels reproduce. Private.
//
// Each search tries a list of candidate scales and keeps the one of least weighted squared error.
// The order of every sum is part of the definition: floating addition is not associative, and a
// candidate may win by one unit in the last place.
//
// Source: the arithmetic of make_qx_quants, make_q3_quants, make_qkx2_quants, make_qkx3_quants and make_qp_quants in
// ggml-quants.c as shipped with llama-cpp-python 0.3.36, checked byte for byte against libgguf.
#ifndef QUERN_SCALAR_SEARCH_H
#define QUERN_SCALAR_SEARCH_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "floats.h"

// Groups whose largest magnitude is below this count as all zero.
#define QUERN_LEAST_MAGNITUDE 1e-15f

// The sum of squares, in order.
QUERN_INLINE float quern_sum_of_squares(const float *x, size_t count) {
  float sum = 0;
  for (size_t i = 0; i < count; i++) sum += x[i] * x[i];
  return sum;
}

// What the reference weighs an element by: its column's importance, more where it is large beside
// `spread`, a mean square.
QUERN_INLINE void quern_weigh(int count, const float *x, const float *importance, float spread,
                              float *weights) {
  for (int i = 0; i < count; i++) weights[i] = importance[i] * sqrtf(spread + x[i] * x[i]);
}

// The candidates of an affine search: inverse scales (first + step * i + levels) / (max - min).
typedef struct {
  float first, step;
  int last;       // index of the last candidate
  bool absolute;  // errors count by size, not by square
} quern_candidates;

// Finds `scale` so that scale * l approximates x with l in [-levels, levels); codes are l + levels.
// Weights are x squared where `weights` is null.
QUERN_INLINE float quern_search_symmetric(int count, int levels, const float *x,
                                          const float *weights, uint8_t *codes) {
  float extreme = 0, magnitude = 0;
  for (int i = 0; i < count; i++) {
    const float m = quern_magnitude(x[i]);
    if (m > magnitude) magnitude = m, extreme = x[i];
  }
  memset(codes, 0, (size_t)count);
  if (magnitude < QUERN_LEAST_MAGNITUDE) return 0;

  float scale = 0, best = 0;
  for (int candidate = 0; candidate <= 18; candidate++) {
    // The plain scale first, then -9 ... -1, 1 ... 9 tenths of a level beside it.
    const int tenths = candidate == 0 ? 0 : candidate <= 9 ? candidate - 10 : candidate - 9;
    const float inverse = -((float)levels + 0.1f * (float)tenths) / extreme;
    float sum_xl = 0, sum_ll = 0;
    for (int i = 0; i < count; i++) {
      const float l = (float)quern_clamped(quern_nearest(inverse * x[i]), -levels, levels - 1);
      const float w = weights ? weights[i] : x[i] * x[i];
      sum_xl += w * x[i] * l;
      sum_ll += w * l * l;
    }
    if (candidate > 0 && !(sum_ll > 0 && sum_xl * sum_xl > best * sum_ll)) continue;
    scale = sum_ll != 0 ? sum_xl / sum_ll : 0;
    best = scale * sum_xl;
    for (int i = 0; i < count; i++)
      codes[i] = (uint8_t)(levels + quern_clamped(quern_nearest(inverse * x[i]), -levels, levels - 1));
  }
  return scale;
}

// Finds scale and minimum so that scale * l - minimum approximates x with l in [0, levels].
// The search moves the minimum, and later candidates start from the moved one.
QUERN_INLINE float quern_search_affine(int count, int levels, const float *x, const float *weights,
                                       quern_candidates candidates, uint8_t *codes,
                                       float *minimum) {
  uint8_t trial[32];
  float min = x[0], max = x[0], sum_w = weights[0], sum_x = sum_w * x[0];
  for (int i = 1; i < count; i++) {
    if (x[i] < min) min = x[i];
    if (x[i] > max) max = x[i];
    sum_w += weights[i];
    sum_x += weights[i] * x[i];
  }
  if (min > 0) min = 0;
  *minimum = -min;
  memset(codes, 0, (size_t)count);
  if (max == min) return 0;

  float inverse = (float)levels / (max - min), scale = 1 / inverse, best = 0;
  for (int i = 0; i < count; i++) {
    codes[i] = (uint8_t)quern_clamped(quern_nearest(inverse * (x[i] - min)), 0, levels);
    const float error = scale * (float)codes[i] + min - x[i];
    best += weights[i] * (candidates.absolute ? quern_magnitude(error) : error * error);
  }
  for (int candidate = 0; candidate <= candidates.last; candidate++) {
    inverse = (candidates.first + candidates.step * (float)candidate + (float)levels) / (max - min);
    float sum_l = 0, sum_ll = 0, sum_xl = 0;
    for (int i = 0; i < count; i++) {
      trial[i] = (uint8_t)quern_clamped(quern_nearest(inverse * (x[i] - min)), 0, levels);
      const float l = (float)trial[i], wl = weights[i] * l;
      sum_l += wl;
      sum_ll += wl * l;
      sum_xl += wl * x[i];
    }
    const float determinant = sum_w * sum_ll - sum_l * sum_l;
    if (!(determinant > 0)) continue;
    float trial_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
    float trial_min = (sum_ll * sum_x - sum_l * sum_xl) / determinant;
    if (trial_min > 0) trial_min = 0, trial_scale = sum_xl / sum_ll;
    float error_sum = 0;
    for (int i = 0; i < count; i++) {
      const float error = trial_scale * (float)trial[i] + trial_min - x[i];
      error_sum += weights[i] * (candidates.absolute ? quern_magnitude(error) : error * error);
    }
    if (error_sum < best) {
      memcpy(codes, trial, (size_t)count);
      best = error_sum, scale = trial_scale, min = trial_min;
    }
  }
  *minimum = -min;
  return scale;
}

// Finds `scale` so that scale * l approximates x with l in [-levels, levels) and weights x squared: the
// plain scale's codes, then single codes moved while that helps. Codes are l + levels.
QUERN_INLINE float quern_descend_symmetric(int count, int levels, const float *x, uint8_t *codes) {
  float extreme = 0, magnitude = 0;
  for (int i = 0; i < count; i++) {
    const float m = quern_magnitude(x[i]);
    if (m > magnitude) magnitude = m, extreme = x[i];
  }
  memset(codes, 0, (size_t)count);
  if (magnitude < QUERN_LEAST_MAGNITUDE) return 0;

  const float inverse = (float)-levels / extreme;
  float sum_xl = 0, sum_ll = 0;
  for (int i = 0; i < count; i++) {
    const int32_t code = quern_clamped(quern_nearest(inverse * x[i]), -levels, levels - 1);
    const float w = x[i] * x[i], l = (float)code;
    codes[i] = (uint8_t)(code + levels);
    sum_xl += w * x[i] * l;
    sum_ll += w * l * l;
  }
  for (int round = 0; round < 5; round++) {
    bool changed = false;
    for (int i = 0; i < count; i++) {
      const float w = x[i] * x[i], old = (float)(codes[i] - levels);
      float xl = sum_xl - w * x[i] * old, ll = sum_ll - w * old * old;
      if (!(xl > 0)) continue;
      const int32_t moved = quern_clamped(quern_nearest(x[i] * ll / xl), -levels, levels - 1);
      if (moved == codes[i] - levels) continue;
      xl += w * x[i] * (float)moved;
      ll += w * (float)moved * (float)moved;
      if (ll > 0 && xl * xl * sum_ll > sum_xl * sum_xl * ll) {
        codes[i] = (uint8_t)(moved + levels), sum_xl = xl, sum_ll = ll, changed = true;
      }
    }
    if (!changed) break;
  }
  return sum_ll > 0 ? sum_xl / sum_ll : 0;
}

// Finds `scale` so that scale * l approximates the non-negative x with l in [0, levels], then moves
// single codes while that helps. Used for the scales of scales.
QUERN_INLINE float quern_search_positive(int count, int levels, const float *x,
                                         const float *weights, uint8_t *codes) {
  float max = 0;
  for (int i = 0; i < count; i++) max = max > x[i] ? max : x[i];
  memset(codes, 0, (size_t)count);
  if (max < QUERN_LEAST_MAGNITUDE) return 0;

  float best_inverse = (float)levels / max, best = 0;
  for (int i = 0; i < count; i++) {
    const float l = (float)(uint8_t)quern_nearest(best_inverse * x[i]);
    const float error = x[i] - 1 / best_inverse * l;
    best += weights[i] * error * error;
  }
  for (int tenths = -4; tenths <= 4; tenths++) {
    if (tenths == 0) continue;
    const float inverse = (0.1f * (float)tenths + (float)levels) / max, scale = 1 / inverse;
    float error_sum = 0;
    for (int i = 0; i < count; i++) {
      const int32_t l = quern_nearest(inverse * x[i]);
      const float error = x[i] - scale * (float)(l < levels ? l : levels);
      error_sum += weights[i] * error * error;
    }
    if (error_sum < best) best = error_sum, best_inverse = inverse;
  }
  float sum_xl = 0, sum_ll = 0;
  for (int i = 0; i < count; i++) {
    const int32_t nearest = quern_nearest(best_inverse * x[i]);
    const int32_t l = nearest < levels ? nearest : levels;
    codes[i] = (uint8_t)l;
    sum_xl += weights[i] * x[i] * (float)l;
    sum_ll += weights[i] * (float)l * (float)l;
  }
  for (int round = 0; round < 5; round++) {
    bool changed = false;
    for (int i = 0; i < count; i++) {
      const float w = weights[i], old = (float)codes[i];
      float xl = sum_xl - w * x[i] * old, ll = sum_ll - w * old * old;
      if (!(xl > 0 && ll > 0)) continue;
      const int32_t nearest = quern_nearest(x[i] * ll / xl);
      const int32_t moved = nearest < levels ? nearest : levels;
      if (moved == codes[i]) continue;
      xl += w * x[i] * (float)moved;
      ll += w * (float)moved * (float)moved;
      if (xl * xl * sum_ll > sum_xl * sum_xl * ll) {
        codes[i] = (uint8_t)moved, sum_xl = xl, sum_ll = ll, changed = true;
      }
    }
    if (!changed) break;
  }
  return sum_ll > 0 ? sum_xl / sum_ll : 0;
}

#endif
