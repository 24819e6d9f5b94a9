// Products of float weights, and of every type that can only be decoded, with float activations.
// Needs lanes.h, activations.h and TILE_TOKENS, TILE_CASES of the level.
#ifndef QUERN_PRODUCTS_FLOAT_PANEL_H
#define QUERN_PRODUCTS_FLOAT_PANEL_H

#include "integer_panel.h"
#include "prefetch.h"

enum {
  FLOAT_PANEL_COLUMNS = 512,  // a multiple of every block
  FLOAT_PANEL_BYTES = PANEL_ROWS * FLOAT_PANEL_COLUMNS * 4,
};

/// Turns `count` columns of a row, from column `at` on, into floats.
typedef void (*read_row_fn)(const quern_product_job *product, const uint8_t *row, size_t at,
                            size_t count, float *output);

static void read_f32(const quern_product_job *product, const uint8_t *row, size_t at, size_t count,
                     float *output) {
  (void)product;
  memcpy(output, row + at * 4, count * 4);
}
static void read_f16(const quern_product_job *product, const uint8_t *row, size_t at, size_t count,
                     float *output) {
  (void)product;
  size_t c = 0;
  for (; c + LANES <= count; c += LANES) store_floats(output + c, load_halves(row + (at + c) * 2));
  for (; c < count; c++) output[c] = load_half(row + (at + c) * 2);
}
INLINE float load_bfloat(const void *p) {
  uint16_t half;
  memcpy(&half, p, 2);
  const uint32_t bits = (uint32_t)half << 16;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}
static void read_bf16(const quern_product_job *product, const uint8_t *row, size_t at, size_t count,
                      float *output) {
  (void)product;
  for (size_t c = 0; c < count; c++) output[c] = load_bfloat(row + (at + c) * 2);
}
static void read_decoded(const quern_product_job *product, const uint8_t *row, size_t at, size_t count,
                         float *output) {
  product->decode(row + at / product->block_elements * product->block_bytes, output, count);
}

// MARK: Several tokens

INLINE void float_tile_product(const float *panel, const float *tile, size_t columns,
                               const size_t T, const float *start, float *output,
                               size_t stride) {
  floats sums[2][TILE_TOKENS];
#pragma clang loop unroll(full)
  for (size_t t = 0; t < T; t++) {
    const float *from = start ? start : output + t * stride;
    sums[0][t] = load_floats(from);
    sums[1][t] = load_floats(from + LANES);
  }
  for (size_t c = 0; c < columns; c++) {
    const floats w0 = load_floats(panel + c * PANEL_ROWS);
    const floats w1 = load_floats(panel + c * PANEL_ROWS + LANES);
#pragma clang loop unroll(full)
    for (size_t t = 0; t < T; t++) {
      const floats a = splat(tile[c * T + t]);
      sums[0][t] += a * w0;
      sums[1][t] += a * w1;
    }
  }
#pragma clang loop unroll(full)
  for (size_t t = 0; t < T; t++) {
    store_floats(output + t * stride, sums[0][t]);
    store_floats(output + t * stride + LANES, sums[1][t]);
  }
}

#undef TILE_CASE
#define TILE_CASE(T, sub, has_minimum)                                                           \
  case T: float_tile_product(panel, tile, columns, T, start, output, stride); break;
static void float_tile(const float *panel, const float *tile, size_t columns, size_t tokens,
                       const float *start, float *output, size_t stride) {
  switch (tokens) {
    TILE_CASES(32, 0)
    default: __builtin_unreachable();
  }
}
#undef TILE_CASE

static void fill_float_panel(const quern_product_job *product, size_t first, size_t rows, size_t at,
                             size_t columns, read_row_fn read, float *panel) {
  float values[FLOAT_PANEL_COLUMNS];
  for (size_t row = 0; row < PANEL_ROWS; row++) {
    if (row < rows)
      read(product, (const uint8_t *)product->weights + (first + row) * product->row_bytes, at,
           columns, values);
    else
      memset(values, 0, columns * sizeof(float));
    for (size_t c = 0; c < columns; c++) panel[c * PANEL_ROWS + row] = values[c];
  }
}

static void multiply_float_panel(const quern_product_job *product, const float *panel, size_t first,
                                 size_t rows, size_t at, size_t columns, const float *start) {
  for (size_t token = 0; token < product->tokens; token += TILE_TOKENS) {
    const size_t width = tokens_in_tile(token / TILE_TOKENS, product->tokens);
    const float *tile = (const float *)product->activations + token * product->columns + at * width;
    float *output = product->output + token * product->output_stride + first;
    if (rows == PANEL_ROWS) {
      float_tile(panel, tile, columns, width, start, output, product->output_stride);
      continue;
    }
    panel_output partial;
    for (size_t t = 0; t < width && !start; t++)
      memcpy(partial.values[t], output + t * product->output_stride, rows * sizeof(float));
    float_tile(panel, tile, columns, width, start, partial.values[0], PANEL_ROWS);
    for (size_t t = 0; t < width; t++)
      memcpy(output + t * product->output_stride, partial.values[t], rows * sizeof(float));
  }
}

static void float_batch(const quern_product_job *product, size_t first, size_t end, void *scratch,
                        read_row_fn read) {
  float *panel = scratch;
  for (size_t row = first; row < end; row += PANEL_ROWS) {
    const size_t rows = end - row < PANEL_ROWS ? end - row : PANEL_ROWS;
    float start[PANEL_ROWS];
    start_of_rows(product, row, rows, start);
    for (size_t at = 0; at < product->columns; at += FLOAT_PANEL_COLUMNS) {
      const size_t left = product->columns - at;
      const size_t columns = left < FLOAT_PANEL_COLUMNS ? left : FLOAT_PANEL_COLUMNS;
      fill_float_panel(product, row, rows, at, columns, read, panel);
      multiply_float_panel(product, panel, row, rows, at, columns, at == 0 ? start : NULL);
    }
  }
}

// MARK: One token

/// Four running sums hide the latency of the additions. `load` and `load_one` widen weights of `bytes`
/// bytes each.
#define FLOAT_DOT(name, bytes, load, load_one)                                                   \
  INLINE float dot_##name(const float *x, const uint8_t *w, size_t count) {                      \
    floats sums[4] = {{0}, {0}, {0}, {0}};                                                       \
    size_t c = 0;                                                                                \
    for (; c + 4 * LANES <= count; c += 4 * LANES) {                                             \
      for (size_t line = 0; line < 4 * LANES * bytes; line += 64)                                \
        PREFETCH_AHEAD(w + c * bytes + line);                                                    \
      for (size_t i = 0; i < 4; i++)                                                             \
        sums[i] += load_floats(x + c + i * LANES) * load(w + (c + i * LANES) * bytes);           \
    }                                                                                            \
    float tail = 0;                                                                              \
    for (; c < count; c++) tail += x[c] * load_one(w + c * bytes);                               \
    return sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])) + tail;                          \
  }
INLINE float load_float(const void *p) {
  float x;
  memcpy(&x, p, 4);
  return x;
}
FLOAT_DOT(f32, 4, load_floats, load_float)
FLOAT_DOT(f16, 2, load_halves, load_half)
FLOAT_DOT(bf16, 2, load_bfloats, load_bfloat)
#undef FLOAT_DOT

/// Weights that are decoded a stretch at a time.
INLINE float dot_decoded(const quern_product_job *product, const float *x, const uint8_t *row) {
  float values[FLOAT_PANEL_COLUMNS];
  float sum = 0;
  for (size_t at = 0; at < product->columns; at += FLOAT_PANEL_COLUMNS) {
    const size_t left = product->columns - at;
    const size_t columns = left < FLOAT_PANEL_COLUMNS ? left : FLOAT_PANEL_COLUMNS;
    read_decoded(product, row, at, columns, values);
    sum += dot_f32(x + at, (const uint8_t *)values, columns);
  }
  return sum;
}

#define FLOAT_PRODUCTS(name, dot)                                                                \
  static void batch_##name(const quern_product_job *product, size_t first, size_t end,           \
                           void *scratch) {                                                      \
    float_batch(product, first, end, scratch, read_##name);                                      \
  }                                                                                              \
  static void vector_##name(const quern_product_job *product, size_t first, size_t end,          \
                            void *scratch) {                                                     \
    (void)scratch;                                                                               \
    const float *x = product->activations;                                                       \
    for (size_t r = first; r < end; r++) {                                                       \
      const uint8_t *row = (const uint8_t *)product->weights + r * product->row_bytes;           \
      product->output[r] = dot + (product->bias ? product->bias[r] : 0.0f);                      \
    }                                                                                            \
  }
FLOAT_PRODUCTS(f32, dot_f32(x, row, product->columns))
FLOAT_PRODUCTS(f16, dot_f16(x, row, product->columns))
FLOAT_PRODUCTS(bf16, dot_bf16(x, row, product->columns))
FLOAT_PRODUCTS(decoded, dot_decoded(product, x, row))
#undef FLOAT_PRODUCTS

#endif
