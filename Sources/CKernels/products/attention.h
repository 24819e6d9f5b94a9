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
#include "../scalar/hadamard.h"
#include "attention_rows.h"
#include "attention_scores.h"
#include "cache.h"
#include "lanes.h"

enum {
  ROW_SLICE = 128,     // rows that pass over the keys together, at most
  MAX_HEAD_DIM = QUERN_MAX_HEAD_DIM,
  // Scratch for the queries of a slice, dimension by dimension for each block of rows.
  ATTENTION_BYTES = ROW_BLOCK * MAX_HEAD_DIM * 4,
};

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

/// Bends the scores of one row so that they stay, once scaled, between -softcap and softcap.
INLINE void cap_scores(float *scores, float scale, float softcap) {
  for (int j = 0; j < KEY_SPAN; j += LANES)
    store_floats(scores + j, hyperbolic_tangent(load_floats(scores + j) * (scale / softcap)) *
                                 (softcap / scale));
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
                       size_t head_dim, float (*weights)[KEY_SPAN], const int R, const quern_cache cache) {
  const size_t bytes = quern_cache_row_bytes(cache, head_dim);
  size_t d = 0;
  for (; d + 2 * LANES <= head_dim; d += 2 * LANES) {
    floats sums[2][ROW_BLOCK];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      sums[0][r] = load_floats(rows[r].output + d);
      sums[1][r] = load_floats(rows[r].output + d + LANES);
    }
    for (size_t j = 0; j < count; j++) {
      const floats v0 = load_values(values + j * bytes, d, cache);
      const floats v1 = load_values(values + j * bytes, d + LANES, cache);
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
        rows[r].output[d] += weights[r][j] * load_value(values + j * bytes, d, cache);
}

/// Lets R rows see the positions `start ..< start + span`, whose keys and values are given.
INLINE void attend_block(const quern_attention *a, attention_row *rows, const float *queries,
                         const uint8_t *keys, const uint8_t *values, size_t start, size_t span,
                         const int R, const quern_cache cache) {
  float weights[ROW_BLOCK][KEY_SPAN], shared[ROW_BLOCK];
  for (int r = 0; r < R; r++) shared[r] = rows[r].shared;
  span_scores(queries, keys, a->head_dim, span, R, 4 * R <= LANES ? 4 : 2 * R <= LANES ? 2 : 1,
              cache, shared, weights);
  if (a->softcap != 0)
    for (int r = 0; r < R; r++) cap_scores(weights[r], a->scale, a->softcap);
  for (int r = 0; r < R; r++)
    scores_to_weights(rows + r, weights[r], start, span, a->scale, a->head_dim);
  add_values(rows, values, span, a->head_dim, weights, R, cache);
}

typedef void (*attend_fn)(const quern_attention *a, attention_row *rows, const float *queries,
                          const uint8_t *keys, const uint8_t *values, size_t start, size_t span);

#define ATTEND_BLOCK(R, name)                                                             \
  static void attend_##R##_##name(const quern_attention *a, attention_row *rows,          \
                                  const float *queries, const uint8_t *keys,              \
                                  const uint8_t *values, size_t start, size_t span) {     \
    attend_block(a, rows, queries, keys, values, start, span, R, QUERN_CACHE_##name);     \
  }
#define ATTEND_BLOCKS(name)                                                               \
  ATTEND_BLOCK(1, name) ATTEND_BLOCK(2, name) ATTEND_BLOCK(3, name) ATTEND_BLOCK(4, name) \
  ATTEND_BLOCK(5, name) ATTEND_BLOCK(6, name) ATTEND_BLOCK(7, name) ATTEND_BLOCK(8, name)
ATTEND_BLOCKS(F16)
ATTEND_BLOCKS(F32)
ATTEND_BLOCKS(BF16)
ATTEND_BLOCKS(Q8_0)
ATTEND_BLOCKS(Q4_0)

#define ATTEND_ROWS(name)                                                                    \
  [QUERN_CACHE_##name] = {attend_1_##name, attend_2_##name, attend_3_##name, attend_4_##name, \
                          attend_5_##name, attend_6_##name, attend_7_##name, attend_8_##name}
static const attend_fn attend_rows[QUERN_CACHE_COUNT][ROW_BLOCK] = {
    ATTEND_ROWS(F16), ATTEND_ROWS(F32), ATTEND_ROWS(BF16), ATTEND_ROWS(Q8_0), ATTEND_ROWS(Q4_0)};
#undef ATTEND_BLOCK
#undef ATTEND_BLOCKS
#undef ATTEND_ROWS

/// Rows `first_row ..< first_row + count` of the item that starts at `token`.
static void attend_slice(const quern_attention *a, size_t kv_head, size_t token, size_t first_row,
                         size_t count, float *queries) {
  const size_t group = a->heads / a->kv_heads;
  const size_t dims = query_dims(a);
  attention_row rows[ROW_SLICE];
  size_t first = SIZE_MAX, end = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t row = first_row + i;
    rows[i] = attention_row_of(a, token + row / group, kv_head * group + row % group);
    first = smaller(first, rows[i].first);
    end = rows[i].end > end ? rows[i].end : end;
    const size_t block = i / ROW_BLOCK * ROW_BLOCK, width = smaller(count - block, ROW_BLOCK);
    put_query(a, rows[i].query, width, queries + block * dims + i - block);
  }
  const size_t row_bytes = quern_cache_row_bytes(a->cache, a->head_dim);
  const uint8_t *keys = (const uint8_t *)a->keys + kv_head * a->head_stride;
  const uint8_t *values = (const uint8_t *)a->values + kv_head * a->head_stride;
  const size_t begin = first / KEY_SPAN * KEY_SPAN;
  for (size_t start = begin; start < end; start += KEY_SPAN) {
    if (a->key_offsets && (start == begin || start % QUERN_OFFSET_POSITIONS == 0))
      share_scores(a, kv_head, start, rows, count);
    for (size_t block = 0; block < count; block += ROW_BLOCK)
      attend_rows[a->cache][smaller(count - block, ROW_BLOCK) - 1](
          a, rows + block, queries + block * dims, keys + start * row_bytes,
          values + start * row_bytes, start, smaller(end - start, KEY_SPAN));
  }
  for (size_t i = 0; i < count; i++) {
    scale_row(rows[i].output, 1.0f / rows[i].sum, a->head_dim);
    if (has_scales(a->cache)) quern_hadamard(rows[i].output, a->head_dim);
  }
}

static void attention(const quern_attention *a, size_t first, size_t end, void *scratch) {
  const size_t blocks = (a->tokens + a->tokens_per_item - 1) / a->tokens_per_item;
  const size_t group = a->heads / a->kv_heads;
  // As many rows as the scratch has room for, whole blocks of them.
  const size_t fitting = ATTENTION_BYTES / sizeof(float) / query_dims(a) / ROW_BLOCK * ROW_BLOCK;
  const size_t slice = smaller(fitting, ROW_SLICE);
  for (size_t item = first; item < end; item++) {
    const size_t token = item % blocks * a->tokens_per_item;
    const size_t rows = smaller(a->tokens - token, a->tokens_per_item) * group;
    for (size_t row = 0; row < rows; row += slice)
      attend_slice(a, item / blocks, token, row, smaller(rows - row, slice), scratch);
  }
}

#endif
