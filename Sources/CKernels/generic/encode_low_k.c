// Encoders of Q2_K and Q3_K: the definition.
#include "../codecs.h"
#include "../scalar/low_k.h"

// Finds scales, minimums and codes of the 16 sub-blocks of a Q2_K super-block.
static quern_stored_scales_q2_K find_q2_K(const float x[256], const float *importance,
                                          uint8_t codes[256]) {
  float scales[16], minimums[16], sums[16], weights[16];
  const float spread = importance ? quern_sum_of_squares(x, 256) / 256 : 0;
  for (int sub = 0; sub < 16; sub++) {
    const float *values = x + 16 * sub;
    if (importance)
      quern_weigh(16, values, importance + 16 * sub, spread, weights);
    else
      for (int i = 0; i < 16; i++) weights[i] = quern_magnitude(values[i]);
    sums[sub] = 0;
    for (int i = 0; i < 16; i++) sums[sub] += weights[i];
    const quern_candidates candidates =
        importance ? quern_search_q2_K.weighted : quern_search_q2_K.plain;
    scales[sub] = quern_search_affine(16, quern_search_q2_K.levels, values, weights, candidates,
                                      codes + 16 * sub, &minimums[sub]);
  }
  if (!importance) return quern_store_scales_q2_K(scales, minimums);
  uint8_t scale_codes[16], minimum_codes[16];
  const float d = quern_search_positive(16, 15, scales, sums, scale_codes);
  const float dmin = quern_search_positive(16, 15, minimums, sums, minimum_codes);
  return quern_pack_scales_q2_K(quern_scale_from_float(d), quern_scale_from_float(dmin),
                                scale_codes, minimum_codes);
}

void quern_encode_q2_K_generic(const float *input, void *blocks, size_t rows, size_t columns,
                               const float *importance) {
  quern_block_q2_K *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256) {
    uint8_t codes[256];
    const float *x = input + i;
    const quern_stored_scales_q2_K scales =
        find_q2_K(x, importance ? importance + i % columns : NULL, codes);
    for (int j = 0; j < 256; j++) {
      const float step = scales.steps[j / 16], offset = scales.offsets[j / 16];
      if (step == 0) continue;  // the codes of the search stay
      codes[j] = (uint8_t)quern_clamped(quern_nearest((x[j] + offset) / step), 0, 3);
    }
    quern_pack_q2_K(&scales, codes, block++);
  }
}

// Finds the scales and codes of the 16 sub-blocks of a Q3_K super-block.
static void find_q3_K(const float x[256], const float *importance, uint8_t codes[256],
                      quern_block_q3_K *block, float steps[16]) {
  float found[16], sums[16], weights[16];
  uint8_t scales[16];
  if (!importance) {
    for (int sub = 0; sub < 16; sub++)
      found[sub] = quern_descend_symmetric(16, 4, x + 16 * sub, codes + 16 * sub);
    const quern_half d = quern_quantize_scales_q3_K(found, scales);
    quern_store_scales_q3_K(d, scales, block, steps);
    return;
  }
  const float spread = 2 * quern_sum_of_squares(x, 256) / 256;
  for (int sub = 0; sub < 16; sub++) {
    quern_weigh(16, x + 16 * sub, importance + 16 * sub, spread, weights);
    sums[sub] = 0;
    for (int i = 0; i < 16; i++) sums[sub] += weights[i];
    found[sub] = quern_search_symmetric(16, 4, x + 16 * sub, weights, codes + 16 * sub);
  }
  const float d = quern_search_symmetric(16, 32, found, sums, scales);
  quern_store_scales_q3_K(quern_scale_from_float(d), scales, block, steps);
}

void quern_encode_q3_K_generic(const float *input, void *blocks, size_t rows, size_t columns,
                               const float *importance) {
  quern_block_q3_K *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256, block++) {
    uint8_t codes[256];
    float steps[16];
    const float *x = input + i;
    find_q3_K(x, importance ? importance + i % columns : NULL, codes, block, steps);
    for (int j = 0; j < 256; j++) {
      const float step = steps[j / 16];
      if (step == 0) continue;  // the codes of the search stay
      codes[j] = (uint8_t)(quern_clamped(quern_nearest(x[j] / step), -4, 3) + 4);
    }
    quern_pack_q3_K(codes, block);
  }
}
