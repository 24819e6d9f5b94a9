// The rows of an attention: one query each and what it has seen so far. Needs lanes.h.
#ifndef QUERN_PRODUCTS_ATTENTION_ROWS_H
#define QUERN_PRODUCTS_ATTENTION_ROWS_H

#include <math.h>

#include "../include/CKernelsProducts.h"
#include "../scalar/hadamard.h"
#include "attention_scores.h"
#include "cache.h"
#include "lanes.h"

/// One row of a slice.
typedef struct {
  const float *query;
  float *output;
  size_t first, end;  // positions that it sees
  float largest, sum;
  float shared;  // score with what the keys of a stretch were stored without
} attention_row;

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Dimensions of a query as the kernels take it: whole blocks where the cache has blocks.
static size_t query_dims(const quern_attention *a) {
  if (!has_scales(a->cache)) return a->head_dim;
  return (a->head_dim + CACHE_BLOCK - 1) / CACHE_BLOCK * CACHE_BLOCK;
}

/// Puts a query into its column of a block of `width`, turned and filled up as the keys are.
static void put_query(const quern_attention *a, const float *query, size_t width, float *column) {
  float turned[QUERN_MAX_HEAD_DIM];
  const size_t dims = query_dims(a);
  if (has_scales(a->cache)) {
    memcpy(turned, query, a->head_dim * sizeof(float));
    memset(turned + a->head_dim, 0, (dims - a->head_dim) * sizeof(float));
    quern_hadamard(turned, a->head_dim);
    query = turned;
  }
  for (size_t d = 0; d < dims; d++) column[d * width] = query[d];
}

static attention_row attention_row_of(const quern_attention *a, size_t token, size_t head) {
  attention_row row;
  row.query = a->queries + token * a->query_stride + head * a->head_dim;
  row.output = a->output + token * a->output_stride + head * a->head_dim;
  row.end = a->first_position + token + 1;
  row.first = a->window && row.end > a->window ? row.end - a->window : 0;
  // Rows count against the largest score so far: of a sink that weight is 1.
  row.largest = a->sinks ? a->sinks[head] : -INFINITY;
  row.sum = row.largest == -INFINITY ? 0 : 1;
  row.shared = 0;
  memset(row.output, 0, a->head_dim * sizeof(float));
  return row;
}

/// Scores of `count` rows with what the keys of the stretch around `start` were stored without.
static void share_scores(const quern_attention *a, size_t kv_head, size_t start, attention_row *rows,
                         size_t count) {
  const float *offset = a->key_offsets + kv_head * a->key_offset_stride +
                        start / QUERN_OFFSET_POSITIONS * a->head_dim;
  for (size_t i = 0; i < count; i++) rows[i].shared = dot(rows[i].query, offset, a->head_dim);
}

#endif
