// quern_search_symmetric, sixteen blocks at a time. `x` and `weights` are transposed and finite, as in
// affine.h. Private.
//
// No candidate depends on another, so several are tried in one pass over the values, and those that
// cannot leave the range of codes are not kept within it.
#ifndef QUERN_LANES_SYMMETRIC_H
#define QUERN_LANES_SYMMETRIC_H

#include "../scalar/search.h"
#include "extremes.h"

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

// Sixteen blocks on their way.
typedef struct {
  lanes extreme, best;
  lanes_symmetric found;
} lanes_symmetric_state;

// What they are searched with, transposed: values, weights, and the products of both.
typedef struct {
  int count, levels;
  const float *x, *w, *wx;
} lanes_symmetric_values;

// How far quotients can be from 0, which is where the extreme's is: levels + tenths / 10.
typedef enum {
  LANES_WITHIN,  // nowhere near a code that is not there: below levels - 1/2
  LANES_ABOVE,   // the code +levels may come up, which is not there
  LANES_BEYOND,  // -levels - 1 too
} lanes_reach;

// Quotients stay within levels + 1, so this rounding never wraps.
LANES_INLINE lanes lanes_symmetric_levels(lanes x, lanes inverse, int levels, lanes_reach reach) {
  lanes l = lanes_nearest(lanes_mul(inverse, x));
  if (reach >= LANES_ABOVE) l = lanes_at_most_positive(l, (float)(levels - 1));
  if (reach == LANES_BEYOND) l = lanes_at_least_negative(l, (float)-levels);
  return l;
}

// Tries `trials` candidates, from `tenths` tenths of a level beside the plain scale on; zero tenths are
// the plain scale, which all others have to beat.
LANES_INLINE void lanes_try_symmetric(const lanes_symmetric_values *values, lanes_reach reach,
                                      int tenths, int trials, lanes_symmetric_state *state) {
  const lanes nothing = lanes_all(0);
  lanes inverse[LANES_TRIALS], sum_xl[LANES_TRIALS], sum_ll[LANES_TRIALS];
  for (int t = 0; t < trials; t++) {
    const float numerator = -((float)values->levels + 0.1f * (float)(tenths + t));
    inverse[t] = lanes_div(lanes_all(numerator), state->extreme);
    sum_xl[t] = sum_ll[t] = nothing;
  }
  for (int i = 0; i < LANES * values->count; i += LANES) {
    const lanes x = lanes_load(values->x + i);
    const lanes w = lanes_load(values->w + i), wx = lanes_load(values->wx + i);
    for (int t = 0; t < trials; t++) {
      const lanes l = lanes_symmetric_levels(x, inverse[t], values->levels, reach);
      sum_xl[t] = lanes_add(sum_xl[t], lanes_mul(wx, l));
      sum_ll[t] = lanes_add(sum_ll[t], lanes_mul(lanes_mul(w, l), l));
    }
  }
  lanes_symmetric_state s = *state;
  for (int t = 0; t < trials; t++) {
    const lanes ratio = lanes_div(sum_xl[t], sum_ll[t]);
    if (tenths == 0) {
      s.found.scale = lanes_select(lanes_equal(sum_ll[t], nothing), nothing, ratio);
      s.found.inverse = inverse[t];
      s.best = lanes_mul(s.found.scale, sum_xl[t]);
      continue;
    }
    const lanes_mask better =
        lanes_and(lanes_less(nothing, sum_ll[t]),
                  lanes_less(lanes_mul(s.best, sum_ll[t]), lanes_mul(sum_xl[t], sum_xl[t])));
    s.found.scale = lanes_select(better, ratio, s.found.scale);
    s.found.inverse = lanes_select(better, inverse[t], s.found.inverse);
    s.best = lanes_select(better, lanes_mul(ratio, sum_xl[t]), s.best);
  }
  *state = s;
}

// Tries `count` candidates, as many at a time as registers hold.
LANES_INLINE void lanes_try_alike(const lanes_symmetric_values *values, lanes_reach reach, int tenths,
                                  int count, lanes_symmetric_state *state) {
  const int step = count < LANES_TRIALS ? count : LANES_TRIALS, whole = count / step * step;
  for (int i = 0; i < whole; i += step)
    lanes_try_symmetric(values, reach, tenths + i, step, state);
  for (int i = whole; i < count; i++) lanes_try_symmetric(values, reach, tenths + i, 1, state);
}

// `weights` may be null: x squared.
LANES_INLINE lanes_symmetric lanes_search_symmetric(int count, int levels, const float *x,
                                                    const float *weights) {
  LANES_ALIGNED float squares[32 * LANES], wx[32 * LANES];
  for (int i = 0; i < LANES * count; i += LANES) {
    const lanes value = lanes_load(x + i);
    const lanes weight = weights ? lanes_load(weights + i) : lanes_mul(value, value);
    if (!weights) lanes_store(squares + i, weight);
    lanes_store(wx + i, lanes_mul(weight, value));
  }
  const lanes_symmetric_values values = {count, levels, x, weights ? weights : squares, wx};
  lanes_symmetric_state state;
  lanes magnitude;
  state.extreme = lanes_extremes(count, x, &magnitude);
  state.found.zero = lanes_less(magnitude, lanes_all(QUERN_LEAST_MAGNITUDE));
  lanes_try_symmetric(&values, LANES_ABOVE, 0, 1, &state);
  lanes_try_alike(&values, LANES_WITHIN, -9, 4, &state);
  lanes_try_alike(&values, LANES_ABOVE, -5, 5, &state);
  lanes_try_alike(&values, LANES_ABOVE, 1, 4, &state);
  lanes_try_alike(&values, LANES_BEYOND, 5, 5, &state);
  state.found.scale = lanes_select(state.found.zero, lanes_all(0), state.found.scale);
  return state.found;
}

#endif
