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

// Where a group's quotients lie, which says how their codes are kept in range.
typedef enum {
  LANES_INSIDE = 0,    // nearest to codes that there are
  LANES_OVER = 1,      // some above the highest
  LANES_UNDER = 2,     // some below 0
  LANES_AROUND = 3,    // both
  LANES_ANYWHERE = 4,  // perhaps as far as 2^22, where rounding wraps
} lanes_span;

// The same as floats.
LANES_INLINE lanes lanes_affine_levels(lanes x, lanes inverse, lanes base, int levels,
                                       lanes_span span) {
  if (span == LANES_ANYWHERE) return lanes_from_int(lanes_affine_codes(x, inverse, base, levels));
  lanes l = lanes_nearest(lanes_mul(inverse, lanes_sub(x, base)));
  if (span & LANES_OVER) l = lanes_at_most_positive(l, (float)levels);
  return span & LANES_UNDER ? lanes_at_least_zero(l) : l;
}

// One group of sixteen blocks on its way through the search.
typedef struct {
  const float *x, *weights;
  LANES_ALIGNED float codes[32 * LANES];
  lanes low, high, sum_w, sum_x;
  lanes inverse, best;
  lanes sum_l, sum_ll, sum_xl;
  lanes trial_scale, trial_min, error;
  lanes_mask solvable;
  lanes_affine found;  // with the minimum's sign as the search has it
} lanes_affine_group;

// Where the quotients inverse * (x - minimum) of a group are. Floating products are monotonic, so the
// ends bound what lies between. NaN is anywhere; lanes that are flat do not count.
LANES_INLINE lanes_span lanes_quotients(const lanes_affine_group *g, int levels) {
  const lanes limit = lanes_all(4194303.f), base = g->found.minimum;
  const lanes first = lanes_mul(g->inverse, lanes_sub(g->low, base));
  const lanes last = lanes_mul(g->inverse, lanes_sub(g->high, base));
  const lanes top = lanes_max(first, last), bottom = lanes_min(first, last);
  const unsigned flat = lanes_bits(g->found.flat);
  const lanes_mask small = lanes_and(lanes_at_most(lanes_abs(first), limit),
                                     lanes_at_most(lanes_abs(last), limit));
  const unsigned low_enough = lanes_bits(lanes_less(top, lanes_all((float)levels + 0.5f)));
  const unsigned high_enough = lanes_bits(lanes_at_most(lanes_all(-0.5f), bottom));  // -0 is as good as 0
  if ((lanes_bits(small) | flat) != 0xffff) return LANES_ANYWHERE;
  const int over = (low_enough | flat) != 0xffff ? LANES_OVER : LANES_INSIDE;
  return (lanes_span)(over | ((high_enough | flat) != 0xffff ? LANES_UNDER : LANES_INSIDE));
}

LANES_INLINE void lanes_begin_affine(int count, lanes_affine_group *g) {
  lanes low = lanes_load(g->x), high = low, sum_w = lanes_load(g->weights);
  lanes sum_x = lanes_mul(sum_w, low);
  for (int i = LANES; i < LANES * count; i += LANES) {
    const lanes value = lanes_load(g->x + i), w = lanes_load(g->weights + i);
    low = lanes_min(value, low);
    high = lanes_max(value, high);
    sum_w = lanes_add(sum_w, w);
    sum_x = lanes_add(sum_x, lanes_mul(w, value));
  }
  const lanes zero = lanes_all(0);
  g->low = low;
  g->high = high;
  g->sum_x = sum_x;
  g->sum_w = g->found.sum_w = sum_w;
  g->found.minimum = lanes_select(lanes_less(zero, low), zero, low);
  g->found.flat = lanes_equal(high, g->found.minimum);
}

LANES_INLINE void lanes_sum_affine(int count, int levels, lanes_span span,
                                   lanes_affine_group *g) {
  const lanes inverse = g->inverse, base = g->found.minimum;
  lanes sum_l = lanes_all(0), sum_ll = sum_l, sum_xl = sum_l;
  for (int i = 0; i < LANES * count; i += 4 * LANES) {
    for (int j = i; j < i + 4 * LANES; j += LANES) {
      const lanes value = lanes_load(g->x + j);
      const lanes l = lanes_affine_levels(value, inverse, base, levels, span);
      const lanes wl = lanes_mul(lanes_load(g->weights + j), l);
      lanes_store(g->codes + j, l);
      sum_l = lanes_add(sum_l, wl);
      sum_ll = lanes_add(sum_ll, lanes_mul(wl, l));
      sum_xl = lanes_add(sum_xl, lanes_mul(wl, value));
    }
  }
  g->sum_l = sum_l;
  g->sum_ll = sum_ll;
  g->sum_xl = sum_xl;
}

// Codes and sums for the candidate at hand.
LANES_INLINE void lanes_try_codes(int count, int levels, lanes_affine_group *g) {
  switch (lanes_quotients(g, levels)) {
    case LANES_INSIDE: lanes_sum_affine(count, levels, LANES_INSIDE, g); break;
    case LANES_OVER: lanes_sum_affine(count, levels, LANES_OVER, g); break;
    case LANES_UNDER: lanes_sum_affine(count, levels, LANES_UNDER, g); break;
    case LANES_AROUND: lanes_sum_affine(count, levels, LANES_AROUND, g); break;
    default: lanes_sum_affine(count, levels, LANES_ANYWHERE, g); break;
  }
}

LANES_INLINE void lanes_affine_errors(int count, bool absolute, lanes_affine_group *g) {
  const lanes scale = g->trial_scale, minimum = g->trial_min;
  lanes error = lanes_all(0);
  for (int i = 0; i < LANES * count; i += 4 * LANES) {
    for (int j = i; j < i + 4 * LANES; j += LANES) {
      const lanes found = lanes_add(lanes_mul(scale, lanes_load(g->codes + j)), minimum);
      const lanes difference = lanes_sub(found, lanes_load(g->x + j));
      const lanes size =
          absolute ? lanes_abs(difference) : lanes_mul(difference, difference);
      error = lanes_add(error, lanes_mul(lanes_load(g->weights + j), size));
    }
  }
  g->error = error;
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

// Searches `groups` groups; group k's values and weights start at 16 * count * k. Each pass of one
// group is followed by the same pass of the next, which keeps a processor busy while one waits for its
// last sum.
LANES_INLINE void lanes_search_affine(int groups, int count, int levels, const float *x,
                                      const float *weights, quern_candidates candidates,
                                      lanes_affine *found) {
  lanes_affine_group g[LANES_GROUPS];
  for (int k = 0; k < groups; k++) {
    g[k].x = x + LANES * count * k;
    g[k].weights = weights + LANES * count * k;
    lanes_begin_affine(count, &g[k]);
    const lanes range = lanes_sub(g[k].high, g[k].found.minimum);
    g[k].inverse = lanes_div(lanes_all((float)levels), range);
    g[k].found.inverse = g[k].inverse;
    g[k].found.base = g[k].trial_min = g[k].found.minimum;
    g[k].found.scale = g[k].trial_scale = lanes_div(lanes_all(1), g[k].inverse);
    lanes_try_codes(count, levels, &g[k]);
    lanes_affine_errors(count, candidates.absolute, &g[k]);
    g[k].best = g[k].error;
  }
  for (int candidate = 0; candidate <= candidates.last; candidate++) {
    const float numerator =
        candidates.first + candidates.step * (float)candidate + (float)levels;
    for (int k = 0; k < groups; k++) {
      g[k].inverse = lanes_div(lanes_all(numerator), lanes_sub(g[k].high, g[k].found.minimum));
      lanes_try_codes(count, levels, &g[k]);
      lanes_solve_affine(&g[k]);
    }
    for (int k = 0; k < groups; k++) {
      lanes_affine_errors(count, candidates.absolute, &g[k]);
      lanes_keep_better(&g[k]);
    }
  }
  for (int k = 0; k < groups; k++) {
    found[k] = g[k].found;
    found[k].scale = lanes_select(g[k].found.flat, lanes_all(0), g[k].found.scale);
    found[k].minimum = lanes_sub(lanes_all(-0.f), g[k].found.minimum);  // its negative
  }
}

#endif
