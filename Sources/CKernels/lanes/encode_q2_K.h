// The encoder of Q2_K on sixteen lanes: a super-block's sixteen sub-blocks, or for their scales sixteen
// super-blocks. Include after a level's lanes.h. Private.
#include "../codecs.h"
#include "../scalar/low_k.h"
#include "affine.h"
#include "super_blocks.h"

// Sixteen super-blocks of Q2_K on their way.
typedef struct {
  lanes_affine found[LANES];
  quern_stored_scales_q2_K stored[LANES];
} lanes_batch_q2_K;

// Searches `groups` super-blocks; `importance` starts at the first's or is null, as then their `squares`.
LANES_INLINE void lanes_search_q2_K(int groups, const float *input, const float *importance,
                                    const float *squares, lanes_affine *found) {
  LANES_ALIGNED float x[LANES_GROUPS * 256], weights[LANES_GROUPS * 256];
  for (int k = 0; k < groups; k++) {
    lanes_transpose(input + 256 * k, 16, x + 256 * k);
    if (importance) {
      lanes_transpose(importance + 256 * k, 16, weights + 256 * k);
      lanes_weigh_sub_blocks(x + 256 * k, squares[k] / 256,
                             weights + 256 * k);
    } else {
      for (int i = 0; i < 256; i += LANES)
        lanes_store(weights + 256 * k + i, lanes_abs(lanes_load(x + 256 * k + i)));
    }
  }
  lanes_search_affine(groups, 16, 3, x, weights,
                      importance ? quern_search_q2_K.weighted : quern_search_q2_K.plain, found);
}

LANES_INLINE void lanes_search_batch_q2_K(const float *input, size_t start, size_t count,
                                          size_t columns, const float *importance,
                                          lanes_affine *found) {
  float squares[LANES];
  if (importance) lanes_sums_of_squares(input + start, 256, count, 256, squares);
  for (size_t b = 0; b < count; b += LANES_GROUPS) {
    const size_t groups = count - b < LANES_GROUPS ? count - b : LANES_GROUPS;
    LANES_ALIGNED float room[LANES_GROUPS * 256];
    const float *weights = importance ? lanes_importance(importance, start + 256 * b, columns, 256,
                                                         256 * groups, room)
                                      : NULL;
    lanes_search_q2_K((int)groups, input + start + 256 * b, weights, squares + b, found + b);
  }
}

LANES_INLINE void lanes_settle_q2_K(size_t count, bool weighted, lanes_batch_q2_K *batch) {
  lanes_scales scales = {0}, minimums = {0};
  lanes_scale_codes d, dmin;
  for (size_t b = 0; b < count; b++) {
    lanes_store(scales.values + LANES * b, batch->found[b].scale);
    lanes_store(scales.weights + LANES * b, batch->found[b].sum_w);
    lanes_store(minimums.values + LANES * b, batch->found[b].minimum);
    lanes_store(minimums.weights + LANES * b, batch->found[b].sum_w);
  }
  if (weighted) {
    lanes_quantize_positive(16, 15, &scales, &d);
    lanes_quantize_positive(16, 15, &minimums, &dmin);
  }
  for (size_t b = 0; b < count; b++)
    batch->stored[b] =
        weighted ? quern_pack_scales_q2_K(quern_scale_from_float(d.d[b]),
                                          quern_scale_from_float(dmin.d[b]), d.codes[b], dmin.codes[b])
                 : quern_store_scales_q2_K(scales.values + LANES * b, minimums.values + LANES * b);
}

LANES_INLINE void lanes_codes_q2_K(const float *x, const lanes_affine *found,
                                   const quern_stored_scales_q2_K *stored, uint8_t codes[256]) {
  float inverse[LANES], base[LANES];
  lanes_store(inverse, found->inverse);
  lanes_store(base, found->base);
  for (int sub = 0; sub < 16; sub++) {
    const lanes value = lanes_load(x + 16 * sub);
    lanes_int code;
    if (stored->steps[sub] != 0)
      code = lanes_nearest_wrapped(lanes_div(lanes_add(value, lanes_all(stored->offsets[sub])),
                                             lanes_all(stored->steps[sub])));
    else  // the codes of the search stay
      code = lanes_nearest_wrapped(
          lanes_mul(lanes_all(inverse[sub]), lanes_sub(value, lanes_all(base[sub]))));
    if (stored->steps[sub] == 0 && (lanes_bits(found->flat) >> sub & 1))
      memset(codes + 16 * sub, 0, 16);
    else
      lanes_store_bytes(codes + 16 * sub, lanes_clamped(code, 0, 3));
  }
}

QUERN_TARGET void LANES_ENCODER(q2_K)(const float *input, void *blocks, size_t rows, size_t columns,
                                      const float *importance) {
  const size_t count = rows * columns;
  quern_block_q2_K *block = blocks;
  for (size_t i = 0; i < count; i += 256 * LANES, block += LANES) {
    const size_t present = count - i < 256 * LANES ? count - i : 256 * LANES;
    if (!lanes_finite(input + i, present)) {
      LANES_GENERIC_SUPER_BLOCKS(q2_K)
      continue;
    }
    lanes_batch_q2_K batch;
    if (importance)
      lanes_search_batch_q2_K(input, i, present / 256, columns, importance, batch.found);
    else
      lanes_search_batch_q2_K(input, i, present / 256, columns, NULL, batch.found);
    lanes_settle_q2_K(present / 256, importance != NULL, &batch);
    for (size_t b = 0; b < present / 256; b++) {
      uint8_t codes[256];
      lanes_codes_q2_K(input + i + 256 * b, &batch.found[b], &batch.stored[b], codes);
      quern_pack_q2_K(&batch.stored[b], codes, block + b);
    }
  }
}
