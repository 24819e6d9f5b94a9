// The encoders of the IQ1 types. Include after a level's lanes.h. Private.
#include "../codecs.h"
#include "super_blocks.h"
#include "ternary_settle.h"

// Weights of whole super-blocks; without importance, squares.
LANES_INLINE void lanes_weigh_ternary(const float *x, const float *importance, int count,
                                      float *weights) {
  for (int start = 0; start < count; start += 256) {
    const float spread = importance ? 2 * quern_sum_of_squares(x + start, 256) / 256 : 0;
    for (int i = start; i < start + 256; i += LANES) {
      const lanes value = lanes_load(x + i), square = lanes_mul(value, value);
      const lanes root = lanes_sqrt(lanes_add(lanes_all(spread), square));
      lanes_store(weights + i, importance ? lanes_mul(lanes_load(importance + i), root) : square);
    }
  }
}

// Transposes and sorts sixteen sub-blocks of `count` elements. Returns those that do not count as zero,
// a bit each.
LANES_INLINE unsigned lanes_prepare_ternary(int count, const float *x, const float *weights,
                                            float least, lanes_ternary *group) {
  for (int i = 0; i < count; i += 16) {
    lanes_transpose(x + i, (size_t)count, group->x + LANES * i);
    lanes_transpose(weights + i, (size_t)count, group->weights + LANES * i);
  }
  lanes magnitude = lanes_all(0);
  for (int i = 0; i < count; i++)
    magnitude = lanes_max(magnitude, lanes_abs(lanes_load(group->x + LANES * i)));
  lanes_sort(count, group);
  return ~lanes_bits(lanes_less(magnitude, lanes_all(least))) & 0xffff;
}

// Sixteen sub-blocks from their split on.
LANES_INLINE void lanes_settle_ternary(const quern_grid *grid, int count, const float *x,
                                       const float *weights, const lanes_ternary *group,
                                       const lanes_split *split, unsigned present,
                                       quern_ternary_found found[LANES]) {
  lanes_settlement settlement = {.count = count, .x = x, .weights = weights, .found = found};
  lanes_code_splits(group->ranks, split, present, &settlement);
  lanes_find_points(grid, &settlement);
  lanes_rescale(group->x, group->weights, &settlement);
}

enum { LANES_IQ1_S_BATCH = 512 * LANES_SPLITS };

QUERN_TARGET void LANES_ENCODER(iq1_S)(const float *input, void *blocks, size_t rows,
                                       size_t columns, const float *importance) {
  const quern_grid *grid = quern_grid_for_encoding(QUERN_GRID_IQ1);
  const size_t count = rows * columns;
  quern_block_iq1_S *block = blocks;
  for (size_t i = 0; i < count; i += LANES_IQ1_S_BATCH, block += LANES_IQ1_S_BATCH / 256) {
    const size_t present = count - i < LANES_IQ1_S_BATCH ? count - i : LANES_IQ1_S_BATCH;
    float room[LANES_IQ1_S_BATCH], importance_room[LANES_IQ1_S_BATCH], weights[LANES_IQ1_S_BATCH];
    const float *x = lanes_filled(input + i, present, LANES_IQ1_S_BATCH, room);
    if (!lanes_finite(x, LANES_IQ1_S_BATCH)) {
      LANES_GENERIC_SUPER_BLOCKS(iq1_S)
      continue;
    }
    lanes_weigh_ternary(x,
                        lanes_importance(importance, i, columns, 256, LANES_IQ1_S_BATCH,
                                         importance_room),
                        LANES_IQ1_S_BATCH, weights);
    lanes_ternary groups[LANES_SPLITS];
    lanes_prefixes sums[LANES_SPLITS];
    lanes_split splits[LANES_SPLITS];
    unsigned nonzero[LANES_SPLITS];
    for (int k = 0; k < LANES_SPLITS; k++) {
      nonzero[k] = lanes_prepare_ternary(32, x + 512 * k, weights + 512 * k, 1e-12f, &groups[k]);
      lanes_sum_prefixes(&groups[k], &sums[k]);
    }
    lanes_split_iq1_S(LANES_SPLITS, sums, splits);
    quern_ternary_found found[LANES * LANES_SPLITS];
    for (int k = 0; k < LANES_SPLITS; k++)
      lanes_settle_ternary(grid, 32, x + 512 * k, weights + 512 * k, &groups[k], &splits[k],
                           nonzero[k], found + LANES * k);
    for (size_t b = 0; b < present / 256; b++) quern_pack_iq1_S(grid, found + 8 * b, block + b);
  }
}

QUERN_TARGET void LANES_ENCODER(iq1_M)(const float *input, void *blocks, size_t rows,
                                       size_t columns, const float *importance) {
  const quern_grid *grid = quern_grid_for_encoding(QUERN_GRID_IQ1);
  quern_block_iq1_M *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256, block++) {
    const float *x = input + i, *row_importance = importance ? importance + i % columns : NULL;
    if (!lanes_finite(x, 256)) {
      quern_encode_iq1_M_generic(x, block, 1, 256, row_importance);
      continue;
    }
    float weights[256];
    lanes_ternary group;
    lanes_terms terms;
    quern_ternary_found found[LANES];
    lanes_weigh_ternary(x, row_importance, 256, weights);
    const unsigned nonzero = lanes_prepare_ternary(16, x, weights, 1e-7f, &group);
    lanes_tabulate_terms(&group, &terms);
    const lanes_split split = lanes_split_iq1_M(&terms);
    lanes_settle_ternary(grid, 16, x, weights, &group, &split, nonzero, found);
    quern_pack_iq1_M(grid, x, weights, found, block);
  }
}
