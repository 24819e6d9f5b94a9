// The encoders of Q4_K and Q5_K on sixteen lanes: the sub-blocks of two super-blocks, a pair. Include
// after a level's lanes.h. Private.
#include "../codecs.h"
#include "../scalar/superblock.h"
#include "affine.h"
#include "super_blocks.h"

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

// Sixteen super-blocks on their way: pairs of them in element order, and what was found.
typedef struct {
  int pairs;
  const float *values[8];
  lanes_affine found[8];
  float squares[LANES];  // of each super-block, with importance
  LANES_ALIGNED float room[512];  // for the last pair of a tensor
} lanes_affine_batch;

// Searches `groups` pairs of a batch from pair `first` on; `importance` likewise or null.
LANES_INLINE void lanes_search_pairs(int groups, const float *const *importance,
                                     const quern_affine_search *search, lanes_affine_batch *batch,
                                     int first) {
  LANES_ALIGNED float x[LANES_GROUPS * 512], weights[LANES_GROUPS * 512];
  for (int k = 0; k < groups; k++) {
    const float *values = batch->values[first + k];
    lanes_transpose_32(values, x + 512 * k);
    if (importance) {
      lanes_transpose_32(importance[k], weights + 512 * k);
      const lanes twice = lanes_mul(lanes_all(2), lanes_spread_pair(batch->squares + 2 * (first + k)));
      lanes_weigh_32(x + 512 * k, lanes_mul(twice, lanes_all(1.f / 256)), weights + 512 * k);
    } else {
      lanes_weigh_plain(x + 512 * k, weights + 512 * k);
    }
  }
  lanes_search_affine(groups, 32, search->levels, x, weights,
                      importance ? search->weighted : search->plain, batch->found + first);
}

// Searches the `present` elements of a batch that starts at element `start` of the tensor.
LANES_INLINE void lanes_search_batch(const float *input, size_t start, size_t present,
                                     size_t columns, const float *importance,
                                     const quern_affine_search *search,
                                     lanes_affine_batch *batch) {
  batch->pairs = (int)((present + 511) / 512);
  for (int p = 0; p < batch->pairs; p++) {
    const size_t at = 512 * (size_t)p;
    batch->values[p] = lanes_filled(input + start + at, present - at, 512, batch->room);
  }
  if (importance) {
    memset(batch->squares, 0, sizeof batch->squares);
    lanes_sums_of_squares(input + start, 256, present / 256, 256, batch->squares);
  }
  for (int p = 0; p < batch->pairs; p += LANES_GROUPS) {
    const int groups = batch->pairs - p < LANES_GROUPS ? batch->pairs - p : LANES_GROUPS;
    LANES_ALIGNED float room[LANES_GROUPS][512];
    const float *weights[LANES_GROUPS];
    for (int k = 0; importance && k < groups; k++)
      weights[k] =
          lanes_importance(importance, start + 512 * (size_t)(p + k), columns, 256, 512, room[k]);
    lanes_search_pairs(groups, importance ? weights : NULL, search, batch, p);
  }
}

// What is stored of the scales of a batch.
LANES_INLINE void lanes_settle_batch(const lanes_affine_batch *batch, bool weighted, bool bound,
                                     quern_stored_scales stored[LANES]) {
  lanes_scales scales = {0}, minimums = {0};
  lanes_scale_codes d, dmin;
  for (int p = 0; p < batch->pairs; p++) {
    lanes_store(scales.values + LANES * p, batch->found[p].scale);
    lanes_store(scales.weights + LANES * p, batch->found[p].sum_w);
    lanes_store(minimums.values + LANES * p, batch->found[p].minimum);
    lanes_store(minimums.weights + LANES * p, batch->found[p].sum_w);
  }
  if (weighted) {
    lanes_quantize_positive(8, 63, &scales, &d);
    lanes_quantize_positive(8, 63, &minimums, &dmin);
  }
  for (int i = 0; i < 2 * batch->pairs; i++)
    stored[i] = weighted ? quern_settle_scales(quern_scale_from_float(d.d[i]),
                                               quern_scale_from_float(dmin.d[i]), bound,
                                               d.codes[i], dmin.codes[i])
                         : quern_store_scales(scales.values + 8 * i, minimums.values + 8 * i);
}

// The codes of one pair, with the scales as they are stored.
LANES_INLINE void lanes_encode_pair(const lanes_affine *found, const float pair[512], int levels,
                                    const quern_stored_scales stored[2], uint8_t codes[512]) {
  float inverse[LANES], base[LANES];
  lanes_store(inverse, found->inverse);
  lanes_store(base, found->base);
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

#define LANES_AFFINE_ENCODER(type)                                                              \
  QUERN_TARGET void LANES_ENCODER(type)(const float *input, void *blocks, size_t rows,          \
                                        size_t columns, const float *importance) {              \
    const quern_affine_search *search = &quern_search_##type;                                   \
    const size_t count = rows * columns;                                                        \
    quern_block_##type *block = blocks;                                                         \
    for (size_t i = 0; i < count; i += 256 * LANES, block += LANES) {                           \
      const size_t present = count - i < 256 * LANES ? count - i : 256 * LANES;                 \
      if (!lanes_finite(input + i, present)) {                                                  \
        LANES_GENERIC_SUPER_BLOCKS(type)                                                        \
        continue;                                                                               \
      }                                                                                         \
      lanes_affine_batch batch;                                                                 \
      quern_stored_scales stored[LANES];                                                        \
      if (importance)                                                                           \
        lanes_search_batch(input, i, present, columns, importance, search, &batch);             \
      else                                                                                      \
        lanes_search_batch(input, i, present, columns, NULL, search, &batch);                   \
      lanes_settle_batch(&batch, importance != NULL, search->bound, stored);                    \
      for (size_t b = 0; b < present / 256; b += 2) {                                           \
        uint8_t codes[512];                                                                     \
        lanes_encode_pair(&batch.found[b / 2], batch.values[b / 2], search->levels, stored + b, \
                          codes);                                                               \
        quern_pack_##type(&stored[b], codes, block + b);                                        \
        if (256 * b + 256 < present) quern_pack_##type(&stored[b + 1], codes + 256, block + b + 1); \
      }                                                                                         \
    }                                                                                           \
  }

LANES_AFFINE_ENCODER(q4_K)
LANES_AFFINE_ENCODER(q5_K)
