// Scores of some queries and a span of keys, keys in lanes. Needs lanes.h.
//
// Where keys have scales, the products of a block are summed without them and scaled once.
#ifndef QUERN_PRODUCTS_ATTENTION_SCORES_H
#define QUERN_PRODUCTS_ATTENTION_SCORES_H

#include "cache.h"
#include "lanes.h"

enum {
  KEY_SPAN = 64,  // positions; keys and values of a span fit the first-level cache
  ROW_BLOCK = 8,  // rows whose scores are in registers together
};

INLINE float dot(const float *x, const float *y, size_t count) {
  floats sums = {0};
  size_t d = 0;
  for (; d + LANES <= count; d += LANES) sums += load_floats(x + d) * load_floats(y + d);
  float sum = sum_lanes(sums);
  for (; d < count; d++) sum += x[d] * y[d];
  return sum;
}

/// The address of the `v`-th vector of a span of keys, in the first row of its group.
INLINE const uint8_t *key_vector(const uint8_t *keys, size_t row_bytes, int v, size_t step) {
  const size_t position = (size_t)v * LANES, lane = position % QUERN_KEY_GROUP;
  return keys + (position - lane) * row_bytes + lane * step;
}

/// Adds the products of `count` dimensions of R queries, `[dimension][R]`, with V vectors of keys.
INLINE void add_products(const float *queries, const uint8_t *const *from, size_t count, const int R,
                         const int V, const quern_cache cache, const int upper, floats (*sums)[4]) {
  for (size_t d = 0; d < count; d++) {
    floats key[4];
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) key[v] = load_keys(from[v] + d * key_stride(cache), cache, upper);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      const floats query = splat(queries[d * (size_t)R + (size_t)r]);
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++) sums[r][v] += key[v] * query;
    }
  }
}

/// Adds the products of one block of dimensions: scales, then bytes.
INLINE void add_scaled_products(const float *queries, const uint8_t **from, const size_t *lanes,
                                const int R, const int V, const quern_cache cache,
                                floats (*totals)[4]) {
  floats sums[ROW_BLOCK][4];
  const uint8_t *bytes[4];
#pragma clang loop unroll(full)
  for (int v = 0; v < V; v++) {
    bytes[v] = from[v] + KEY_SCALE_BYTES;
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) sums[r][v] = (floats){0};
  }
  if (cache == QUERN_CACHE_Q8_0) {
    add_products(queries, bytes, CACHE_BLOCK, R, V, cache, 0, sums);
  } else {
    add_products(queries, bytes, CACHE_BLOCK / 2, R, V, cache, 0, sums);
    add_products(queries + CACHE_BLOCK / 2 * R, bytes, CACHE_BLOCK / 2, R, V, cache, 1, sums);
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < V; v++) {
    // `from` has moved on by a byte a lane, scales have two.
    const floats scale = load_halves(from[v] + lanes[v]);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) totals[r][v] += sums[r][v] * scale;
    from[v] += QUERN_KEY_GROUP * quern_cache_block_bytes(cache);
  }
}

/// scores[r][j] of R rows and `count` keys, V vectors of keys at a time, more by shared[r]. Queries lie
/// `[dimension][R]`, filled up with zeros where the cache has blocks.
INLINE void span_scores(const float *queries, const uint8_t *keys, size_t head_dim, size_t count,
                        const int R, const int V, const quern_cache cache, const float *shared,
                        float (*scores)[KEY_SPAN]) {
  const size_t row_bytes = quern_cache_row_bytes(cache, head_dim);
  for (int first = 0; first * LANES < (int)count; first += V) {
    floats sums[ROW_BLOCK][4];
    const uint8_t *from[4];
    size_t lanes[4];
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) {
      // Vectors behind the last key repeat it; their scores are never read.
      const int vector = (first + v) * LANES < (int)count ? first + v : first;
      from[v] = key_vector(keys, row_bytes, vector, key_step(cache));
      lanes[v] = (size_t)vector * LANES % QUERN_KEY_GROUP;
#pragma clang loop unroll(full)
      for (int r = 0; r < R; r++) sums[r][v] = (floats){0};
    }
    if (has_scales(cache))
      for (size_t d = 0; d < head_dim; d += CACHE_BLOCK)
        add_scaled_products(queries + d * R, from, lanes, R, V, cache, sums);
    else
      add_products(queries, from, head_dim, R, V, cache, 0, sums);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < V; v++)
        store_floats(scores[r] + (first + v) * LANES, sums[r][v] + splat(shared[r]));
  }
}

#endif
