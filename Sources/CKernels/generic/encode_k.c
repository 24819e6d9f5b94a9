// Encoders of the K super-blocks: the definition.
//
// Source: quantize_row_q4_K_ref, _q5_K_ref, _q6_K_ref and their _impl forms in ggml-quants.c as
// shipped with llama-cpp-python 0.3.36.
#include "../codecs.h"
#include "../scalar/superblock.h"

// Weights of one sub-block of 32. Without importance, large elements count more than the
// sub-block's typical one; with it, `spread` is twice the super-block's mean square.
static void weigh(const float *x, const float *importance, float spread, float weights[32]) {
  if (importance) {
    quern_weigh(32, x, importance, spread, weights);
    return;
  }
  const float typical = sqrtf(quern_sum_of_squares(x, 32) / 32);
  for (int i = 0; i < 32; i++) weights[i] = typical + quern_magnitude(x[i]);
}

// Finds the scales and codes of one Q4_K or Q5_K super-block.
static quern_stored_scales find_affine(const float x[256], const float *importance,
                                       const quern_affine_search *search, uint8_t codes[256]) {
  float scales[8], minimums[8], sums[8];
  const float spread = importance ? 2 * quern_sum_of_squares(x, 256) / 256 : 0;
  for (int sub = 0; sub < 8; sub++) {
    float weights[32];
    weigh(x + 32 * sub, importance ? importance + 32 * sub : NULL, spread, weights);
    sums[sub] = 0;
    for (int i = 0; i < 32; i++) sums[sub] += weights[i];
    scales[sub] = quern_search_affine(32, search->levels, x + 32 * sub, weights,
                                      importance ? search->weighted : search->plain,
                                      codes + 32 * sub, &minimums[sub]);
  }
  const quern_stored_scales stored =
      importance ? quern_store_weighted_scales(scales, minimums, sums, search->bound)
                 : quern_store_scales(scales, minimums);
  for (int sub = 0; sub < 8; sub++) {
    const float step = stored.steps[sub], offset = stored.offsets[sub];
    if (step == 0) continue;  // the codes of the search stay
    for (int i = 0; i < 32; i++) {
      const int32_t code = quern_nearest((x[32 * sub + i] + offset) / step);
      codes[32 * sub + i] = (uint8_t)quern_clamped(code, 0, search->levels);
    }
  }
  return stored;
}

void quern_encode_q4_K_generic(const float *input, void *blocks, size_t rows, size_t columns,
                               const float *importance) {
  quern_block_q4_K *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256) {
    uint8_t codes[256];
    const float *weights = importance ? importance + i % columns : NULL;
    const quern_stored_scales scales =
        find_affine(input + i, weights, &quern_search_q4_K, codes);
    quern_pack_q4_K(&scales, codes, block++);
  }
}

void quern_encode_q5_K_generic(const float *input, void *blocks, size_t rows, size_t columns,
                               const float *importance) {
  quern_block_q5_K *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256) {
    uint8_t codes[256];
    const float *weights = importance ? importance + i % columns : NULL;
    const quern_stored_scales scales =
        find_affine(input + i, weights, &quern_search_q5_K, codes);
    quern_pack_q5_K(&scales, codes, block++);
  }
}

void quern_encode_q6_K_generic(const float *input, void *blocks, size_t rows, size_t columns,
                               const float *importance) {
  quern_block_q6_K *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256, block++) {
    uint8_t codes[256];
    float found[16], steps[16];
    const float *x = input + i, *weights = importance ? importance + i % columns : NULL;
    for (int sub = 0; sub < 16; sub++)
      found[sub] = quern_search_symmetric(16, 32, x + 16 * sub, weights ? weights + 16 * sub : NULL,
                                          codes + 16 * sub);
    if (!quern_store_scales_q6_K(found, block, steps)) continue;
    for (int sub = 0; sub < 16; sub++) {
      if (steps[sub] == 0) continue;  // the codes of the search stay
      for (int j = 0; j < 16; j++) {
        const int32_t code = quern_nearest(x[16 * sub + j] / steps[sub]);
        codes[16 * sub + j] = (uint8_t)(quern_clamped(code, -32, 31) + 32);
      }
    }
    quern_pack_q6_K(codes, block);
  }
}
