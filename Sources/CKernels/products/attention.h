// One pass of attention over a cache. Needs lanes.h.
//
// The rows of an item are the queries of its tokens and of all heads that share its keys. Keys pass in
// spans of KEY_SPAN positions; for up to ROW_BLOCK rows at a time the scores of a span are computed with
// keys in lanes, turned into weights against the largest score so far, and used to add the values.
// When a larger score appears, what was added before is scaled down. The weights' sums divide at the end.
#ifndef QUERN_PRODUCTS_ATTENTION_H
#define QUERN_PRODUCTS_ATTENTION_H

#include <math.h>

#include "../include/CKernelsProducts.h"
#include "lanes.h"

enum {
  KEY_SPAN = 64,       // positions; keys and values of a span fit the first-level cache
  ROW_BLOCK = 8,       // rows whose scores are in registers together
  ROW_SLICE = 128,     // rows that pass over the keys together, at most
  MAX_HEAD_DIM = QUERN_MAX_HEAD_DIM,
  // Scratch for the queries of a slice, dimension by dimension for each block of rows.
  ATTENTION_BYTES = ROW_BLOCK * MAX_HEAD_DIM * 4,
};

/// One row of a slice.
typedef struct {
  const float *query;
  float *output;
  size_t first, end;  // positions that it sees
  float largest, sum;
} attention_row;

/// Elements of the cache are binary16, or `single` precision.
INLINE size_t element_bytes(const int single) { return single ? 4 : 2; }
INLINE floats load_elements(const uint8_t *p, const int single) {
  return single ? load_floats(p) : load_halves(p);
}
INLINE float load_element(const uint8_t *p, const int single) {
  float x;
  if (!single) return load_half(p);
  memcpy(&x, p, 4);
  return x;
}

/// The address of lane 0 of the `v`-th vector of a span of keys.
INLINE const uint8_t *key_vector(const uint8_t *keys, size_t head_dim, int v, const int single) {
  const size_t position = (size_t)v * LANES, group = position / QUERN_KEY_GROUP;
  return keys + (group * QUERN_KEY_GROUP * head_dim + position % QUERN_KEY_GROUP) *
                    element_bytes(single);
}

/// scores[r][j] of R rows and `count` keys, V vectors of keys at a time. Queries lie `[dimension][R]`.
INLINE void span_scores(const float *queries, const uint8_t *keys, size_t head_dim, size_t count,
                        const int R, const int V, const int single, float (*scores)[KEY_SPAN]) {
  for (int first = 0; first * LANES < (int)count; first += V) {
    floats sums[ROW_BLOCK][4];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) sums[r][v] = (floats){0};
    const uint8_t *from[4];
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++)
      // Vectors behind the last key repeat it; their scores are never read.
      from[v] = key_vector(keys, head_dim, (first + v) * LANES < (int)count ? first + v : first, single);
    for (size_t d = 0; d < head_dim; d++) {
      floats key[4];
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) 
        key[v] = load_elements(from[v] + d * QUERN_KEY_GROUP * element_bytes(single), single);
#pragma clang loop unroll(full)
      for (int r = 0; r < R; r++) {
        const floats query = splat(queries[d * (size_t)R + (size_t)r]);
#pragma clang loop unroll(full)
        for (int v = 0; v < V; v++) sums[r][v] += key[v] * query;
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) store_floats(scores[r] + (first + v) * LANES, sums[r][v]);
  }
}

INLINE void scale_row(float *x, float factor, size_t count) {
  for (size_t d = 0; d < count; d++) x[d] *= factor;
}

/// Scales the scores of one row; positions that it does not see get minus infinity.
INLINE floats scale_scores(const attention_row *row, float *scores, size_t start, size_t count,
                           float scale) {
  floats highest = splat(-INFINITY);
  if (start >= row->first && start + KEY_SPAN <= row->end && count == KEY_SPAN) {
    for (int j = 0; j < KEY_SPAN; j += LANES) {
      const floats score = load_floats(scores + j) * splat(scale);
      store_floats(scores + j, score);
      highest = larger(score, highest);
    }
    return highest;
  }
  const int32_t last = (int32_t)(row->end - start < count ? row->end - start : count);
  const int32_t first = row->first > start ? (int32_t)(row->first - start) : 0;
  ints lane;
  for (int i = 0; i < LANES; i++) lane[i] = i;
  for (int j = 0; j < KEY_SPAN; j += LANES) {
    const ints position = lane + j;
    const ints seen = (position >= first) & (position < last);
    const floats score =
        select_floats(seen, load_floats(scores + j) * splat(scale), splat(-INFINITY));
    store_floats(scores + j, score);
    highest = larger(score, highest);
  }
  return highest;
}

/// Turns the scores of one row into weights; positions that the row does not see get weight 0.
INLINE void scores_to_weights(attention_row *row, float *scores, size_t start, size_t count,
                              float scale, size_t head_dim) {
  // A row of an earlier token ends before spans that later ones still see.
  const float largest = row->end <= start
                            ? -INFINITY
                            : max_lanes(scale_scores(row, scores, start, count, scale));
  if (largest == -INFINITY) {
    memset(scores, 0, KEY_SPAN * sizeof(float));
    return;
  }
  if (largest > row->largest) {
    if (row->largest != -INFINITY) {
      const float correction = exponential(splat(row->largest - largest))[0];
      row->sum *= correction;
      scale_row(row->output, correction, head_dim);
    }
    row->largest = largest;
  }
  floats sums = {0};
  for (int j = 0; j < KEY_SPAN; j += LANES) {
    const floats score = load_floats(scores + j);
    const floats weight =
        select_floats(score == -INFINITY, (floats){0}, exponential(score - splat(row->largest)));
    store_floats(scores + j, weight);
    sums += weight;
  }
  row->sum += sum_lanes(sums);
}

/// Adds the weighted values of a span to R rows.
INLINE void add_values(attention_row *const rows, const uint8_t *values, size_t count,
                       size_t head_dim, float (*weights)[KEY_SPAN], const int R, const int single) {
  const size_t bytes = element_bytes(single);
  size_t d = 0;
  for (; d + 2 * LANES <= head_dim; d += 2 * LANES) {
    floats sums[2][ROW_BLOCK];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      sums[0][r] = load_floats(rows[r].output + d);
      sums[1][r] = load_floats(rows[r].output + d + LANES);
    }
    for (size_t j = 0; j < count; j++) {
      const floats v0 = load_elements(values + (j * head_dim + d) * bytes, single);
      const floats v1 = load_elements(values + (j * head_dim + d + LANES) * bytes, single);
#pragma clang loop unroll(full)
      for (int r = 0; r < R; r++) {
        const floats weight = splat(weights[r][j]);
        sums[0][r] += weight * v0;
        sums[1][r] += weight * v1;
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      store_floats(rows[r].output + d, sums[0][r]);
      store_floats(rows[r].output + d + LANES, sums[1][r]);
    }
  }
  for (; d < head_dim; d++)
    for (int r = 0; r < R; r++)
      for (size_t j = 0; j < count; j++)
        rows[r].output[d] += 
            weights[r][j] * load_element(values + (j * head_dim + d) * bytes, single);
}

/// Lets R rows see the positions `start ..< start + span`, whose keys and values are given.
INLINE void attend_block(const quern_attention *a, attention_row *rows, const float *queries,
                         const uint8_t *keys, const uint8_t *values, size_t start, size_t span,
                         const int R, const int single) {
  float weights[ROW_BLOCK][KEY_SPAN];
  span_scores(queries, keys, a->head_dim, span, R, 4 * R <= LANES ? 4 : 2 * R <= LANES ? 2 : 1,
              single, weights);
  for (int r = 0; r < R; r++)
    scores_to_weights(rows + r, weights[r], start, span, a->scale, a->head_dim);
  add_values(rows, values, span, a->head_dim, weights, R, single);
}

#define ATTEND_BLOCK(R)                                                                       \
  static void attend_##R(const quern_attention *a, attention_row *rows, const float *queries, \
                         const uint8_t *keys, const uint8_t *values, size_t start,            \
                         size_t span) {                                                       \
    if (a->cache == QUERN_CACHE_F32)                                                          \
      attend_block(a, rows, queries, keys, values, start, span, R, 1);                        \
    else                                                                                      \
      attend_block(a, rows, queries, keys, values, start, span, R, 0);                        \
  }
ATTEND_BLOCK(1)
ATTEND_BLOCK(2)
ATTEND_BLOCK(3)
ATTEND_BLOCK(4)
ATTEND_BLOCK(5)
ATTEND_BLOCK(6)
ATTEND_BLOCK(7)
ATTEND_BLOCK(8)
#undef ATTEND_BLOCK

typedef void (*attend_fn)(const quern_attention *a, attention_row *rows, const float *queries,
                          const uint8_t *keys, const uint8_t *values, size_t start, size_t span);
static const attend_fn attend_rows[ROW_BLOCK] = {attend_1, attend_2, attend_3, attend_4,
                                                 attend_5, attend_6, attend_7, attend_8};

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static attention_row attention_row_of(const quern_attention *a, size_t token, size_t head) {
  attention_row row;
  row.query = a->queries + token * a->query_stride + head * a->head_dim;
  row.output = a->output + token * a->output_stride + head * a->head_dim;
  row.end = a->first_position + token + 1;
  row.first = a->window && row.end > a->window ? row.end - a->window : 0;
  row.largest = -INFINITY;
  row.sum = 0;
  memset(row.output, 0, a->head_dim * sizeof(float));
  return row;
}

/// Rows `first_row ..< first_row + count` of the item that starts at `token`.
static void attend_slice(const quern_attention *a, size_t kv_head, size_t token, size_t first_row,
                         size_t count, float *queries) {
  const size_t group = a->heads / a->kv_heads;
  attention_row rows[ROW_SLICE];
  size_t first = SIZE_MAX, end = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t row = first_row + i;
    rows[i] = attention_row_of(a, token + row / group, kv_head * group + row % group);
    first = smaller(first, rows[i].first);
    end = rows[i].end > end ? rows[i].end : end;
    const size_t block = i / ROW_BLOCK * ROW_BLOCK, width = smaller(count - block, ROW_BLOCK);
    float *column = queries + block * a->head_dim + i - block;
    for (size_t d = 0; d < a->head_dim; d++) column[d * width] = rows[i].query[d];
  }
  const size_t bytes = element_bytes(a->cache == QUERN_CACHE_F32), position = a->head_dim * bytes;
  const uint8_t *keys = (const uint8_t *)a->keys + kv_head * a->head_stride * bytes;
  const uint8_t *values = (const uint8_t *)a->values + kv_head * a->head_stride * bytes;
  for (size_t start = first / KEY_SPAN * KEY_SPAN; start < end; start += KEY_SPAN)
    for (size_t block = 0; block < count; block += ROW_BLOCK)
      attend_rows[smaller(count - block, ROW_BLOCK) - 1](
          a, rows + block, queries + block * a->head_dim, keys + start * position,
          values + start * position, start, smaller(end - start, KEY_SPAN));
  for (size_t i = 0; i < count; i++) scale_row(rows[i].output, 1.0f / rows[i].sum, a->head_dim);
}

static void attention(const quern_attention *a, size_t first, size_t end, void *scratch) {
  const size_t blocks = (a->tokens + a->tokens_per_item - 1) / a->tokens_per_item;
  const size_t group = a->heads / a->kv_heads;
  // As many rows as the scratch has room for, whole blocks of them.
  const size_t fitting = ATTENTION_BYTES / sizeof(float) / a->head_dim / ROW_BLOCK * ROW_BLOCK;
  const size_t slice = smaller(fitting, ROW_SLICE);
  for (size_t item = first; item < end; item++) {
    const size_t token = item % blocks * a->tokens_per_item;
    const size_t rows = smaller(a->tokens - token, a->tokens_per_item) * group;
    for (size_t row = 0; row < rows; row += slice)
      attend_slice(a, item / blocks, token, row, smaller(rows - row, slice), scratch);
  }
}

#endif
