// The encoder of Q6_K on sixteen lanes: the sub-blocks of one super-block. Include after a level's
// lanes.h. Private.
#include "../codecs.h"
#include "../scalar/superblock.h"
#include "super_blocks.h"
#include "symmetric.h"

// quern_store_scales_q6_K.
LANES_INLINE bool lanes_store_scales_q6_K(const float found[16], quern_block_q6_K *block,
                                          float steps[16]) {
  float extreme;
  if (!lanes_first_extreme(found, &extreme) || quern_magnitude(extreme) < QUERN_LEAST_MAGNITUDE)
    return quern_store_scales_q6_K(found, block, steps);
  const float inverse = -128.f / extreme;
  block->d = quern_scale_from_float(1 / inverse);
  const lanes_int nearest = lanes_nearest_wrapped(lanes_mul(lanes_all(inverse), lanes_load(found)));
  const lanes_int scales = lanes_at_most_int(nearest, 127);
  lanes_store_bytes(block->scales, scales);
  lanes_store(steps, lanes_mul(lanes_all(quern_float_from_half(block->d)), lanes_from_int(scales)));
  return true;
}

// The codes of a sub-block whose stored scale is zero: those of the search.
LANES_INLINE void lanes_codes_of_search_q6_K(const float *x, const lanes_symmetric *found, int sub,
                                             uint8_t *codes) {
  float inverse[LANES];
  lanes_store(inverse, found->inverse);
  if (lanes_bits(found->zero) >> sub & 1)
    memset(codes, 0, 16);
  else
    lanes_store_bytes(codes, lanes_symmetric_codes(lanes_load(x), lanes_all(inverse[sub]), 32));
}

LANES_INLINE lanes_symmetric lanes_search_q6_K(const float *input, const float *importance) {
  LANES_ALIGNED float x[16 * LANES], weights[16 * LANES];
  lanes_transpose(input, 16, x);
  if (!importance) return lanes_search_symmetric(16, 32, x, NULL);
  lanes_transpose(importance, 16, weights);
  return lanes_search_symmetric(16, 32, x, weights);
}

LANES_INLINE void lanes_codes_q6_K(const float *x, const lanes_symmetric *found,
                                   const float steps[16], uint8_t codes[256]) {
  for (int sub = 0; sub < 16; sub++) {
    const lanes quotient = lanes_div(lanes_load(x + 16 * sub), lanes_all(steps[sub]));
    const lanes_int code = lanes_clamped(lanes_nearest_wrapped(quotient), -32, 31);
    lanes_store_bytes(codes + 16 * sub, lanes_add_int(code, 32));
  }
  unsigned zero = lanes_bits(lanes_equal(lanes_load(steps), lanes_all(0)));
  for (; zero != 0; zero &= zero - 1) {
    const int sub = __builtin_ctz(zero);
    lanes_codes_of_search_q6_K(x + 16 * sub, found, sub, codes + 16 * sub);
  }
}

// Up to eight super-blocks, step by step: one alone would wait for each result.
LANES_INLINE void lanes_encode_batch_q6_K(size_t count, const float *input, size_t start,
                                          size_t columns, const float *importance,
                                          quern_block_q6_K *block) {
  lanes_symmetric found[8];
  float steps[8][16];
  bool present[8];
  for (size_t b = 0; b < count; b++) {
    const size_t at = start + 256 * b;
    found[b] = lanes_search_q6_K(input + at, importance ? importance + at % columns : NULL);
  }
  for (size_t b = 0; b < count; b++) {
    float scale[LANES];
    lanes_store(scale, found[b].scale);
    present[b] = lanes_store_scales_q6_K(scale, block + b, steps[b]);
  }
  for (size_t b = 0; b < count; b++) {
    uint8_t codes[256];
    if (!present[b]) continue;
    lanes_codes_q6_K(input + start + 256 * b, &found[b], steps[b], codes);
    quern_pack_q6_K(codes, block + b);
  }
}

QUERN_TARGET void LANES_ENCODER(q6_K)(const float *input, void *blocks, size_t rows, size_t columns,
                                      const float *importance) {
  const size_t count = rows * columns;
  quern_block_q6_K *block = blocks;
  for (size_t i = 0; i < count; i += 2048, block += 8) {
    const size_t present = count - i < 2048 ? count - i : 2048;
    if (!lanes_finite(input + i, present)) {
      LANES_GENERIC_SUPER_BLOCKS(q6_K)
    } else if (importance) {
      lanes_encode_batch_q6_K(present / 256, input, i, columns, importance, block);
    } else {
      lanes_encode_batch_q6_K(present / 256, input, i, columns, NULL, block);
    }
  }
}
