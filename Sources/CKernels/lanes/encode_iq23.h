// The encoders of the IQ2 and IQ3 types. Include after a level's lanes.h. Private.
#include "../codecs.h"
#include "../scalar/grid_pack.h"
#include "grid_settle.h"
#include "super_blocks.h"

// Weights and their roots. With importance `spread` stands beside the squares; without, the weights are
// squares plus `spread`.
LANES_INLINE void lanes_weigh_grid(const float *x, const float *importance, float spread,
                                   lanes_grid_block *block) {
  for (int i = 0; i < 256; i += LANES) {
    const lanes value = lanes_load(x + i), square = lanes_mul(value, value);
    const lanes soft = lanes_add(lanes_all(spread), square);
    const lanes weight = importance ? lanes_mul(lanes_load(importance + i), lanes_sqrt(soft)) : soft;
    lanes_store(block->weights + i, weight);
    lanes_store(block->roots + i, lanes_sqrt(weight));
  }
}

// quern_split_signs.
LANES_INLINE uint8_t lanes_split_signs(const float *x, const float *weights, bool even,
                                       float *magnitudes) {
  const octet value = octet_load(x);
  const unsigned signs = octet_bits(octet_less(value, octet_all(0)));
  octet_store(magnitudes, octet_abs(value));
  if (!even) return (uint8_t)signs;
  const octet cost = octet_mul(octet_mul(octet_load(weights), value), value);
  const unsigned cheapest = octet_bits(octet_equal(cost, octet_least(cost)));
  const unsigned place = (unsigned)__builtin_ctz(cheapest | 128);  // costs may be no numbers
  const unsigned odd = (unsigned)__builtin_parity(signs);
  magnitudes[place] = odd ? -magnitudes[place] : magnitudes[place];
  return (uint8_t)(signs ^ odd << place);
}

// Weights, signs and magnitudes of a super-block.
LANES_INLINE void lanes_prepare(const lanes_grid_shape *shape, const float *x,
                                const float *importance, float spread, lanes_grid_block *block,
                                quern_grid_found *found) {
  lanes_weigh_grid(x, importance, spread, block);
  for (int sub = 0; sub < 256 / shape->elements; sub++) {
    found[sub] = (quern_grid_found){0};
    for (int i = 0; i < shape->elements; i += 8) {
      const int at = shape->elements * sub + i;
      found[sub].signs[i / 8] = lanes_split_signs(
          x + at, block->weights + at, shape->search->even_signs, block->x + at);
    }
  }
  for (int i = 0; i < 256; i += LANES)
    lanes_store(block->weighted + i,
                lanes_mul(lanes_load(block->weights + i), lanes_load(block->x + i)));
}

// The largest element of a sub-block once signs are split.
LANES_INLINE float lanes_largest_of(const lanes_grid_shape *shape, int sub,
                                    const lanes_grid_block *block) {
  const float *x = block->x + shape->elements * sub;
  lanes max = lanes_load(x);
  for (int i = LANES; i < shape->elements; i += LANES) max = lanes_max(max, lanes_load(x + i));
  return lanes_largest(max);
}

LANES_INLINE quern_grid_found lanes_search_scalar(const lanes_grid_shape *shape,
                                                  const quern_grid *grid, int sub, const float *x,
                                                  const lanes_grid_block *block) {
  const int at = shape->elements * sub;
  quern_grid_values values;
  memcpy(values.weights, block->weights + at, (size_t)shape->elements * sizeof(float));
  memcpy(values.roots, block->roots + at, (size_t)shape->elements * sizeof(float));
  return quern_search_grid(shape->search, grid, x + at, &values);
}

// Searches a prepared super-block. Each sub-block's candidates are around its `max`; those whose
// `max` is not positive are zero.
LANES_INLINE void lanes_search_grid(const lanes_grid_shape *shape, const quern_grid *grid,
                                    const float *x, const float *max, lanes_grid_block *block,
                                    quern_grid_found *found) {
  const int subs = 256 / shape->elements;
  for (int sub = 0; sub < subs; sub++) lanes_begin_trials(shape, sub, max[sub], block);
  lanes_try_all(shape, grid, block);
  lanes_grid_sums sums[16];
  for (int sub = 0; sub < subs; sub++)
    if (block->trials[sub].tame) lanes_sum_grid(shape, sub, block, &sums[sub]);
  for (int sub = 0; sub < subs; sub++) {
    if (max[sub] <= 0) continue;
    if (!block->trials[sub].tame ||
        !lanes_settle_sub_block(shape, grid, sub, block, &sums[sub], &found[sub]))
      found[sub] = lanes_search_scalar(shape, grid, sub, x, block);
  }
}

// One super-block of a type whose candidates are around the largest element.
LANES_INLINE void lanes_find_grid(const lanes_grid_shape *shape, const quern_grid *grid,
                                  const float *x, const float *importance, float spread,
                                  quern_grid_found *found) {
  lanes_grid_block block;
  float max[16];
  lanes_prepare(shape, x, importance, spread, &block, found);
  for (int sub = 0; sub < 256 / shape->elements; sub++) {
    max[sub] = lanes_largest_of(shape, sub, &block);
    if (max[sub] < shape->search->least)
      max[sub] = 0;
    else
      found[sub].scale = max[sub] / (float)shape->search->top;
  }
  lanes_search_grid(shape, grid, x, max, &block, found);
}

// `spread` is what weights are made with from the mean square `mean`.
#define LANES_GRID_ENCODER(type, bits, elements, candidates, weighted_spread, plain_spread)      \
  QUERN_TARGET void LANES_ENCODER(type)(const float *input, void *blocks, size_t rows,           \
                                        size_t columns, const float *importance) {               \
    const lanes_grid_shape shape = {&quern_search_##type, bits, bits == 2 ? 8 : 4, elements,     \
                                    elements / (bits == 2 ? 8 : 4), candidates};                 \
    const quern_grid *grid = quern_grid_for_encoding(quern_search_##type.grid);                  \
    const size_t count = rows * columns;                                                         \
    float squares[LANES];                                                                        \
    quern_block_##type *block = blocks;                                                          \
    for (size_t i = 0; i < count; i += 256, block++) {                                           \
      if (i % (256 * LANES) == 0)                                                                \
        lanes_sums_of_squares(input + i, 256, lanes_super_blocks_left(count - i), 256, squares); \
      const float *x = input + i, *weights = importance ? importance + i % columns : NULL;       \
      if (!lanes_finite(x, 256)) {                                                               \
        quern_encode_##type##_generic(x, block, 1, 256, weights);                                \
        continue;                                                                                \
      }                                                                                          \
      const float mean = squares[i / 256 % LANES] / 256;                                         \
      quern_grid_found found[16];                                                                \
      lanes_find_grid(&shape, grid, x, weights, weights ? (weighted_spread) : (plain_spread),    \
                      found);                                                                    \
      quern_pack_##type(grid, found, block);                                                     \
    }                                                                                            \
  }

LANES_GRID_ENCODER(iq2_XS, 2, 16, 19, mean, 0)
LANES_GRID_ENCODER(iq2_S, 2, 16, 19, 2 * mean, 0.25f * (2 * mean))
LANES_GRID_ENCODER(iq3_XXS, 3, 32, 31, 2 * mean, 0)
LANES_GRID_ENCODER(iq3_S, 3, 32, 19, 2 * mean, 0)

// IQ2_XXS estimates the scales of sixteen sub-blocks, two super-blocks, at a time.
LANES_INLINE void lanes_estimate(const lanes_grid_block pair[2], float estimates[LANES]) {
  LANES_ALIGNED float x[32 * LANES], weights[32 * LANES], rows[2][512];
  float codes[32 * LANES];
  for (int half = 0; half < 2; half++) {
    memcpy(rows[0] + 256 * half, pair[half].x, sizeof pair[half].x);
    memcpy(rows[1] + 256 * half, pair[half].weights, sizeof pair[half].weights);
  }
  lanes_transpose_32(rows[0], x);
  lanes_transpose_32(rows[1], weights);
  lanes_store(estimates, lanes_search_positive(32, 4, x, weights, codes));
}

LANES_INLINE void lanes_find_pair(const quern_grid *grid, const float *x, const float *importance,
                                  quern_grid_found found[LANES]) {
  static const lanes_grid_shape shape = {&quern_search_iq2_XXS, 2, 8, 32, 4, 13};
  lanes_grid_block pair[2];
  float estimates[LANES], max[LANES];
  for (int half = 0; half < 2; half++) {
    const float mean = quern_sum_of_squares(x + 256 * half, 256) / 256;
    lanes_prepare(&shape, x + 256 * half, importance ? importance + 256 * half : NULL,
                  importance ? mean : 0, &pair[half], found + 8 * half);
  }
  lanes_estimate(pair, estimates);
  for (int sub = 0; sub < LANES; sub++) {
    const float largest = lanes_largest_of(&shape, sub & 7, &pair[sub >> 3]);
    max[sub] = largest < shape.search->least ? 0 : estimates[sub] * 3;
    if (!(max[sub] <= 0)) found[sub].scale = estimates[sub];
  }
  for (int half = 0; half < 2; half++)
    lanes_search_grid(&shape, grid, x + 256 * half, max + 8 * half, &pair[half], found + 8 * half);
}

QUERN_TARGET void LANES_ENCODER(iq2_XXS)(const float *input, void *blocks, size_t rows,
                                         size_t columns, const float *importance) {
  const quern_grid *grid = quern_grid_for_encoding(quern_search_iq2_XXS.grid);
  const size_t count = rows * columns;
  quern_block_iq2_XXS *block = blocks;
  for (size_t i = 0; i < count; i += 512, block += 2) {
    const size_t present = count - i < 512 ? count - i : 512;
    LANES_ALIGNED float room[512], weights_room[512];
    const float *x = lanes_filled(input + i, present, 512, room);
    if (!lanes_finite(x, 512)) {
      LANES_GENERIC_SUPER_BLOCKS(iq2_XXS)
      continue;
    }
    quern_grid_found found[LANES];
    lanes_find_pair(grid, x, lanes_importance(importance, i, columns, 256, 512, weights_room), found);
    for (size_t b = 0; b < present / 256; b++)
      quern_pack_iq2_XXS(grid, found + 8 * b, block + b);
  }
}
