// The searches of scalar/search.h, sixteen blocks at a time. `x` and `weights` are transposed:
// element i of lane l is at [16 * i + l]. All values are finite. Private.
#ifndef QUERN_LANES_SEARCH_H
#define QUERN_LANES_SEARCH_H

#include "../scalar/search.h"
#include "lanes.h"

// What an affine search found: each lane's scale and minimum, and the inverse and base that its codes
// were made with (the base is the minimum before the winner moved it).
typedef struct {
  lanes scale, minimum;
  lanes inverse, base;
  lanes sum_w;
  lanes_mask flat;  // lanes whose values are all equal: scale 0, codes 0
} lanes_affine;

// Codes as the scalar search makes them, whatever the quotient.
LANES_INLINE lanes_int lanes_affine_codes(lanes x, lanes inverse, lanes base, int levels) {
  return lanes_clamped(lanes_nearest_wrapped(lanes_mul(inverse, lanes_sub(x, base))), 0, levels);
}

// The same as floats; `exact` says that no quotient comes near 2^22, where rounding would wrap.
LANES_INLINE lanes lanes_affine_levels(lanes x, lanes inverse, lanes base, int levels, bool exact) {
  if (!exact) return lanes_from_int(lanes_affine_codes(x, inverse, base, levels));
  const lanes l = lanes_nearest(lanes_mul(inverse, lanes_sub(x, base)));
  return lanes_max(lanes_min(l, lanes_all((float)levels)), lanes_all(0));
}

// Whether |inverse * (x - base)| stays below 2^22 for x from `low` to `high`: floating products are
// monotonic, so the ends bound what lies between. NaN says no.
LANES_INLINE bool lanes_quotients_small(lanes inverse, lanes base, lanes low, lanes high,
                                        lanes_mask ignored) {
  const lanes limit = lanes_all(4194303.f);
  const lanes first = lanes_abs(lanes_mul(inverse, lanes_sub(low, base)));
  const lanes last = lanes_abs(lanes_mul(inverse, lanes_sub(high, base)));
  const lanes_mask small = lanes_and(lanes_at_most(first, limit), lanes_at_most(last, limit));
  return (lanes_bits(small) | lanes_bits(ignored)) == 0xffff;
}

typedef struct {
  lanes l, ll, xl;
} lanes_affine_sums;

LANES_INLINE lanes_affine_sums lanes_sum_affine(int count, int levels, const float *x,
                                                const float *weights, lanes inverse, lanes base,
                                                bool exact, float *codes) {
  lanes_affine_sums sums = {lanes_all(0), lanes_all(0), lanes_all(0)};
  for (int i = 0; i < count; i++) {
    const lanes value = lanes_load(x + LANES * i);
    const lanes l = lanes_affine_levels(value, inverse, base, levels, exact);
    const lanes wl = lanes_mul(lanes_load(weights + LANES * i), l);
    lanes_store(codes + LANES * i, l);
    sums.l = lanes_add(sums.l, wl);
    sums.ll = lanes_add(sums.ll, lanes_mul(wl, l));
    sums.xl = lanes_add(sums.xl, lanes_mul(wl, value));
  }
  return sums;
}

// Without wrapping where that is sure to be the same, which is nearly always.
LANES_INLINE lanes_affine_sums lanes_sum_affine_safely(int count, int levels, const float *x,
                                                       const float *weights, lanes inverse,
                                                       lanes base, bool exact, float *codes) {
  if (exact) return lanes_sum_affine(count, levels, x, weights, inverse, base, true, codes);
  return lanes_sum_affine(count, levels, x, weights, inverse, base, false, codes);
}

LANES_INLINE lanes lanes_affine_error(int count, const float *x, const float *weights,
                                      const float *codes, lanes scale, lanes minimum) {
  lanes sum = lanes_all(0);
  for (int i = 0; i < count; i++) {
    const lanes product = lanes_mul(scale, lanes_load(codes + LANES * i));
    const lanes error = lanes_sub(lanes_add(product, minimum), lanes_load(x + LANES * i));
    sum = lanes_add(sum, lanes_mul(lanes_load(weights + LANES * i), lanes_mul(error, error)));
  }
  return sum;
}

LANES_INLINE lanes_affine lanes_search_affine(int count, int levels, const float *x,
                                              const float *weights, quern_candidates candidates) {
  float codes[32 * LANES];
  const lanes zero = lanes_all(0);
  lanes low = lanes_load(x), high = low;
  lanes sum_w = lanes_load(weights), sum_x = lanes_mul(sum_w, low);
  for (int i = 1; i < count; i++) {
    const lanes value = lanes_load(x + LANES * i), w = lanes_load(weights + LANES * i);
    low = lanes_min(value, low);
    high = lanes_max(value, high);
    sum_w = lanes_add(sum_w, w);
    sum_x = lanes_add(sum_x, lanes_mul(w, value));
  }
  lanes min = lanes_select(lanes_less(zero, low), zero, low);
  const lanes_mask flat = lanes_equal(high, min);

  lanes inverse = lanes_div(lanes_all((float)levels), lanes_sub(high, min));
  lanes scale = lanes_div(lanes_all(1), inverse);
  bool exact = lanes_quotients_small(inverse, min, low, high, flat);
  lanes_sum_affine_safely(count, levels, x, weights, inverse, min, exact, codes);
  lanes best = lanes_affine_error(count, x, weights, codes, scale, min);
  lanes best_inverse = inverse, best_base = min;

  for (int candidate = 0; candidate <= candidates.last; candidate++) {
    const float numerator =
        candidates.first + candidates.step * (float)candidate + (float)levels;
    inverse = lanes_div(lanes_all(numerator), lanes_sub(high, min));
    exact = lanes_quotients_small(inverse, min, low, high, flat);
    const lanes_affine_sums s =
        lanes_sum_affine_safely(count, levels, x, weights, inverse, min, exact, codes);
    const lanes determinant = lanes_sub(lanes_mul(sum_w, s.ll), lanes_mul(s.l, s.l));
    const lanes_mask solvable = lanes_and_not(lanes_less(zero, determinant), flat);
    if (lanes_bits(solvable) == 0) continue;
    lanes trial_scale = lanes_div(
        lanes_sub(lanes_mul(sum_w, s.xl), lanes_mul(sum_x, s.l)), determinant);
    lanes trial_min = lanes_div(
        lanes_sub(lanes_mul(s.ll, sum_x), lanes_mul(s.l, s.xl)), determinant);
    const lanes_mask above = lanes_less(zero, trial_min);
    trial_scale = lanes_select(above, lanes_div(s.xl, s.ll), trial_scale);
    trial_min = lanes_select(above, zero, trial_min);
    const lanes error = lanes_affine_error(count, x, weights, codes, trial_scale, trial_min);
    const lanes_mask better = lanes_and(lanes_less(error, best), solvable);
    best = lanes_select(better, error, best);
    best_inverse = lanes_select(better, inverse, best_inverse);
    best_base = lanes_select(better, min, best_base);
    scale = lanes_select(better, trial_scale, scale);
    min = lanes_select(better, trial_min, min);
  }
  return (lanes_affine){
      lanes_select(flat, zero, scale), lanes_sub(lanes_all(-0.f), min), best_inverse, best_base,
      sum_w, flat};
}

// What a symmetric search found.
typedef struct {
  lanes scale;
  lanes inverse;    // the codes' inverse scale
  lanes_mask zero;  // lanes that count as all zero: scale 0, codes 0
} lanes_symmetric;

LANES_INLINE lanes_int lanes_symmetric_codes(lanes x, lanes inverse, int levels) {
  const lanes_int l = lanes_nearest_wrapped(lanes_mul(inverse, x));
  return lanes_add_int(lanes_clamped(l, -levels, levels - 1), levels);
}

// `weights` may be null: x squared.
LANES_INLINE lanes_symmetric lanes_search_symmetric(int count, int levels, const float *x,
                                                    const float *weights) {
  float w[32 * LANES], wx[32 * LANES];
  lanes extreme = lanes_all(0), magnitude = lanes_all(0);
  for (int i = 0; i < count; i++) {
    const lanes value = lanes_load(x + LANES * i), m = lanes_abs(value);
    const lanes_mask larger = lanes_less(magnitude, m);
    extreme = lanes_select(larger, value, extreme);
    magnitude = lanes_select(larger, m, magnitude);
    const lanes weight = weights ? lanes_load(weights + LANES * i) : lanes_mul(value, value);
    lanes_store(w + LANES * i, weight);
    lanes_store(wx + LANES * i, lanes_mul(weight, value));
  }
  const lanes zero = lanes_all(0);
  const lanes lowest = lanes_all((float)-levels), highest = lanes_all((float)(levels - 1));
  lanes scale = zero, best = zero, best_inverse = zero;
  for (int candidate = 0; candidate <= 18; candidate++) {
    const int tenths = candidate == 0 ? 0 : candidate <= 9 ? candidate - 10 : candidate - 9;
    const lanes inverse =
        lanes_div(lanes_all(-((float)levels + 0.1f * (float)tenths)), extreme);
    lanes sum_xl = zero, sum_ll = zero;
    for (int i = 0; i < count; i++) {
      // Quotients stay within levels + 1, so this rounding never wraps.
      const lanes nearest = lanes_nearest(lanes_mul(inverse, lanes_load(x + LANES * i)));
      const lanes l = lanes_max(lanes_min(nearest, highest), lowest);
      sum_xl = lanes_add(sum_xl, lanes_mul(lanes_load(wx + LANES * i), l));
      sum_ll = lanes_add(sum_ll, lanes_mul(lanes_mul(lanes_load(w + LANES * i), l), l));
    }
    const lanes ratio = lanes_div(sum_xl, sum_ll);
    if (candidate == 0) {
      scale = lanes_select(lanes_equal(sum_ll, zero), zero, ratio);
      best = lanes_mul(scale, sum_xl);
      best_inverse = inverse;
      continue;
    }
    const lanes_mask better = lanes_and(
        lanes_less(zero, sum_ll),
        lanes_less(lanes_mul(best, sum_ll), lanes_mul(sum_xl, sum_xl)));
    scale = lanes_select(better, ratio, scale);
    best = lanes_select(better, lanes_mul(ratio, sum_xl), best);
    best_inverse = lanes_select(better, inverse, best_inverse);
  }
  const lanes_mask nothing = lanes_less(magnitude, lanes_all(QUERN_LEAST_MAGNITUDE));
  return (lanes_symmetric){lanes_select(nothing, zero, scale), best_inverse, nothing};
}

#endif
