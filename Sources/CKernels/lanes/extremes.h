// The element of largest magnitude of each of sixteen blocks. Private.
#ifndef QUERN_LANES_EXTREMES_H
#define QUERN_LANES_EXTREMES_H

#include <float.h>

#include "lanes.h"

// The first element of largest magnitude, transposed and finite `x`; 0 where all are zero.
LANES_INLINE lanes lanes_extremes(int count, const float *x, lanes *magnitude) {
  const lanes zero = lanes_all(0);
  lanes low = zero, high = zero;
  for (int i = 0; i < count; i++) {
    const lanes value = lanes_load(x + LANES * i);
    low = lanes_min(value, low);
    high = lanes_max(value, high);
  }
  const lanes depth = lanes_sub(zero, low);
  *magnitude = lanes_max(high, depth);
  lanes extreme = lanes_select(lanes_less(high, depth), low, high);
  const lanes_mask both = lanes_and(lanes_equal(high, depth), lanes_less(zero, high));
  if (!lanes_bits(both)) return extreme;
  for (int i = count - 1; i >= 0; i--) {  // so that the first comes last
    const lanes value = lanes_load(x + LANES * i);
    const lanes_mask equal = lanes_equal(lanes_abs(value), *magnitude);
    extreme = lanes_select(lanes_and(both, equal), value, extreme);
  }
  return extreme;
}

// The first of sixteen values that is of largest magnitude; whether all are finite, which it needs.
LANES_INLINE bool lanes_first_extreme(const float values[LANES], float *extreme) {
  const lanes size = lanes_abs(lanes_load(values));
  if (lanes_bits(lanes_at_most(size, lanes_all(FLT_MAX))) != 0xffff) return false;
  const lanes_mask largest = lanes_equal(size, lanes_all(lanes_largest(size)));
  *extreme = values[__builtin_ctz(lanes_bits(largest))];
  return true;
}

#endif
