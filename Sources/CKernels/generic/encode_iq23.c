// Encoders of the IQ2 and IQ3 types: the definition.
#include "../codecs.h"
#include "../scalar/grid_pack.h"

// What the elements of a super-block are weighed by.
typedef enum {
  WEIGH_MEAN,        // importance beside the mean square
  WEIGH_TWICE_MEAN,  // importance beside twice the mean square; without importance, squares
  WEIGH_SOFT,        // so too; without, squares plus half the mean square
} weighing;

static void weigh(weighing kind, const float *x, const float *importance, int count, float mean,
                  quern_grid_values *values) {
  const float spread = kind == WEIGH_MEAN ? mean : 2 * mean;
  if (importance)
    quern_weigh(count, x, importance, spread, values->weights);
  else
    for (int i = 0; i < count; i++)
      values->weights[i] = kind == WEIGH_SOFT ? 0.25f * spread + x[i] * x[i] : x[i] * x[i];
  for (int i = 0; i < count; i++) values->roots[i] = sqrtf(values->weights[i]);
}

static void find(const quern_grid_search *search, const quern_grid *grid, weighing kind,
                 const float x[256], const float *importance, quern_grid_found *found) {
  const float mean = quern_sum_of_squares(x, 256) / 256;
  for (int i = 0; i < 256; i += search->elements) {
    quern_grid_values values;
    weigh(kind, x + i, importance ? importance + i : NULL, search->elements, mean, &values);
    *found++ = quern_search_grid(search, grid, x + i, &values);
  }
}

#define ENCODER(type, weighing)                                                                  \
  void quern_encode_##type##_generic(const float *input, void *blocks, size_t rows,              \
                                     size_t columns, const float *importance) {                  \
    const quern_grid *grid = quern_grid_for_encoding(quern_search_##type.grid);                  \
    quern_block_##type *block = blocks;                                                          \
    for (size_t i = 0; i < rows * columns; i += 256) {                                           \
      quern_grid_found found[16];                                                                \
      const float *weights = importance ? importance + i % columns : NULL;                       \
      find(&quern_search_##type, grid, weighing, input + i, weights, found);                     \
      quern_pack_##type(grid, found, block++);                                                   \
    }                                                                                            \
  }

ENCODER(iq2_XXS, WEIGH_MEAN)
ENCODER(iq2_XS, WEIGH_MEAN)
ENCODER(iq2_S, WEIGH_SOFT)
ENCODER(iq3_XXS, WEIGH_TWICE_MEAN)
ENCODER(iq3_S, WEIGH_TWICE_MEAN)
