// Encoders of the IQ1 types: the definition.
#include "../codecs.h"
#include "../scalar/ternary_grid.h"

static bool counts_as_zero(const float *x, int count, float least) {
  float magnitude = quern_magnitude(x[0]);
  for (int i = 1; i < count; i++) {
    const float m = quern_magnitude(x[i]);
    magnitude = magnitude > m ? magnitude : m;
  }
  return magnitude < least;
}

// Weights of a super-block; without importance, squares.
static void weigh(const float x[256], const float *importance, float weights[256]) {
  if (importance)
    quern_weigh(256, x, importance, 2 * quern_sum_of_squares(x, 256) / 256, weights);
  else
    for (int i = 0; i < 256; i++) weights[i] = x[i] * x[i];
}

void quern_encode_iq1_S_generic(const float *input, void *blocks, size_t rows, size_t columns,
                                const float *importance) {
  const quern_grid *grid = quern_grid_for_encoding(QUERN_GRID_IQ1);
  quern_block_iq1_S *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256) {
    quern_ternary_found found[8] = {{0}};
    float weights[256];
    weigh(input + i, importance ? importance + i % columns : NULL, weights);
    for (int sub = 0; sub < 8; sub++) {
      const float *x = input + i + 32 * sub, *w = weights + 32 * sub;
      uint8_t order[32];
      if (counts_as_zero(x, 32, 1e-12f)) continue;
      quern_ascending(x, 32, order);
      found[sub] = quern_settle_ternary(grid, 32, x, w, order, quern_split_iq1_S(x, w, order));
    }
    quern_pack_iq1_S(grid, found, block++);
  }
}

void quern_encode_iq1_M_generic(const float *input, void *blocks, size_t rows, size_t columns,
                                const float *importance) {
  const quern_grid *grid = quern_grid_for_encoding(QUERN_GRID_IQ1);
  quern_block_iq1_M *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256) {
    quern_ternary_found found[16] = {{0}};
    float weights[256];
    weigh(input + i, importance ? importance + i % columns : NULL, weights);
    for (int sub = 0; sub < 16; sub++) {
      const float *x = input + i + 16 * sub, *w = weights + 16 * sub;
      uint8_t order[16];
      if (counts_as_zero(x, 16, 1e-7f)) continue;
      quern_ascending(x, 16, order);
      found[sub] = quern_settle_ternary(grid, 16, x, w, order, quern_split_iq1_M(x, w, order));
    }
    quern_pack_iq1_M(grid, input + i, weights, found, block++);
  }
}
