// What the models before Llama have: norms around the mean, GELU without a gate. Needs rows.h.
#ifndef QUERN_PRODUCTS_LAYER_NORM_H
#define QUERN_PRODUCTS_LAYER_NORM_H

#include "rows.h"

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon,
                       size_t count, float *output) {
  floats sums = {0};
  size_t c = 0;
  for (; c + LANES <= count; c += LANES) sums += load_floats(x + c);
  float sum = sum_lanes(sums);
  for (; c < count; c++) sum += x[c];
  const float mean = sum / (float)count;
  floats squares = {0};
  for (c = 0; c + LANES <= count; c += LANES) {
    const floats away = load_floats(x + c) - splat(mean);
    squares += away * away;
  }
  float square = sum_lanes(squares);
  for (; c < count; c++) square += (x[c] - mean) * (x[c] - mean);
  const float factor = 1.0f / sqrtf(square / (float)count + epsilon);
  for (c = 0; c + LANES <= count; c += LANES)
    store_floats(output + c, (load_floats(x + c) - splat(mean)) * splat(factor) * load_floats(weight + c) +
                                 load_floats(bias + c));
  for (; c < count; c++) output[c] = (x[c] - mean) * factor * weight[c] + bias[c];
}

static void gelu_row(float *x, size_t count) {
  size_t c = 0;
  for (; c + LANES <= count; c += LANES)
    store_floats(x + c, activated(load_floats(x + c), GELU));
  if (c == count) return;
  float rest[LANES] = {0};
  memcpy(rest, x + c, (count - c) * sizeof(float));
  store_floats(rest, activated(load_floats(rest), GELU));
  memcpy(x + c, rest, (count - c) * sizeof(float));
}

#endif
