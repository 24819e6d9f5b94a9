// The encoders of K super-blocks on sixteen lanes. Include after a level's lanes.h. Private.
//
// Q4_K and Q5_K put the sub-blocks of two super-blocks in the lanes, Q6_K those of one.
#include "../codecs.h"
#include "../scalar/superblock.h"
#include "search.h"

// Weights of 16 transposed sub-blocks of 32 without importance.
LANES_INLINE void lanes_weigh_plain(const float *x, float *weights) {
  lanes sum = lanes_all(0);
  for (int i = 0; i < 32; i++) {
    const lanes value = lanes_load(x + LANES * i);
    sum = lanes_add(sum, lanes_mul(value, value));
  }
  const lanes typical = lanes_sqrt(lanes_mul(sum, lanes_all(1.f / 32)));
  for (int i = 0; i < 32; i++)
    lanes_store(weights + LANES * i, lanes_add(typical, lanes_abs(lanes_load(x + LANES * i))));
}

// Weights with importance; `pair` is two super-blocks in element order, `x` their transposed values,
// and `weights` holds the transposed importance and becomes the weights.
LANES_INLINE void lanes_weigh_super_blocks(const float *pair, const float *x, float *weights) {
  float sums[2] = {0, 0}, spread[LANES];
  for (int i = 0; i < 256; i++) {
    sums[0] += pair[i] * pair[i];
    sums[1] += pair[256 + i] * pair[256 + i];
  }
  for (int lane = 0; lane < LANES; lane++) spread[lane] = 2 * sums[lane >> 3] / 256;
  const lanes twice_mean = lanes_load(spread);
  for (int i = 0; i < 32; i++) {
    const lanes value = lanes_load(x + LANES * i);
    const lanes root = lanes_sqrt(lanes_add(twice_mean, lanes_mul(value, value)));
    lanes_store(weights + LANES * i, lanes_mul(lanes_load(weights + LANES * i), root));
  }
}

LANES_INLINE void lanes_transpose_32(const float *rows, float *columns) {
  lanes_transpose(rows, 32, columns);
  lanes_transpose(rows + 16, 32, columns + 16 * LANES);
}

// The codes of one sub-block of 32 from its stored scale.
LANES_INLINE void lanes_requantize_affine(const float *x, float step, float offset, int levels,
                                          uint8_t *codes) {
  for (int i = 0; i < 32; i += LANES) {
    const lanes value = lanes_add(lanes_load(x + i), lanes_all(offset));
    const lanes_int code = lanes_nearest_wrapped(lanes_div(value, lanes_all(step)));
    lanes_store_bytes(codes + i, lanes_clamped(code, 0, levels));
  }
}

// The codes that the search itself ended with, for one lane.
LANES_INLINE void lanes_codes_of_search(const float *x, float inverse, float base, bool flat,
                                        int levels, uint8_t *codes) {
  for (int i = 0; i < 32; i++) {
    const int32_t code = quern_nearest(inverse * (x[i] - base));
    codes[i] = flat ? 0 : (uint8_t)quern_clamped(code, 0, levels);
  }
}

// Finds scales and codes of two Q4_K or Q5_K super-blocks in element order; `importance` likewise or
// null.
LANES_INLINE void lanes_find_affine(const float pair[512], const float *importance,
                                    const quern_affine_search *search, bool clamp,
                                    quern_stored_scales stored[2], uint8_t codes[512]) {
  float x[32 * LANES], weights[32 * LANES];
  lanes_transpose_32(pair, x);
  if (importance) {
    lanes_transpose_32(importance, weights);
    lanes_weigh_super_blocks(pair, x, weights);
  } else {
    lanes_weigh_plain(x, weights);
  }
  const lanes_affine found = lanes_search_affine(
      32, search->levels, x, weights, importance ? search->weighted : search->plain);

  quern_affine_scales scales[2];
  float scale[LANES], minimum[LANES], sum_w[LANES], inverse[LANES], base[LANES];
  lanes_store(scale, found.scale);
  lanes_store(minimum, found.minimum);
  lanes_store(sum_w, found.sum_w);
  lanes_store(inverse, found.inverse);
  lanes_store(base, found.base);
  for (int i = 0; i < 2; i++) {
    memcpy(scales[i].scales, scale + 8 * i, sizeof scales[i].scales);
    memcpy(scales[i].minimums, minimum + 8 * i, sizeof scales[i].minimums);
    memcpy(scales[i].weights, sum_w + 8 * i, sizeof scales[i].weights);
    stored[i] = quern_store_scales(&scales[i], importance != NULL, clamp);
  }
  for (int lane = 0; lane < LANES; lane++) {
    const float step = stored[lane >> 3].steps[lane & 7];
    const float offset = stored[lane >> 3].offsets[lane & 7];
    if (step == 0)
      lanes_codes_of_search(pair + 32 * lane, inverse[lane], base[lane],
                            lanes_bits(found.flat) >> lane & 1, search->levels, codes + 32 * lane);
    else
      lanes_requantize_affine(pair + 32 * lane, step, offset, search->levels, codes + 32 * lane);
  }
}

// Importance of two super-blocks that start at element `start` of rows of `columns`.
LANES_INLINE void lanes_pair_importance(const float *importance, size_t start, size_t columns,
                                        float pair[512]) {
  memcpy(pair, importance + start % columns, 256 * sizeof(float));
  memcpy(pair + 256, importance + (start + 256) % columns, 256 * sizeof(float));
}

#define LANES_AFFINE_ENCODER(type, clamp)                                                         \
  QUERN_TARGET void LANES_ENCODER(type)(const float *input, void *blocks, size_t rows,            \
                                        size_t columns, const float *importance) {                \
    const size_t count = rows * columns;                                                          \
    quern_block_##type *block = blocks;                                                           \
    for (size_t i = 0; i < count; i += 512, block += 2) {                                         \
      const size_t present = count - i < 512 ? count - i : 512;                                   \
      float padded[512], weights[512];                                                            \
      uint8_t codes[512];                                                                         \
      quern_stored_scales scales[2];                                                              \
      const float *pair = input + i;                                                              \
      if (present < 512) {                                                                        \
        memcpy(padded, pair, 256 * sizeof(float));                                                \
        memset(padded + 256, 0, 256 * sizeof(float));                                             \
        pair = padded;                                                                            \
      }                                                                                           \
      if (!lanes_finite(pair, 512)) {                                                             \
        for (size_t j = 0; j < present; j += 256)                                                 \
          quern_encode_##type##_generic(input + i + j, block + j / 256, 1, 256,                   \
                                        importance ? importance + (i + j) % columns : NULL);      \
        continue;                                                                                 \
      }                                                                                           \
      if (importance) lanes_pair_importance(importance, i, columns, weights);                     \
      lanes_find_affine(pair, importance ? weights : NULL, &quern_search_##type, clamp, scales,   \
                        codes);                                                                   \
      quern_pack_##type(&scales[0], codes, block);                                                \
      if (present == 512) quern_pack_##type(&scales[1], codes + 256, block + 1);                  \
    }                                                                                             \
  }

LANES_AFFINE_ENCODER(q4_K, false)
LANES_AFFINE_ENCODER(q5_K, true)

LANES_INLINE void lanes_encode_super_block_q6_K(const float *input, const float *importance,
                                                quern_block_q6_K *block) {
  float x[16 * LANES], weights[16 * LANES], scale[LANES], inverse[LANES], steps[LANES];
  uint8_t codes[256];
  lanes_transpose(input, 16, x);
  if (importance) lanes_transpose(importance, 16, weights);
  const lanes_symmetric found =
      importance ? lanes_search_symmetric(16, 32, x, weights) : lanes_search_symmetric(16, 32, x, NULL);
  lanes_store(scale, found.scale);
  lanes_store(inverse, found.inverse);
  if (!quern_store_scales_q6_K(scale, block, steps)) return;
  for (int sub = 0; sub < 16; sub++) {
    const lanes value = lanes_load(input + 16 * sub);
    lanes_int code;
    if (steps[sub] != 0)
      code = lanes_nearest_wrapped(lanes_div(value, lanes_all(steps[sub])));
    else  // the codes of the search stay
      code = lanes_nearest_wrapped(lanes_mul(lanes_all(inverse[sub]), value));
    if (steps[sub] == 0 && (lanes_bits(found.zero) >> sub & 1))
      memset(codes + 16 * sub, 0, 16);
    else
      lanes_store_bytes(codes + 16 * sub, lanes_add_int(lanes_clamped(code, -32, 31), 32));
  }
  quern_pack_q6_K(codes, block);
}

QUERN_TARGET void LANES_ENCODER(q6_K)(const float *input, void *blocks, size_t rows, size_t columns,
                                      const float *importance) {
  quern_block_q6_K *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256, block++) {
    const float *weights = importance ? importance + i % columns : NULL;
    if (lanes_finite(input + i, 256))
      lanes_encode_super_block_q6_K(input + i, weights, block);
    else
      quern_encode_q6_K_generic(input + i, block, 1, 256, weights);
  }
}
