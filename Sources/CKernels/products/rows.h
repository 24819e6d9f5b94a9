// Float operations on one row or one head. Needs lanes.h.
#ifndef QUERN_PRODUCTS_ROWS_H
#define QUERN_PRODUCTS_ROWS_H

#include <math.h>

#include "../include/CKernelsProducts.h"
#include "lanes.h"

static void rms_norm(const float *x, const float *weight, float epsilon, size_t count,
                     float *output) {
  floats squares = {0};
  size_t c = 0;
  for (; c + LANES <= count; c += LANES) squares += load_floats(x + c) * load_floats(x + c);
  float sum = sum_lanes(squares);
  for (; c < count; c++) sum += x[c] * x[c];
  const float factor = 1.0f / sqrtf(sum / (float)count + epsilon);
  for (c = 0; c + LANES <= count; c += LANES)
    store_floats(output + c, load_floats(x + c) * splat(factor) * load_floats(weight + c));
  for (; c < count; c++) output[c] = x[c] * factor * weight[c];
}

static void add_rows(float *x, const float *y, size_t count) {
  for (size_t c = 0; c < count; c++) x[c] += y[c];
}

enum { SILU, GELU, CLAMPED_SWISH };

/// x sigmoid(x), or the approximation of GELU by a hyperbolic tangent, which is x sigmoid(1.6 x + ...).
INLINE floats activated(floats x, const int activation) {
  const floats y = activation == SILU   ? x
                   : activation == GELU ? x * (1.59576912f + 0.0713548163f * x * x)
                                        : x * 1.702f;
  return x / (1.0f + exponential(-y));
}

INLINE floats gated(floats gate, floats up, const int activation) {
  if (activation != CLAMPED_SWISH) return activated(gate, activation) * up;
  // Selected so that what is no number stays none.
  const floats limit = splat(7.0f);
  up = select_floats(up > limit, limit, select_floats(up < -limit, -limit, up));
  return activated(select_floats(gate > limit, limit, gate), activation) * (up + 1.0f);
}

INLINE void gate_row(float *gate, const float *up, size_t count, const int activation) {
  size_t c = 0;
  for (; c + LANES <= count; c += LANES)
    store_floats(gate + c, gated(load_floats(gate + c), load_floats(up + c), activation));
  if (c == count) return;
  float g[LANES] = {0}, u[LANES] = {0};
  memcpy(g, gate + c, (count - c) * sizeof(float));
  memcpy(u, up + c, (count - c) * sizeof(float));
  store_floats(g, gated(load_floats(g), load_floats(u), activation));
  memcpy(gate + c, g, (count - c) * sizeof(float));
}

static void silu_multiply(float *gate, const float *up, size_t count) {
  gate_row(gate, up, count, SILU);
}

static void gelu_multiply(float *gate, const float *up, size_t count) {
  gate_row(gate, up, count, GELU);
}

static void clamped_swish_multiply(float *gate, const float *up, size_t count) {
  gate_row(gate, up, count, CLAMPED_SWISH);
}

static void softcap_row(float *x, float cap, size_t count) {
  size_t c = 0;
  for (; c + LANES <= count; c += LANES)
    store_floats(x + c, splat(cap) * hyperbolic_tangent(load_floats(x + c) / cap));
  if (c == count) return;
  float rest[LANES] = {0};
  memcpy(rest, x + c, (count - c) * sizeof(float));
  store_floats(rest, splat(cap) * hyperbolic_tangent(load_floats(rest) / cap));
  memcpy(x + c, rest, (count - c) * sizeof(float));
}

static void rotate_neighbours(float *x, const float *turns, size_t pairs) {
  for (size_t i = 0; i < pairs; i++) {
    const float a = x[2 * i], b = x[2 * i + 1], cosine = turns[i], sine = turns[pairs + i];
    x[2 * i] = a * cosine - b * sine;
    x[2 * i + 1] = a * sine + b * cosine;
  }
}

static void rotate_halves(float *x, const float *turns, size_t pairs) {
  for (size_t i = 0; i < pairs; i++) {
    const float a = x[i], b = x[pairs + i], cosine = turns[i], sine = turns[pairs + i];
    x[i] = a * cosine - b * sine;
    x[pairs + i] = a * sine + b * cosine;
  }
}

#endif
