// quern_search_affine, sixteen blocks at a time. `x` and `weights` are transposed: element i of lane l
// is at [16 * i + l]. All values are finite. Private.
#ifndef QUERN_LANES_AFFINE_H
#define QUERN_LANES_AFFINE_H

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
  return lanes_at_least_zero(lanes_at_most_positive(l, (float)levels));
}

// One group of sixteen blocks on its way through the search.
typedef struct {
  const float *x, *weights;
  float *codes;
  lanes low, high, sum_w, sum_x;
  lanes inverse, best;
  lanes sum_l, sum_ll, sum_xl;
  lanes trial_scale, trial_min, error;
  lanes_mask solvable;
  lanes_affine found;  // with the minimum's sign as the search has it
} lanes_affine_group;

// Whether |inverse * (x - minimum)| stays below 2^22 for all x of the group: floating products are
// monotonic, so the ends bound what lies between. NaN says no.
LANES_INLINE bool lanes_quotients_small(const lanes_affine_group *g) {
  const lanes limit = lanes_all(4194303.f), base = g->found.minimum;
  const lanes first = lanes_abs(lanes_mul(g->inverse, lanes_sub(g->low, base)));
  const lanes last = lanes_abs(lanes_mul(g->inverse, lanes_sub(g->high, base)));
  const lanes_mask small = lanes_and(lanes_at_most(first, limit), lanes_at_most(last, limit));
  return (lanes_bits(small) | lanes_bits(g->found.flat)) == 0xffff;
}

LANES_INLINE void lanes_begin_affine(int count, lanes_affine_group *g) {
  g->low = g->high = lanes_load(g->x);
  g->sum_w = lanes_load(g->weights);
  g->sum_x = lanes_mul(g->sum_w, g->low);
  for (int i = 1; i < count; i++) {
    const lanes value = lanes_load(g->x + LANES * i), w = lanes_load(g->weights + LANES * i);
    g->low = lanes_min(value, g->low);
    g->high = lanes_max(value, g->high);
    g->sum_w = lanes_add(g->sum_w, w);
    g->sum_x = lanes_add(g->sum_x, lanes_mul(w, value));
  }
  const lanes zero = lanes_all(0);
  g->found.minimum = lanes_select(lanes_less(zero, g->low), zero, g->low);
  g->found.flat = lanes_equal(g->high, g->found.minimum);
  g->found.sum_w = g->sum_w;
}

LANES_INLINE void lanes_sum_affine(int groups, int count, int levels, bool exact,
                                   lanes_affine_group *g) {
  for (int k = 0; k < groups; k++) g[k].sum_l = g[k].sum_ll = g[k].sum_xl = lanes_all(0);
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < groups; k++) {
      const lanes value = lanes_load(g[k].x + LANES * i);
      const lanes l =
          lanes_affine_levels(value, g[k].inverse, g[k].found.minimum, levels, exact);
      const lanes wl = lanes_mul(lanes_load(g[k].weights + LANES * i), l);
      lanes_store(g[k].codes + LANES * i, l);
      g[k].sum_l = lanes_add(g[k].sum_l, wl);
      g[k].sum_ll = lanes_add(g[k].sum_ll, lanes_mul(wl, l));
      g[k].sum_xl = lanes_add(g[k].sum_xl, lanes_mul(wl, value));
    }
  }
}

// Codes and sums for the candidate at hand, without wrapping where that is sure to be the same,
// which is nearly always.
LANES_INLINE void lanes_try_codes(int groups, int count, int levels, lanes_affine_group *g) {
  bool exact = true;
  for (int k = 0; k < groups; k++) exact = exact && lanes_quotients_small(&g[k]);
  if (exact)
    lanes_sum_affine(groups, count, levels, true, g);
  else
    lanes_sum_affine(groups, count, levels, false, g);
}

LANES_INLINE void lanes_affine_errors(int groups, int count, bool absolute,
                                      lanes_affine_group *g) {
  for (int k = 0; k < groups; k++) g[k].error = lanes_all(0);
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < groups; k++) {
      const lanes product = lanes_mul(g[k].trial_scale, lanes_load(g[k].codes + LANES * i));
      const lanes difference =
          lanes_sub(lanes_add(product, g[k].trial_min), lanes_load(g[k].x + LANES * i));
      const lanes size =
          absolute ? lanes_abs(difference) : lanes_mul(difference, difference);
      g[k].error = lanes_add(g[k].error, lanes_mul(lanes_load(g[k].weights + LANES * i), size));
    }
  }
}

// The scale and minimum of least error for the codes at hand.
LANES_INLINE void lanes_solve_affine(lanes_affine_group *g) {
  const lanes zero = lanes_all(0);
  const lanes determinant =
      lanes_sub(lanes_mul(g->sum_w, g->sum_ll), lanes_mul(g->sum_l, g->sum_l));
  g->solvable = lanes_and_not(lanes_less(zero, determinant), g->found.flat);
  const lanes scale = lanes_div(
      lanes_sub(lanes_mul(g->sum_w, g->sum_xl), lanes_mul(g->sum_x, g->sum_l)), determinant);
  const lanes min = lanes_div(
      lanes_sub(lanes_mul(g->sum_ll, g->sum_x), lanes_mul(g->sum_l, g->sum_xl)), determinant);
  const lanes_mask above = lanes_less(zero, min);
  g->trial_scale = lanes_select(above, lanes_div(g->sum_xl, g->sum_ll), scale);
  g->trial_min = lanes_select(above, zero, min);
}

LANES_INLINE void lanes_keep_better(lanes_affine_group *g) {
  const lanes_mask better = lanes_and(lanes_less(g->error, g->best), g->solvable);
  g->best = lanes_select(better, g->error, g->best);
  g->found.inverse = lanes_select(better, g->inverse, g->found.inverse);
  g->found.base = lanes_select(better, g->found.minimum, g->found.base);
  g->found.scale = lanes_select(better, g->trial_scale, g->found.scale);
  g->found.minimum = lanes_select(better, g->trial_min, g->found.minimum);
}

// Searches `groups` groups (one or two) in step; group k's values and weights start at
// 16 * count * k. Two groups keep a processor busy while one waits for its last sum.
LANES_INLINE void lanes_search_affine(int groups, int count, int levels, const float *x,
                                      const float *weights, quern_candidates candidates,
                                      lanes_affine *found) {
  float codes[2 * 32 * LANES];
  lanes_affine_group g[2];
  for (int k = 0; k < groups; k++) {
    g[k].x = x + LANES * count * k;
    g[k].weights = weights + LANES * count * k;
    g[k].codes = codes + LANES * count * k;
    lanes_begin_affine(count, &g[k]);
    const lanes range = lanes_sub(g[k].high, g[k].found.minimum);
    g[k].inverse = lanes_div(lanes_all((float)levels), range);
    g[k].found.inverse = g[k].inverse;
    g[k].found.base = g[k].trial_min = g[k].found.minimum;
    g[k].found.scale = g[k].trial_scale = lanes_div(lanes_all(1), g[k].inverse);
  }
  lanes_try_codes(groups, count, levels, g);
  lanes_affine_errors(groups, count, candidates.absolute, g);
  for (int k = 0; k < groups; k++) g[k].best = g[k].error;

  for (int candidate = 0; candidate <= candidates.last; candidate++) {
    const float numerator =
        candidates.first + candidates.step * (float)candidate + (float)levels;
    for (int k = 0; k < groups; k++)
      g[k].inverse = lanes_div(lanes_all(numerator), lanes_sub(g[k].high, g[k].found.minimum));
    lanes_try_codes(groups, count, levels, g);
    for (int k = 0; k < groups; k++) lanes_solve_affine(&g[k]);
    lanes_affine_errors(groups, count, candidates.absolute, g);
    for (int k = 0; k < groups; k++) lanes_keep_better(&g[k]);
  }
  for (int k = 0; k < groups; k++) {
    found[k] = g[k].found;
    found[k].scale = lanes_select(g[k].found.flat, lanes_all(0), g[k].found.scale);
    found[k].minimum = lanes_sub(lanes_all(-0.f), g[k].found.minimum);  // its negative
  }
}

#endif
