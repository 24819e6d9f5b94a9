// The encoders of K super-blocks on sixteen lanes. Include after a level's lanes.h. Private.
//
// Q4_K and Q5_K put the sub-blocks of two super-blocks (a pair) in the lanes, Q6_K those of one.
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

// Stores what was found for one pair: quantized scales and the codes that go with them.
LANES_INLINE void lanes_store_pair(const lanes_affine *found, const float pair[512], bool weighted,
                                   int levels, bool clamp, quern_stored_scales stored[2],
                                   uint8_t codes[512]) {
  quern_affine_scales scales[2];
  float scale[LANES], minimum[LANES], sum_w[LANES], inverse[LANES], base[LANES];
  lanes_store(scale, found->scale);
  lanes_store(minimum, found->minimum);
  lanes_store(sum_w, found->sum_w);
  lanes_store(inverse, found->inverse);
  lanes_store(base, found->base);
  for (int i = 0; i < 2; i++) {
    memcpy(scales[i].scales, scale + 8 * i, sizeof scales[i].scales);
    memcpy(scales[i].minimums, minimum + 8 * i, sizeof scales[i].minimums);
    memcpy(scales[i].weights, sum_w + 8 * i, sizeof scales[i].weights);
    stored[i] = quern_store_scales(&scales[i], weighted, clamp);
  }
  const unsigned flat = lanes_bits(found->flat);
  for (int lane = 0; lane < LANES; lane++) {
    const float step = stored[lane >> 3].steps[lane & 7];
    const float offset = stored[lane >> 3].offsets[lane & 7];
    const float *x = pair + 32 * lane;
    if (step == 0)
      lanes_codes_of_search(x, inverse[lane], base[lane], flat >> lane & 1, levels,
                            codes + 32 * lane);
    else
      lanes_requantize_affine(x, step, offset, levels, codes + 32 * lane);
  }
}

// Finds scales and codes of `groups` pairs of Q4_K or Q5_K super-blocks in element order;
// `importance` likewise or null.
LANES_INLINE void lanes_find_affine(int groups, const float *pairs, const float *importance,
                                    const quern_affine_search *search, bool clamp,
                                    quern_stored_scales *stored, uint8_t *codes) {
  float x[2 * 32 * LANES], weights[2 * 32 * LANES];
  for (int k = 0; k < groups; k++) {
    lanes_transpose_32(pairs + 512 * k, x + 512 * k);
    if (importance) {
      lanes_transpose_32(importance + 512 * k, weights + 512 * k);
      lanes_weigh_super_blocks(pairs + 512 * k, x + 512 * k, weights + 512 * k);
    } else {
      lanes_weigh_plain(x + 512 * k, weights + 512 * k);
    }
  }
  lanes_affine found[2];
  if (importance)
    lanes_search_affine(groups, 32, search->levels, x, weights, search->weighted, found);
  else
    lanes_search_affine(groups, 32, search->levels, x, weights, search->plain, found);
  for (int k = 0; k < groups; k++)
    lanes_store_pair(&found[k], pairs + 512 * k, importance != NULL, search->levels, clamp,
                     stored + 2 * k, codes + 512 * k);
}

// Up to four super-blocks in element order, filled up with zeros, and their importance.
typedef struct {
  float values[4 * 256], importance[4 * 256];
} lanes_padded;

// `lanes_encode_few_` encodes the `present` elements of one to four super-blocks.
#define LANES_AFFINE_ENCODER(type, clamp)                                                       \
  LANES_INLINE void lanes_encode_few_##type(int groups, const float *input, size_t present,     \
                                            const float *importance, quern_block_##type *block) { \
    uint8_t codes[4 * 256];                                                                     \
    quern_stored_scales scales[4];                                                              \
    if (importance)                                                                             \
      lanes_find_affine(groups, input, importance, &quern_search_##type, clamp, scales, codes); \
    else                                                                                        \
      lanes_find_affine(groups, input, NULL, &quern_search_##type, clamp, scales, codes);       \
    for (size_t i = 0; i < present / 256; i++)                                                  \
      quern_pack_##type(&scales[i], codes + 256 * i, block + i);                                \
  }                                                                                             \
                                                                                                \
  QUERN_TARGET void LANES_ENCODER(type)(const float *input, void *blocks, size_t rows,          \
                                        size_t columns, const float *importance) {              \
    const size_t count = rows * columns, step = 512 * LANES_GROUPS;                             \
    quern_block_##type *block = blocks;                                                         \
    for (size_t i = 0; i < count; i += step, block += step / 256) {                             \
      const size_t present = count - i < step ? count - i : step;                               \
      lanes_padded padded;                                                                      \
      const float *values = input + i;                                                          \
      if (present < step) {                                                                     \
        memset(padded.values, 0, sizeof padded.values);                                         \
        values = memcpy(padded.values, values, present * sizeof(float));                        \
      }                                                                                         \
      for (size_t j = 0; importance && j < step; j += 256)                                      \
        memcpy(padded.importance + j, importance + (i + j) % columns, 256 * sizeof(float));     \
      if (!lanes_finite(values, step)) {                                                        \
        for (size_t j = 0; j < present; j += 256)                                               \
          quern_encode_##type##_generic(values + j, block + j / 256, 1, 256,                    \
                                        importance ? padded.importance + j : NULL);             \
        continue;                                                                               \
      }                                                                                         \
      const float *weights = importance ? padded.importance : NULL;                             \
      if (LANES_GROUPS == 1 || present <= 512)                                                  \
        lanes_encode_few_##type(1, values, present, weights, block);                            \
      else                                                                                      \
        lanes_encode_few_##type(2, values, present, weights, block);                            \
    }                                                                                           \
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
