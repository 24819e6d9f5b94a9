// The searches of scalar/search.h that move single codes, sixteen sequences at a time. Transposed and
// finite like those of lanes/affine.h. Private.
//
// A lane whose round changes nothing would change nothing in the next, so rounds go on until no lane
// changes.
#ifndef QUERN_LANES_DESCENT_H
#define QUERN_LANES_DESCENT_H

#include "../scalar/search.h"
#include "lanes.h"

// Whether xl * xl / ll beats sum_xl * sum_xl / sum_ll, as the scalar code asks it.
LANES_INLINE lanes_mask lanes_explains_more(lanes xl, lanes ll, lanes sum_xl, lanes sum_ll) {
  return lanes_less(lanes_mul(lanes_mul(sum_xl, sum_xl), ll),
                    lanes_mul(lanes_mul(xl, xl), sum_ll));
}

// The best scale for sums, 0 where there is none.
LANES_INLINE lanes lanes_ratio(lanes sum_xl, lanes sum_ll) {
  const lanes zero = lanes_all(0);
  return lanes_select(lanes_less(zero, sum_ll), lanes_div(sum_xl, sum_ll), zero);
}

// quern_descend_symmetric for `groups` groups in step, group k's values at 16 * count * k. `codes`
// receives the codes as floats, lanes that count as zero included; returns those lanes in `zero`.
LANES_INLINE void lanes_descend_symmetric(int groups, int count, int levels, const float *x,
                                          float *codes, lanes *scale, lanes_mask *zero) {
  const lanes nothing = lanes_all(0), middle = lanes_all((float)levels);
  lanes sum_xl[4], sum_ll[4];
  for (int k = 0; k < groups; k++) {
    const float *values = x + LANES * count * k;
    lanes extreme = nothing, magnitude = nothing;
    for (int i = 0; i < count; i++) {
      const lanes value = lanes_load(values + LANES * i), m = lanes_abs(value);
      const lanes_mask larger = lanes_less(magnitude, m);
      extreme = lanes_select(larger, value, extreme);
      magnitude = lanes_select(larger, m, magnitude);
    }
    zero[k] = lanes_less(magnitude, lanes_all(QUERN_LEAST_MAGNITUDE));
    const lanes inverse = lanes_div(lanes_all((float)-levels), extreme);
    sum_xl[k] = sum_ll[k] = nothing;
    for (int i = 0; i < count; i++) {
      const lanes value = lanes_load(values + LANES * i), w = lanes_mul(value, value);
      const lanes_int code = lanes_nearest_wrapped(lanes_mul(inverse, value));
      const lanes l = lanes_from_int(lanes_clamped(code, -levels, levels - 1));
      lanes_store(codes + LANES * (count * k + i), l);
      sum_xl[k] = lanes_add(sum_xl[k], lanes_mul(lanes_mul(w, value), l));
      sum_ll[k] = lanes_add(sum_ll[k], lanes_mul(lanes_mul(w, l), l));
    }
  }
  for (int round = 0; round < 5; round++) {
    unsigned changed = 0;
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < groups; k++) {
        const int at = LANES * (count * k + i);
        const lanes value = lanes_load(x + at), old = lanes_load(codes + at);
        const lanes w = lanes_mul(value, value), wx = lanes_mul(w, value);
        lanes xl = lanes_sub(sum_xl[k], lanes_mul(wx, old));
        lanes ll = lanes_sub(sum_ll[k], lanes_mul(lanes_mul(w, old), old));
        const lanes_mask positive = lanes_less(nothing, xl);
        const lanes_int code = lanes_nearest_wrapped(lanes_div(lanes_mul(value, ll), xl));
        const lanes moved = lanes_from_int(lanes_clamped(code, -levels, levels - 1));
        xl = lanes_add(xl, lanes_mul(wx, moved));
        ll = lanes_add(ll, lanes_mul(lanes_mul(w, moved), moved));
        lanes_mask accepted = lanes_and(lanes_explains_more(xl, ll, sum_xl[k], sum_ll[k]),
                                        lanes_less(nothing, ll));
        accepted = lanes_and_not(lanes_and(accepted, positive), lanes_equal(moved, old));
        changed |= lanes_bits(lanes_and_not(accepted, zero[k]));
        sum_xl[k] = lanes_select(accepted, xl, sum_xl[k]);
        sum_ll[k] = lanes_select(accepted, ll, sum_ll[k]);
        lanes_store(codes + at, lanes_select(accepted, moved, old));
      }
    }
    if (!changed) break;
  }
  for (int k = 0; k < groups; k++) {
    scale[k] = lanes_select(zero[k], nothing, lanes_ratio(sum_xl[k], sum_ll[k]));
    for (int i = 0; i < count; i++) {
      const int at = LANES * (count * k + i);
      lanes_store(codes + at, lanes_select(zero[k], nothing, lanes_add(lanes_load(codes + at), middle)));
    }
  }
}

// The inverse scale of least error among those that quern_search_positive tries.
LANES_INLINE lanes lanes_best_positive(int count, int levels, const float *x, const float *weights,
                                       lanes max) {
  lanes best_inverse = lanes_div(lanes_all((float)levels), max), best = lanes_all(0);
  const lanes first_scale = lanes_div(lanes_all(1), best_inverse);
  for (int i = 0; i < count; i++) {
    const lanes value = lanes_load(x + LANES * i);
    const lanes_int code = lanes_low_byte(lanes_nearest_wrapped(lanes_mul(best_inverse, value)));
    const lanes error = lanes_sub(value, lanes_mul(first_scale, lanes_from_int(code)));
    best = lanes_add(best, lanes_mul(lanes_mul(lanes_load(weights + LANES * i), error), error));
  }
  for (int tenths = -4; tenths <= 4; tenths++) {
    if (tenths == 0) continue;
    const lanes inverse = lanes_div(lanes_all(0.1f * (float)tenths + (float)levels), max);
    const lanes scale = lanes_div(lanes_all(1), inverse);
    lanes sum = lanes_all(0);
    for (int i = 0; i < count; i++) {
      const lanes value = lanes_load(x + LANES * i);
      const lanes_int code = lanes_nearest_wrapped(lanes_mul(inverse, value));
      const lanes l = lanes_from_int(lanes_at_most_int(code, levels));
      const lanes error = lanes_sub(value, lanes_mul(scale, l));
      sum = lanes_add(sum, lanes_mul(lanes_mul(lanes_load(weights + LANES * i), error), error));
    }
    const lanes_mask better = lanes_less(sum, best);
    best = lanes_select(better, sum, best);
    best_inverse = lanes_select(better, inverse, best_inverse);
  }
  return best_inverse;
}

// quern_search_positive; `codes` receives the codes as floats.
LANES_INLINE lanes lanes_search_positive(int count, int levels, const float *x,
                                         const float *weights, float *codes) {
  const lanes zero = lanes_all(0);
  lanes max = zero;
  for (int i = 0; i < count; i++) max = lanes_max(max, lanes_load(x + LANES * i));
  const lanes_mask nothing = lanes_less(max, lanes_all(QUERN_LEAST_MAGNITUDE));
  const lanes inverse = lanes_best_positive(count, levels, x, weights, max);
  lanes sum_xl = zero, sum_ll = zero;
  for (int i = 0; i < count; i++) {
    const lanes value = lanes_load(x + LANES * i), w = lanes_load(weights + LANES * i);
    const lanes_int nearest = lanes_nearest_wrapped(lanes_mul(inverse, value));
    const lanes_int code = lanes_at_most_int(nearest, levels);
    const lanes l = lanes_from_int(code);
    lanes_store(codes + LANES * i, lanes_from_int(lanes_low_byte(code)));
    sum_xl = lanes_add(sum_xl, lanes_mul(lanes_mul(w, value), l));
    sum_ll = lanes_add(sum_ll, lanes_mul(lanes_mul(w, l), l));
  }
  for (int round = 0; round < 5; round++) {
    unsigned changed = 0;
    for (int i = 0; i < count; i++) {
      const lanes value = lanes_load(x + LANES * i), w = lanes_load(weights + LANES * i);
      const lanes old = lanes_load(codes + LANES * i), wx = lanes_mul(w, value);
      lanes xl = lanes_sub(sum_xl, lanes_mul(wx, old));
      lanes ll = lanes_sub(sum_ll, lanes_mul(lanes_mul(w, old), old));
      const lanes_mask positive = lanes_and(lanes_less(zero, xl), lanes_less(zero, ll));
      const lanes_int nearest = lanes_nearest_wrapped(lanes_div(lanes_mul(value, ll), xl));
      const lanes_int code = lanes_at_most_int(nearest, levels);
      const lanes moved = lanes_from_int(code);
      xl = lanes_add(xl, lanes_mul(wx, moved));
      ll = lanes_add(ll, lanes_mul(lanes_mul(w, moved), moved));
      lanes_mask accepted = lanes_and(positive, lanes_explains_more(xl, ll, sum_xl, sum_ll));
      accepted = lanes_and_not(accepted, lanes_equal(moved, old));
      changed |= lanes_bits(lanes_and_not(accepted, nothing));
      sum_xl = lanes_select(accepted, xl, sum_xl);
      sum_ll = lanes_select(accepted, ll, sum_ll);
      lanes_store(codes + LANES * i,
                  lanes_select(accepted, lanes_from_int(lanes_low_byte(code)), old));
    }
    if (!changed) break;
  }
  for (int i = 0; i < count; i++)
    lanes_store(codes + LANES * i, lanes_select(nothing, zero, lanes_load(codes + LANES * i)));
  return lanes_select(nothing, zero, lanes_ratio(sum_xl, sum_ll));
}

#endif
