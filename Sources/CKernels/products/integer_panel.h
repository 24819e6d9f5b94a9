// Batch products of integer block types: PANEL_ROWS rows are unpacked once into a panel that stays in
// cache, rows in lanes, and every tile of tokens multiplies it.
//
// Needs unpack.h, activations.h and, from the level: TILE_TOKENS, BYTE_BIAS and
// `ints dot4(ints sums, ints activations, ints weights)`, which adds to each lane the products of four
// activation bytes (less than 128 + BYTE_BIAS) with four signed weight bytes.
//
// Panel of K columns, R = PANEL_ROWS, S = sub-blocks of the K columns:
//
//   [K/4][R][4] signed weights | [S][R] scales | [S][R] minima | [S][R] -BYTE_BIAS * sum of weights
//
// Where activation bytes carry a bias, integer sums start at the last part, so that the bias costs
// nothing in the loop.
#ifndef QUERN_PRODUCTS_INTEGER_PANEL_H
#define QUERN_PRODUCTS_INTEGER_PANEL_H

#include "../include/CKernels.h"
#include "activations.h"
#include "transpose.h"
#include "unpack.h"

enum {
  PANEL_ROWS = 2 * LANES,
  PANEL_COLUMNS = 2048,  // keeps the panel under 128 KiB, within any second-level cache
  INTEGER_PANEL_BYTES = PANEL_ROWS * (PANEL_COLUMNS + PANEL_COLUMNS / 16 * 3 * 4),
};

typedef struct {
  int8_t *weights;
  float *scales, *minima;
  int32_t *offsets;
} integer_panel;

INLINE integer_panel integer_panel_in(void *scratch) {
  integer_panel panel;
  panel.weights = scratch;
  panel.scales = (float *)(panel.weights + PANEL_ROWS * PANEL_COLUMNS);
  panel.minima = panel.scales + PANEL_ROWS * PANEL_COLUMNS / 16;
  panel.offsets = (int32_t *)(panel.minima + PANEL_ROWS * PANEL_COLUMNS / 16);
  return panel;
}

/// Fills the panel from `rows` rows (missing ones with zeros), `columns` from `weights` on.
typedef void (*fill_integer_panel_fn)(const uint8_t *weights, size_t row_bytes, size_t rows,
                                      size_t columns, const integer_panel *panel);

/// Up to CHUNK unpacked columns of LANES rows.
typedef struct {
  int8_t weights[LANES][CHUNK];
  float scales[LANES][CHUNK / 16], minima[LANES][CHUNK / 16];
} integer_strip;

/// Puts the rows of a strip into lanes from `lane` on, its columns from `at` on.
///
/// Whole squares are turned. What lies behind `columns` falls on columns that the next strip fills, or
/// that nobody reads.
INLINE void turn_strip(const integer_strip *strip, size_t at, size_t columns, size_t sub, int has_minimum,
                       size_t lane, const integer_panel *panel) {
  for (size_t k = 0; k < columns / 4; k += LANES)
    transpose_square(strip->weights[0] + 4 * k, CHUNK / 4,
                     (int32_t *)panel->weights + (at / 4 + k) * PANEL_ROWS + lane, PANEL_ROWS);
  for (size_t s = 0; s < columns / sub; s += LANES) {
    const size_t to = (at / sub + s) * PANEL_ROWS + lane;
    transpose_square(strip->scales[0] + s, CHUNK / 16, panel->scales + to, PANEL_ROWS);
    if (has_minimum) transpose_square(strip->minima[0] + s, CHUNK / 16, panel->minima + to, PANEL_ROWS);
  }
}

INLINE void sum_offsets(const integer_panel *panel, size_t columns, size_t sub) {
  for (size_t s = 0; s < columns / sub; s++)
    for (int v = 0; v < 2; v++) {
      ints sum = {0};
      for (size_t k = s * sub / 4; k < (s + 1) * sub / 4; k++)
        sum = dot4(sum, splat_int(0x01010101),
                   load_ints(panel->weights + (k * PANEL_ROWS + v * LANES) * 4));
      store_ints(panel->offsets + s * PANEL_ROWS + v * LANES, sum * -BYTE_BIAS);
    }
}

#define FILL_INTEGER_PANEL(name, id, sub, has_minimum)                                           \
  static void fill_panel_##name(const uint8_t *weights, size_t row_bytes, size_t rows,           \
                                size_t columns, const integer_panel *panel) {                    \
    const size_t chunk_bytes = CHUNK / ELEMENTS_##name * sizeof(quern_block_##name);             \
    for (size_t lane = 0; lane < PANEL_ROWS; lane += LANES) {                                    \
      integer_strip strip = {0};                                                                 \
      const size_t left = rows > lane ? rows - lane : 0;                                         \
      const uint8_t *chunk = weights + lane * row_bytes;                                         \
      for (size_t at = 0; at < columns; at += CHUNK, chunk += chunk_bytes) {                     \
        const size_t count = columns - at < CHUNK ? columns - at : CHUNK;                        \
        for (size_t row = 0; row < LANES && row < left; row++)                                   \
          unpack_##name(chunk + row * row_bytes, count, strip.weights[row], strip.scales[row],   \
                        strip.minima[row]);                                                      \
        for (size_t row = 0; row < LANES && row < left; row++)                                   \
          for (size_t line = 0; line < chunk_bytes; line += 64)                                  \
            __builtin_prefetch(chunk + row * row_bytes + chunk_bytes + line);                    \
        turn_strip(&strip, at, count, sub, has_minimum, lane, panel);                            \
      }                                                                                          \
    }                                                                                            \
    if (BYTE_BIAS) sum_offsets(panel, columns, sub);                                             \
  }
INTEGER_TYPES(FILL_INTEGER_PANEL)
#undef FILL_INTEGER_PANEL

/// Adds the products of one sub-block to the sums of T tokens.
INLINE void integer_sub_block(const integer_panel *panel, const integer_tile *tile, size_t block,
                              size_t half, const size_t T, const size_t sub, const int has_minimum,
                              floats (*sums)[TILE_TOKENS]) {
  const size_t s = block * (32 / sub) + half;
  ints dots[2][TILE_TOKENS];
  for (int v = 0; v < 2; v++) {
    const ints start = BYTE_BIAS ? load_ints(panel->offsets + s * PANEL_ROWS + v * LANES) : (ints){0};
#pragma clang loop unroll(full)
    for (size_t t = 0; t < T; t++) dots[v][t] = start;
  }
  const int8_t *weights = panel->weights + s * sub * PANEL_ROWS;
  const uint8_t *bytes = tile->bytes + block * T * 32 + half * 16;
#pragma clang loop unroll(full)
  for (size_t k = 0; k < sub / 4; k++) {
    const ints w0 = load_ints(weights + k * PANEL_ROWS * 4);
    const ints w1 = load_ints(weights + (k * PANEL_ROWS + LANES) * 4);
#pragma clang loop unroll(full)
    for (size_t t = 0; t < T; t++) {
      const ints a = splat_bytes(bytes + t * 32 + k * 4);
      dots[0][t] = dot4(dots[0][t], a, w0);
      dots[1][t] = dot4(dots[1][t], a, w1);
    }
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < 2; v++) {
    const floats scale = load_floats(panel->scales + s * PANEL_ROWS + v * LANES);
    const floats minimum =
        has_minimum ? load_floats(panel->minima + s * PANEL_ROWS + v * LANES) : (floats){0};
#pragma clang loop unroll(full)
    for (size_t t = 0; t < T; t++) {
      sums[v][t] += to_floats(dots[v][t]) * scale * splat(tile->scales[block * T + t]);
      if (has_minimum) {
        const float sum = sub == 32 ? tile->sums[block * T + t]
                                    : tile->halves[(block * 2 + half) * T + t];
        sums[v][t] += minimum * splat(sum);
      }
    }
  }
}

/// output[t][0 ..< PANEL_ROWS] = start + panel * tile, where `start` has a value for each row, or is
/// null for what `output` holds.
INLINE void integer_tile_product(const integer_panel *panel, const integer_tile *tile, size_t blocks,
                                 const size_t T, const size_t sub, const int has_minimum,
                                 const float *start, float *output, size_t stride) {
  floats sums[2][TILE_TOKENS];
#pragma clang loop unroll(full)
  for (size_t t = 0; t < T; t++) {
    const float *from = start ? start : output + t * stride;
    sums[0][t] = load_floats(from);
    sums[1][t] = load_floats(from + LANES);
  }
  for (size_t block = 0; block < blocks; block++)
    for (size_t half = 0; half < 32 / sub; half++)
      integer_sub_block(panel, tile, block, half, T, sub, has_minimum, sums);
#pragma clang loop unroll(full)
  for (size_t t = 0; t < T; t++) {
    store_floats(output + t * stride, sums[0][t]);
    store_floats(output + t * stride + LANES, sums[1][t]);
  }
}

typedef void (*integer_tile_fn)(const integer_panel *panel, const integer_tile *tile, size_t blocks,
                                size_t tokens, const float *start, float *output, size_t stride);

// One function for each kind of sub-block, with a loop of constant width for each tile width.
#define INTEGER_TILE(name, sub, has_minimum)                                                     \
  static void name(const integer_panel *panel, const integer_tile *tile, size_t blocks,          \
                   size_t tokens, const float *start, float *output, size_t stride) {            \
    switch (tokens) {                                                                            \
      TILE_CASES(sub, has_minimum)                                                               \
      default: __builtin_unreachable();                                                          \
    }                                                                                            \
  }
#define TILE_CASE(T, sub, has_minimum)                                                           \
  case T:                                                                                        \
    integer_tile_product(panel, tile, blocks, T, sub, has_minimum, start, output, stride);       \
    break;
INTEGER_TILE(tile_32_0, 32, 0)
INTEGER_TILE(tile_32_1, 32, 1)
INTEGER_TILE(tile_16_0, 16, 0)
INTEGER_TILE(tile_16_1, 16, 1)
#undef INTEGER_TILE

/// Where the sums of a partial panel go, so that the kernels need no masks.
typedef struct {
  float values[TILE_TOKENS][PANEL_ROWS];
} panel_output;

/// What the sums of a panel's rows start with.
INLINE void start_of_rows(const quern_product_job *product, size_t first, size_t rows,
                          float start[PANEL_ROWS]) {
  memset(start, 0, PANEL_ROWS * sizeof(float));
  if (product->bias) memcpy(start, product->bias + first, rows * sizeof(float));
}

/// The part of a tile's bytes, scales and sums from block `block` on.
INLINE integer_tile tile_from(integer_tile tile, size_t block, size_t tokens) {
  tile.bytes += block * 32 * tokens;
  tile.scales += block * tokens;
  tile.sums += block * tokens;
  tile.halves += block * 2 * tokens;
  return tile;
}

static void multiply_integer_panel(const quern_product_job *product, const integer_panel *panel,
                                   size_t first, size_t rows, size_t at, size_t columns,
                                   const float *start, integer_tile_fn kernel) {
  const size_t per_token = product->columns + product->columns / 32 * 16;
  for (size_t token = 0; token < product->tokens; token += TILE_TOKENS) {
    const size_t width = tokens_in_tile(token / TILE_TOKENS, product->tokens);
    const integer_tile whole = integer_tile_at(
        (const uint8_t *)product->activations + token * per_token, product->columns, width);
    const integer_tile tile = tile_from(whole, at / 32, width);
    float *output = product->output + token * product->output_stride + first;
    if (rows == PANEL_ROWS) {
      kernel(panel, &tile, columns / 32, width, start, output, product->output_stride);
      continue;
    }
    panel_output partial;
    for (size_t t = 0; t < width && !start; t++)
      memcpy(partial.values[t], output + t * product->output_stride, rows * sizeof(float));
    kernel(panel, &tile, columns / 32, width, start, partial.values[0], PANEL_ROWS);
    for (size_t t = 0; t < width; t++)
      memcpy(output + t * product->output_stride, partial.values[t], rows * sizeof(float));
  }
}

static void integer_batch(const quern_product_job *product, size_t first, size_t end, void *scratch,
                          size_t block_elements, size_t block_bytes, fill_integer_panel_fn fill,
                          integer_tile_fn kernel) {
  const integer_panel panel = integer_panel_in(scratch);
  for (size_t row = first; row < end; row += PANEL_ROWS) {
    const size_t rows = end - row < PANEL_ROWS ? end - row : PANEL_ROWS;
    float start[PANEL_ROWS];
    start_of_rows(product, row, rows, start);
    for (size_t at = 0; at < product->columns; at += PANEL_COLUMNS) {
      const size_t left = product->columns - at;
      const size_t columns = left < PANEL_COLUMNS ? left : PANEL_COLUMNS;
      const uint8_t *weights = (const uint8_t *)product->weights + row * product->row_bytes +
                               at / block_elements * block_bytes;
      fill(weights, product->row_bytes, rows, columns, &panel);
      multiply_integer_panel(product, &panel, row, rows, at, columns, at == 0 ? start : NULL, kernel);
    }
  }
}

#define INTEGER_BATCH(name, id, sub, has_minimum)                                                \
  static void batch_##name(const quern_product_job *product, size_t first, size_t end,               \
                           void *scratch) {                                                      \
    integer_batch(product, first, end, scratch, ELEMENTS_##name, sizeof(quern_block_##name),     \
                  fill_panel_##name, tile_##sub##_##has_minimum);                                \
  }
INTEGER_TYPES(INTEGER_BATCH)
#undef INTEGER_BATCH

#endif
