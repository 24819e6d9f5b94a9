// The encoders of 32-element blocks without importance, in scalar form. Private.
#ifndef QUERN_SCALAR_ENCODE_LEGACY_H
#define QUERN_SCALAR_ENCODE_LEGACY_H

#include <float.h>

#include "pack.h"
#include "search.h"

// The scale for which the first element of largest magnitude takes the lowest code, -levels.
QUERN_INLINE float quern_reach_extreme(const float x[32], int levels, uint8_t codes[32]) {
  float extreme = 0, magnitude = 0;
  for (int i = 0; i < 32; i++) {
    const float m = quern_magnitude(x[i]);
    if (magnitude < m) magnitude = m, extreme = x[i];
  }
  const float d = extreme / (float)-levels, inverse = d != 0 ? 1.f / d : 0;
  const int last = 2 * levels - 1;
  for (int i = 0; i < 32; i++) {
    const int32_t code = quern_truncated(x[i] * inverse + ((float)levels + 0.5f));
    codes[i] = (uint8_t)(code < last ? code : last);
  }
  return d;
}

// The scale and minimum that span the block's range with codes 0 ... levels.
QUERN_INLINE float quern_span_range(const float x[32], int levels, uint8_t codes[32],
                                    float *minimum) {
  float min = FLT_MAX, max = -FLT_MAX;
  for (int i = 0; i < 32; i++) {
    if (x[i] < min) min = x[i];
    if (x[i] > max) max = x[i];
  }
  const float d = (max - min) / (float)levels, inverse = d != 0 ? 1.f / d : 0;
  for (int i = 0; i < 32; i++) {
    const int32_t code = quern_truncated((x[i] - min) * inverse + 0.5f);
    codes[i] = (uint8_t)(code < levels ? code : levels);
  }
  *minimum = min;
  return d;
}

#endif
