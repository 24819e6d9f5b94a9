// Encoders of the 32-element types: the definition.
//
// Without importance the scale is the one that reaches the extreme value; with importance it is
// searched for. Source: quantize_row_q*_ref and _impl in ggml-quants.c as shipped with
// llama-cpp-python 0.3.36.
#include <float.h>

#include "../codecs.h"
#include "../scalar/encode_legacy.h"

static float mean_square(const float *x, size_t columns) {
  return quern_sum_of_squares(x, columns) / (float)columns;
}

// Finds scale and codes of one block around zero, with `levels` codes on either side.
static float find_symmetric(const float *x, const float *importance, float variance, int levels,
                            uint8_t codes[32]) {
  if (!importance) return quern_reach_extreme(x, levels, codes);
  float weights[32];
  quern_weigh(32, x, importance, variance, weights);
  return quern_search_symmetric(32, levels, x, weights, codes);
}

// Finds scale, minimum and codes of one block above its minimum.
static float find_affine(const float *x, const float *importance, float variance, int levels,
                         uint8_t codes[32], float *minimum) {
  if (!importance) return quern_span_range(x, levels, codes, minimum);
  float weights[32];
  quern_weigh(32, x, importance, variance, weights);
  const quern_candidates candidates = {-0.9f, 0.05f, 36, false};
  const float scale = quern_search_affine(32, levels, x, weights, candidates, codes, minimum);
  *minimum = -*minimum;
  return scale;
}

#define SYMMETRIC_ENCODER(type, levels)                                                         \
  void quern_encode_##type##_generic(const float *input, void *blocks, size_t rows,             \
                                     size_t columns, const float *importance) {                 \
    quern_block_##type *block = blocks;                                                         \
    for (size_t row = 0; row < rows; row++, input += columns) {                                 \
      const float variance = importance ? mean_square(input, columns) : 0;                      \
      for (size_t i = 0; i < columns; i += 32) {                                                \
        uint8_t codes[32];                                                                      \
        const float *weights = importance ? importance + i : NULL;                              \
        const float d = find_symmetric(input + i, weights, variance, levels, codes);            \
        quern_pack_##type(d, codes, block++);                                                   \
      }                                                                                         \
    }                                                                                           \
  }

#define AFFINE_ENCODER(type, levels)                                                            \
  void quern_encode_##type##_generic(const float *input, void *blocks, size_t rows,             \
                                     size_t columns, const float *importance) {                 \
    quern_block_##type *block = blocks;                                                         \
    for (size_t row = 0; row < rows; row++, input += columns) {                                 \
      const float variance = importance ? mean_square(input, columns) : 0;                      \
      for (size_t i = 0; i < columns; i += 32) {                                                \
        uint8_t codes[32];                                                                      \
        float minimum;                                                                          \
        const float *weights = importance ? importance + i : NULL;                              \
        const float d = find_affine(input + i, weights, variance, levels, codes, &minimum);     \
        quern_pack_##type(d, minimum, codes, block++);                                          \
      }                                                                                         \
    }                                                                                           \
  }

SYMMETRIC_ENCODER(q4_0, 8)
SYMMETRIC_ENCODER(q5_0, 16)
AFFINE_ENCODER(q4_1, 15)
AFFINE_ENCODER(q5_1, 31)

void quern_encode_q8_0_generic(const float *input, void *blocks, size_t rows, size_t columns,
                               const float *importance) {
  (void)importance;  // the reference takes none
  quern_block_q8_0 *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 32, block++) {
    float magnitude = 0;
    for (int j = 0; j < 32; j++) {
      const float m = quern_magnitude(input[i + j]);
      magnitude = magnitude > m ? magnitude : m;
    }
    const float d = magnitude / 127.f, inverse = d != 0 ? 1.f / d : 0;
    block->d = quern_scale_from_float(d);
    for (int j = 0; j < 32; j++) block->qs[j] = (int8_t)quern_rounded_away(input[i + j] * inverse);
  }
}
