// The encoder of Q3_K on sixteen lanes: a super-block's sixteen sub-blocks, or for their scales, with
// importance, sixteen super-blocks. Include after a level's lanes.h. Private.
#include "../codecs.h"
#include "../scalar/low_k.h"
#include "descent.h"
#include "super_blocks.h"
#include "symmetric.h"

// The codes of a Q3_K super-block with the scales as they are stored; where a scale is zero, `codes`
// already holds the codes of the search.
LANES_INLINE void lanes_codes_q3_K(const float *x, const float steps[16], uint8_t codes[256]) {
  for (int sub = 0; sub < 16; sub++) {
    if (steps[sub] == 0) continue;
    const lanes quotient = lanes_div(lanes_load(x + 16 * sub), lanes_all(steps[sub]));
    const lanes_int code = lanes_clamped(lanes_nearest_wrapped(quotient), -4, 3);
    lanes_store_bytes(codes + 16 * sub, lanes_add_int(code, 4));
  }
}

// Up to `groups` super-blocks without importance.
LANES_INLINE void lanes_encode_plain_q3_K(int groups, const float *input, quern_block_q3_K *block) {
  LANES_ALIGNED float x[4 * 256], transposed[4 * 256];
  lanes scale[4];
  lanes_mask zero[4];
  for (int k = 0; k < groups; k++) lanes_transpose(input + 256 * k, 16, x + 256 * k);
  lanes_descend_symmetric(groups, 16, 4, x, transposed, scale, zero);
  for (int k = 0; k < groups; k++) {
    float found[16], steps[16], ordered[256];
    uint8_t scales[16], codes[256];
    lanes_store(found, scale[k]);
    const quern_half d = quern_quantize_scales_q3_K(found, scales);
    quern_store_scales_q3_K(d, scales, block + k, steps);
    lanes_transpose(transposed + 256 * k, 16, ordered);
    for (int i = 0; i < 256; i += LANES)
      lanes_store_bytes(codes + i, lanes_truncated(lanes_load(ordered + i)));
    lanes_codes_q3_K(input + 256 * k, steps, codes);
    quern_pack_q3_K(codes, block + k);
  }
}

// Sixteen super-blocks with importance on their way: the scales of their sub-blocks and those scales'
// weights, the inverse scales of the search's codes, and which sub-blocks count as zero.
typedef struct {
  lanes_scales scales;
  LANES_ALIGNED float inverse[LANES][LANES];
  unsigned zero[LANES];
} lanes_batch_q3_K;

LANES_INLINE void lanes_search_q3_K(const float *input, const float *importance, float squares,
                                    size_t b, lanes_batch_q3_K *batch) {
  LANES_ALIGNED float x[256], weights[256];
  lanes_transpose(input, 16, x);
  lanes_transpose(importance, 16, weights);
  lanes_weigh_sub_blocks(x, 2 * squares / 256, weights);
  const lanes_symmetric found = lanes_search_symmetric(16, 4, x, weights);
  lanes_store(batch->scales.values + LANES * b, found.scale);
  lanes_store(batch->scales.weights + LANES * b, lanes_sum_weights(weights));
  lanes_store(batch->inverse[b], found.inverse);
  batch->zero[b] = lanes_bits(found.zero);
}

// The scales of the scales and their codes, one super-block a lane.
LANES_INLINE void lanes_settle_q3_K(size_t count, const lanes_scales *scales,
                                    lanes_scale_codes *result) {
  if (!lanes_finite(scales->values, LANES * count)) {  // sums have overflown
    for (size_t b = 0; b < count; b++)
      result->d[b] = quern_search_symmetric(16, 32, scales->values + LANES * b,
                                            scales->weights + LANES * b, result->codes[b]);
    return;
  }
  LANES_ALIGNED float x[256], weights[256];
  uint8_t bytes[16][LANES];
  lanes_transpose(scales->values, 16, x);
  lanes_transpose(scales->weights, 16, weights);
  const lanes_symmetric found = lanes_search_symmetric(16, 32, x, weights);
  lanes_store(result->d, found.scale);
  for (int i = 0; i < 16; i++)
    lanes_store_bytes(bytes[i],
                      lanes_symmetric_codes(lanes_load(x + LANES * i), found.inverse, 32));
  const unsigned zero = lanes_bits(found.zero);
  for (int lane = 0; lane < LANES; lane++)
    for (int i = 0; i < 16; i++) result->codes[lane][i] = zero >> lane & 1 ? 0 : bytes[i][lane];
}

// The codes that the searches of a super-block ended with, where its stored scale is zero.
LANES_INLINE void lanes_codes_of_search_q3_K(const float *x, const float inverse[16], unsigned zero,
                                             const float steps[16], uint8_t codes[256]) {
  for (int sub = 0; sub < 16; sub++) {
    if (steps[sub] != 0) continue;
    if (zero >> sub & 1)
      memset(codes + 16 * sub, 0, 16);
    else
      lanes_store_bytes(codes + 16 * sub, lanes_symmetric_codes(lanes_load(x + 16 * sub),
                                                                lanes_all(inverse[sub]), 4));
  }
}

// Up to sixteen super-blocks with importance, from element `start` of the tensor on.
LANES_INLINE void lanes_encode_weighted_q3_K(size_t count, const float *input, size_t start,
                                             size_t columns, const float *importance,
                                             quern_block_q3_K *block) {
  lanes_batch_q3_K batch = {.scales = {{0}}};
  lanes_scale_codes settled;
  float squares[LANES];
  lanes_sums_of_squares(input + start, 256, count, 256, squares);
  for (size_t b = 0; b < count; b++) {
    const size_t at = start + 256 * b;
    lanes_search_q3_K(input + at, importance + at % columns, squares[b], b, &batch);
  }
  lanes_settle_q3_K(count, &batch.scales, &settled);
  for (size_t b = 0; b < count; b++) {
    const float *x = input + start + 256 * b;
    float steps[16];
    uint8_t codes[256];
    quern_store_scales_q3_K(quern_scale_from_float(settled.d[b]), settled.codes[b], block + b, steps);
    lanes_codes_of_search_q3_K(x, batch.inverse[b], batch.zero[b], steps, codes);
    lanes_codes_q3_K(x, steps, codes);
    quern_pack_q3_K(codes, block + b);
  }
}

QUERN_TARGET void LANES_ENCODER(q3_K)(const float *input, void *blocks, size_t rows, size_t columns,
                                      const float *importance) {
  const size_t count = rows * columns;
  quern_block_q3_K *block = blocks;
  for (size_t i = 0; i < count; i += 256 * LANES, block += LANES) {
    const size_t present = count - i < 256 * LANES ? count - i : 256 * LANES;
    if (!lanes_finite(input + i, present)) {
      LANES_GENERIC_SUPER_BLOCKS(q3_K)
    } else if (importance) {
      lanes_encode_weighted_q3_K(present / 256, input, i, columns, importance, block);
    } else {
      const size_t step = LANES_DESCENTS, whole = present / 256 / step * step;
      for (size_t b = 0; b < whole; b += step)
        lanes_encode_plain_q3_K((int)step, input + i + 256 * b, block + b);
      for (size_t b = whole; b < present / 256; b++)
        lanes_encode_plain_q3_K(1, input + i + 256 * b, block + b);
    }
  }
}
