// One pass of attention over a cache. Needs lanes.h.
//
// The rows of an item are the queries of its tokens and of all heads that share its keys. Keys pass in
// spans of KEY_SPAN positions; for ROW_BLOCK rows at a time the scores of a span are computed with
// keys in lanes, turned into weights against the largest score so far, and used to add the values.
// When a larger score appears, what was added before is scaled down. The weights' sums divide at the end.
#ifndef QUERN_PRODUCTS_ATTENTION_H
#define QUERN_PRODUCTS_ATTENTION_H

#include <math.h>

#include "../include/CKernelsProducts.h"
#include "lanes.h"

enum {
  KEY_SPAN = 64,      // positions; keys and values of a span fit the first-level cache
  ROW_BLOCK = 8,      // rows whose scores are in registers together
  ROW_SLICE = 128,    // rows that pass over the keys together
  GROUP_VECTORS = QUERN_KEY_GROUP / LANES,
};

/// One row of a slice.
typedef struct {
  const float *query;
  float *output;
  size_t first, end;  // positions that it sees
  float largest, sum;
} attention_row;

/// scores[r][j] for ROW_BLOCK rows and one group of 16 keys.
INLINE void group_scores(attention_row *const rows, const uint16_t *keys, size_t head_dim,
                         float (*scores)[KEY_SPAN]) {
  for (int v = 0; v < GROUP_VECTORS; v++) {
    floats sums[ROW_BLOCK];
    for (int r = 0; r < ROW_BLOCK; r++) sums[r] = (floats){0};
    for (size_t d = 0; d < head_dim; d++) {
      const floats key = load_halves(keys + d * QUERN_KEY_GROUP + v * LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < ROW_BLOCK; r++) sums[r] += key * splat(rows[r].query[d]);
    }
    for (int r = 0; r < ROW_BLOCK; r++) store_floats(scores[r] + v * LANES, sums[r]);
  }
}

/// The same for one row.
INLINE void row_scores(const float *query, const uint16_t *keys, size_t head_dim, float *scores) {
  for (int v = 0; v < GROUP_VECTORS; v++) {
    floats even = {0}, odd = {0};
    size_t d = 0;
    for (; d + 2 <= head_dim; d += 2) {
      const uint16_t *at = keys + d * QUERN_KEY_GROUP + v * LANES;
      even += load_halves(at) * splat(query[d]);
      odd += load_halves(at + QUERN_KEY_GROUP) * splat(query[d + 1]);
    }
    if (d < head_dim) even += load_halves(keys + d * QUERN_KEY_GROUP + v * LANES) * splat(query[d]);
    store_floats(scores + v * LANES, even + odd);
  }
}

INLINE void scale_row(float *x, float factor, size_t count) {
  for (size_t d = 0; d < count; d++) x[d] *= factor;
}

/// Turns the scores of one row into weights; positions that the row does not see get weight 0.
INLINE void scores_to_weights(attention_row *row, float *scores, size_t start, size_t count,
                              float scale, size_t head_dim) {
  for (size_t j = 0; j < KEY_SPAN; j++) {
    const size_t position = start + j;
    const int seen = position >= row->first && position < row->end && j < count;
    scores[j] = seen ? scores[j] * scale : -INFINITY;
  }
  floats highest = splat(-INFINITY);
  for (int j = 0; j < KEY_SPAN; j += LANES) highest = larger(highest, load_floats(scores + j));
  const float largest = max_lanes(highest);
  if (largest == -INFINITY) {
    memset(scores, 0, KEY_SPAN * sizeof(float));
    return;
  }
  if (largest > row->largest) {
    if (row->largest != -INFINITY) {
      float correction[LANES];
      store_floats(correction, exponential(splat(row->largest - largest)));
      row->sum *= correction[0];
      scale_row(row->output, correction[0], head_dim);
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

/// Adds the weighted values of a span to `rows` rows, 4 at a time in registers.
INLINE void add_values(attention_row *const rows, const uint16_t *values, size_t count,
                       size_t head_dim, float (*weights)[KEY_SPAN], const int row_count) {
  size_t d = 0;
  for (; d + 2 * LANES <= head_dim; d += 2 * LANES) {
    floats sums[2][ROW_BLOCK];
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++) {
      sums[0][r] = load_floats(rows[r].output + d);
      sums[1][r] = load_floats(rows[r].output + d + LANES);
    }
    for (size_t j = 0; j < count; j++) {
      const floats v0 = load_halves(values + j * head_dim + d);
      const floats v1 = load_halves(values + j * head_dim + d + LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < row_count; r++) {
        const floats weight = splat(weights[r][j]);
        sums[0][r] += weight * v0;
        sums[1][r] += weight * v1;
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++) {
      store_floats(rows[r].output + d, sums[0][r]);
      store_floats(rows[r].output + d + LANES, sums[1][r]);
    }
  }
  for (; d < head_dim; d++)
    for (int r = 0; r < row_count; r++)
      for (size_t j = 0; j < count; j++)
        rows[r].output[d] += weights[r][j] * load_half(values + j * head_dim + d);
}

/// Lets `count` rows of a slice see the positions `start ..< start + span`.
INLINE void attend_span(const quern_attention *a, attention_row *rows, size_t count,
                        const uint16_t *keys, const uint16_t *values, size_t start, size_t span) {
  float weights[ROW_BLOCK][KEY_SPAN];
  for (size_t r = 0; r < count;) {
    const int block = count - r >= ROW_BLOCK ? ROW_BLOCK : 1;
    for (size_t j = 0; j < span; j += QUERN_KEY_GROUP) {
      const uint16_t *group = keys + (start + j) * a->head_dim;
      if (block == ROW_BLOCK)
        group_scores(rows + r, group, a->head_dim, (float(*)[KEY_SPAN])(weights[0] + j));
      else
        row_scores(rows[r].query, group, a->head_dim, weights[0] + j);
    }
    for (int i = 0; i < block; i++)
      scores_to_weights(rows + r + i, weights[i], start, span, a->scale, a->head_dim);
    const uint16_t *span_values = values + start * a->head_dim;
    if (block == ROW_BLOCK)
      add_values(rows + r, span_values, span, a->head_dim, weights, ROW_BLOCK);
    else
      add_values(rows + r, span_values, span, a->head_dim, weights, 1);
    r += (size_t)block;
  }
}

static void attend_slice(const quern_attention *a, size_t kv_head, size_t token, size_t end_token,
                         size_t first_row, size_t count) {
  const size_t group = a->heads / a->kv_heads;
  attention_row rows[ROW_SLICE];
  size_t first = SIZE_MAX, end = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t t = token + (first_row + i) / group;
    const size_t head = kv_head * group + (first_row + i) % group;
    attention_row *row = &rows[i];
    row->query = a->queries + t * a->query_stride + head * a->head_dim;
    row->output = a->output + t * a->output_stride + head * a->head_dim;
    row->end = a->first_position + t + 1;
    row->first = a->window && row->end > a->window ? row->end - a->window : 0;
    row->largest = -INFINITY;
    row->sum = 0;
    memset(row->output, 0, a->head_dim * sizeof(float));
    first = row->first < first ? row->first : first;
    end = row->end > end ? row->end : end;
  }
  (void)end_token;
  const uint16_t *keys = a->keys + kv_head * a->head_stride;
  const uint16_t *values = a->values + kv_head * a->head_stride;
  for (size_t start = first / KEY_SPAN * KEY_SPAN; start < end; start += KEY_SPAN)
    attend_span(a, rows, count, keys, values, start, end - start < KEY_SPAN ? end - start : KEY_SPAN);
  for (size_t i = 0; i < count; i++) scale_row(rows[i].output, 1.0f / rows[i].sum, a->head_dim);
}

static void attention(const quern_attention *a, size_t first, size_t end) {
  const size_t blocks = (a->tokens + a->tokens_per_item - 1) / a->tokens_per_item;
  const size_t group = a->heads / a->kv_heads;
  for (size_t item = first; item < end; item++) {
    const size_t token = item % blocks * a->tokens_per_item;
    const size_t left = a->tokens - token;
    const size_t tokens = left < a->tokens_per_item ? left : a->tokens_per_item;
    for (size_t row = 0; row < tokens * group; row += ROW_SLICE) {
      const size_t rows = tokens * group - row;
      attend_slice(a, item / blocks, token, token + tokens, row,
                   rows < ROW_SLICE ? rows : ROW_SLICE);
    }
  }
}

#endif
