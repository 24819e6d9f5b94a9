// The encoders of the IQ2 and IQ3 types. Include after a level's lanes.h. Private.
#include "../codecs.h"
#include "../scalar/grid_pack.h"
#include "grid_search.h"
#include "super_blocks.h"

// Weights and their roots of `count` elements. With importance `spread` stands beside the squares;
// without, the weights are squares plus `spread`.
LANES_INLINE void octet_weigh(const float *x, const float *importance, int count, float spread,
                              quern_grid_values *values) {
  for (int i = 0; i < count; i += LANES) {
    const lanes value = lanes_load(x + i), square = lanes_mul(value, value);
    const lanes soft = lanes_add(lanes_all(spread), square);
    const lanes weight = importance ? lanes_mul(lanes_load(importance + i), lanes_sqrt(soft)) : soft;
    lanes_store(values->weights + i, weight);
    lanes_store(values->roots + i, lanes_sqrt(weight));
  }
}

// Prepares one sub-block; returns its largest magnitude.
LANES_INLINE float octet_prepare(const quern_grid_search *search, const float *x,
                                 const float *importance, float spread, quern_grid_values *values,
                                 quern_grid_found *found) {
  *found = (quern_grid_found){0};
  octet_weigh(x, importance, search->elements, spread, values);
  for (int i = 0; i < search->elements; i += 8)
    found->signs[i / 8] =
        octet_split_signs(x + i, values->weights + i, search->even_signs, values->x + i);
  octet max = octet_load(values->x);
  for (int i = 8; i < search->elements; i += 8) max = octet_max(max, octet_load(values->x + i));
  float eight[8], largest;
  octet_store(eight, max);
  largest = eight[0];
  for (int i = 1; i < 8; i++) largest = largest > eight[i] ? largest : eight[i];
  return largest;
}

// One super-block of a type whose candidates are around the largest element.
LANES_INLINE void octet_find(const quern_grid_search *search, int bits, const quern_grid *grid,
                             const float *x, const float *importance, float spread,
                             quern_grid_found *found) {
  for (int i = 0; i < 256; i += search->elements, found++) {
    quern_grid_values values;
    const float max = octet_prepare(search, x + i, importance ? importance + i : NULL, spread,
                                    &values, found);
    if (max < search->least) continue;
    found->scale = max / (float)search->top;
    octet_search_grid(search, bits, grid, &values, max, found);
  }
}

// `spread` is what weights are made with from the mean square `mean`.
#define OCTET_ENCODER(type, bits, weighted_spread, plain_spread)                                 \
  QUERN_TARGET void LANES_ENCODER(type)(const float *input, void *blocks, size_t rows,           \
                                        size_t columns, const float *importance) {               \
    const quern_grid *grid = quern_grid_for_encoding(quern_search_##type.grid);                  \
    quern_block_##type *block = blocks;                                                          \
    for (size_t i = 0; i < rows * columns; i += 256, block++) {                                  \
      const float *x = input + i, *weights = importance ? importance + i % columns : NULL;       \
      if (!lanes_finite(x, 256)) {                                                               \
        quern_encode_##type##_generic(x, block, 1, 256, weights);                                \
        continue;                                                                                \
      }                                                                                          \
      const float mean = quern_sum_of_squares(x, 256) / 256;                                     \
      quern_grid_found found[16];                                                                \
      octet_find(&quern_search_##type, bits, grid, x, weights,                                   \
                 weights ? (weighted_spread) : (plain_spread), found);                           \
      quern_pack_##type(grid, found, block);                                                     \
    }                                                                                            \
  }

OCTET_ENCODER(iq2_XS, 2, mean, 0)
OCTET_ENCODER(iq2_S, 2, 2 * mean, 0.25f * (2 * mean))
OCTET_ENCODER(iq3_XXS, 3, 2 * mean, 0)
OCTET_ENCODER(iq3_S, 3, 2 * mean, 0)

// IQ2_XXS estimates the scales of sixteen sub-blocks, two super-blocks, at a time.
typedef struct {
  quern_grid_values values[LANES];
  quern_grid_found found[LANES];
  float largest[LANES], estimates[LANES];
} octet_pair;

LANES_INLINE void octet_estimate(octet_pair *pair) {
  LANES_ALIGNED float x[32 * LANES], weights[32 * LANES], codes[32 * LANES];
  const size_t stride = sizeof(quern_grid_values) / sizeof(float);
  for (int half = 0; half < 32; half += 16) {
    lanes_transpose(pair->values[0].x + half, stride, x + LANES * half);
    lanes_transpose(pair->values[0].weights + half, stride, weights + LANES * half);
  }
  lanes_store(pair->estimates, lanes_search_positive(32, 4, x, weights, codes));
}

QUERN_TARGET void LANES_ENCODER(iq2_XXS)(const float *input, void *blocks, size_t rows,
                                         size_t columns, const float *importance) {
  const quern_grid_search *search = &quern_search_iq2_XXS;
  const quern_grid *grid = quern_grid_for_encoding(search->grid);
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
    const float *weights = lanes_importance(importance, i, columns, 256, 512, weights_room);
    const float means[2] = {quern_sum_of_squares(x, 256) / 256,
                            quern_sum_of_squares(x + 256, 256) / 256};
    octet_pair pair;
    for (int sub = 0; sub < LANES; sub++)
      pair.largest[sub] = octet_prepare(search, x + 32 * sub, weights ? weights + 32 * sub : NULL,
                                        weights ? means[sub >> 3] : 0, &pair.values[sub],
                                        &pair.found[sub]);
    octet_estimate(&pair);
    for (int sub = 0; sub < LANES; sub++) {
      const float scale = pair.estimates[sub], max = scale * 3;
      if (pair.largest[sub] < search->least || max <= 0) continue;
      pair.found[sub].scale = scale;
      octet_search_grid(search, 2, grid, &pair.values[sub], max, &pair.found[sub]);
    }
    for (size_t b = 0; b < present / 256; b++)
      quern_pack_iq2_XXS(grid, pair.found + 8 * b, block + b);
  }
}
