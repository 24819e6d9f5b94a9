// Super-blocks in batches of sixteen: what sixteen-lane encoders need to walk over a tensor, and the
// searches for the scales of their scales, one super-block a lane. Private.
#ifndef QUERN_LANES_SUPER_BLOCKS_H
#define QUERN_LANES_SUPER_BLOCKS_H

#include "descent.h"

// `wanted` values from `input`, where `present` are left; filled up with zeros in `room` at the end.
LANES_INLINE const float *lanes_filled(const float *input, size_t present, size_t wanted,
                                       float *room) {
  if (present >= wanted) return input;
  memset(room, 0, wanted * sizeof(float));
  return memcpy(room, input, present * sizeof(float));
}

// The importance of `wanted` elements (whole blocks of `block`) from element `start` of a tensor on;
// copied to `room` where a row ends among them. Null if there is none.
LANES_INLINE const float *lanes_importance(const float *importance, size_t start, size_t columns,
                                           size_t block, size_t wanted, float *room) {
  if (!importance) return NULL;
  if (start % columns + wanted <= columns) return importance + start % columns;
  for (size_t i = 0; i < wanted; i += block)
    memcpy(room + i, importance + (start + i) % columns, block * sizeof(float));
  return room;
}

// What the scales of sixteen super-blocks are searched from: `count` values of each, one after another.
// The rows of eight leave room for the transposition, which reads sixteen.
typedef struct {
  LANES_ALIGNED float values[LANES * 16 + 8], weights[LANES * 16 + 8];
} lanes_scales;

// The scales of scales and the codes of each super-block's scales.
typedef struct {
  float d[LANES];
  uint8_t codes[LANES][16];
} lanes_scale_codes;

// quern_search_positive over `count` scales of each super-block.
LANES_INLINE void lanes_quantize_positive(int count, int levels, const lanes_scales *scales,
                                          lanes_scale_codes *result) {
  LANES_ALIGNED float x[16 * LANES], w[16 * LANES], codes[16 * LANES];
  lanes_transpose(scales->values, (size_t)count, x);
  lanes_transpose(scales->weights, (size_t)count, w);
  lanes_store(result->d, lanes_search_positive(count, levels, x, w, codes));
  uint8_t bytes[16][LANES];
  for (int i = 0; i < count; i++)
    lanes_store_bytes(bytes[i], lanes_truncated(lanes_load(codes + LANES * i)));
  for (int lane = 0; lane < LANES; lane++)
    for (int i = 0; i < count; i++) result->codes[lane][i] = bytes[i][lane];
}

// 32 elements of each of sixteen blocks, one after another.
LANES_INLINE void lanes_transpose_32(const float *rows, float *columns) {
  lanes_transpose(rows, 32, columns);
  lanes_transpose(rows + 16, 32, columns + 16 * LANES);
}

// Weights of 32 transposed elements; `weights` holds their importance and becomes them.
LANES_INLINE void lanes_weigh_32(const float *x, lanes spread, float *weights) {
  for (int i = 0; i < 32; i++) {
    const lanes value = lanes_load(x + LANES * i);
    const lanes root = lanes_sqrt(lanes_add(spread, lanes_mul(value, value)));
    lanes_store(weights + LANES * i, lanes_mul(lanes_load(weights + LANES * i), root));
  }
}

// Weights with importance, transposed; `weights` holds the transposed importance and becomes them.
LANES_INLINE void lanes_weigh_sub_blocks(const float *x, float spread, float *weights) {
  for (int i = 0; i < 16; i++) {
    const lanes value = lanes_load(x + LANES * i);
    const lanes root = lanes_sqrt(lanes_add(lanes_all(spread), lanes_mul(value, value)));
    lanes_store(weights + LANES * i, lanes_mul(lanes_load(weights + LANES * i), root));
  }
}

LANES_INLINE lanes lanes_sum_weights(const float *weights) {
  lanes sum = lanes_all(0);
  for (int i = 0; i < 16; i++) sum = lanes_add(sum, lanes_load(weights + LANES * i));
  return sum;
}

// How many of the next sixteen super-blocks there are, where `count` elements are left.
LANES_INLINE size_t lanes_super_blocks_left(size_t count) {
  return count < 256 * LANES ? count / 256 : LANES;
}

// The sums of squares of `count` rows (at most sixteen) of `length` elements, in order. One sum waits for
// each of its additions; sixteen rows are added in lanes.
LANES_INLINE void lanes_sums_of_squares(const float *rows, size_t stride, size_t count, size_t length,
                                        float sums[LANES]) {
  if (count < LANES) {
    for (size_t i = 0; i < count; i++) sums[i] = quern_sum_of_squares(rows + stride * i, length);
    return;
  }
  lanes sum = lanes_all(0);
  for (size_t i = 0; i < length; i += LANES) {
    LANES_ALIGNED float x[LANES * LANES];
    lanes_transpose(rows + i, stride, x);
    for (int j = 0; j < LANES * LANES; j += LANES)
      sum = lanes_add(sum, lanes_mul(lanes_load(x + j), lanes_load(x + j)));
  }
  lanes_store(sums, sum);
}

// Each of two super-blocks' number in the lanes of its sub-blocks of 32.
LANES_INLINE lanes lanes_spread_pair(const float numbers[2]) {
  LANES_ALIGNED float spread[LANES];
  for (int lane = 0; lane < LANES; lane++) spread[lane] = numbers[lane >> 3];
  return lanes_load(spread);
}

// Leaves the `present` elements of a batch at `i` to the scalar code: for values that are not finite.
#define LANES_GENERIC_SUPER_BLOCKS(type)                                  \
  for (size_t j = 0; j < present; j += 256)                               \
    quern_encode_##type##_generic(input + i + j, block + j / 256, 1, 256, \
                                  importance ? importance + (i + j) % columns : NULL);

#endif
