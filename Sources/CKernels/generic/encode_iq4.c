// Encoders of IQ4_NL and IQ4_XS: the definition.
#include "../codecs.h"
#include "../scalar/pack.h"
#include "../scalar/uneven.h"

// Weights of 32 elements; `spread` is twice the mean square around them. Without importance, squares.
static void weigh(const float *x, const float *importance, float spread, float weights[32]) {
  if (importance)
    quern_weigh(32, x, importance, spread, weights);
  else
    for (int i = 0; i < 32; i++) weights[i] = x[i] * x[i];
}

void quern_encode_iq4_NL_generic(const float *input, void *blocks, size_t rows, size_t columns,
                                 const float *importance) {
  quern_block_iq4_NL *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 32, block++) {
    const float *x = input + i;
    float weights[32];
    uint8_t codes[32];
    const float spread = quern_sum_of_squares(x, 32) * (2.f / 32);
    weigh(x, importance ? importance + i % columns : NULL, spread, weights);
    const float scale = quern_search_iq4(x, weights), inverse = scale != 0 ? 1 / scale : 0;
    for (int j = 0; j < 32; j++) codes[j] = quern_nearest_iq4(inverse * x[j]);
    block->d = quern_scale_from_float(scale);
    quern_pack_nibbles(codes, block->qs);
  }
}

void quern_encode_iq4_XS_generic(const float *input, void *blocks, size_t rows, size_t columns,
                                 const float *importance) {
  quern_block_iq4_XS *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256, block++) {
    const float *x = input + i, *columns_weight = importance ? importance + i % columns : NULL;
    const float spread = quern_sum_of_squares(x, 256) * (2.f / 256);
    float scales[8], inverses[8];
    for (int sub = 0; sub < 8; sub++) {
      float weights[32];
      weigh(x + 32 * sub, columns_weight ? columns_weight + 32 * sub : NULL, spread, weights);
      scales[sub] = quern_search_iq4(x + 32 * sub, weights);
    }
    quern_store_scales_iq4_XS(scales, block, inverses);
    for (int sub = 0; sub < 8; sub++) {
      uint8_t codes[32];
      for (int j = 0; j < 32; j++)
        codes[j] = quern_nearest_iq4(inverses[sub] * x[32 * sub + j]);
      quern_pack_nibbles(codes, block->qs + 16 * sub);
    }
  }
}
