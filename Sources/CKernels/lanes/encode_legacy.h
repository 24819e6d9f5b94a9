// The encoders of the 32-element types on sixteen lanes. Include after a level's lanes.h. Private.
//
// Without importance one block is two vectors, reduced across; with it the lanes hold sixteen blocks.
#include "../codecs.h"
#include "../scalar/encode_legacy.h"
#include "affine.h"
#include "symmetric.h"

// The first element of largest magnitude; all are finite.
LANES_INLINE float lanes_extreme(const float x[32]) {
  const lanes a = lanes_load(x), b = lanes_load(x + LANES);
  const float magnitude = lanes_largest(lanes_max(lanes_abs(a), lanes_abs(b)));
  const lanes plus = lanes_all(magnitude), minus = lanes_all(-magnitude);
  const bool positive = lanes_bits(lanes_equal(a, plus)) | lanes_bits(lanes_equal(b, plus));
  const bool negative = lanes_bits(lanes_equal(a, minus)) | lanes_bits(lanes_equal(b, minus));
  if (positive != negative || magnitude == 0) return positive ? magnitude : -magnitude;
  for (int i = 0; i < 32; i++)
    if (quern_magnitude(x[i]) == magnitude) return x[i];
  return 0;
}

LANES_INLINE float lanes_reach_extreme(const float x[32], int levels, uint8_t codes[32]) {
  const float d = lanes_extreme(x) / (float)-levels, inverse = d != 0 ? 1.f / d : 0;
  for (int i = 0; i < 32; i += LANES) {
    const lanes product = lanes_mul(lanes_load(x + i), lanes_all(inverse));
    const lanes_int code = lanes_truncated(lanes_add(product, lanes_all((float)levels + 0.5f)));
    lanes_store_bytes(codes + i, lanes_at_most_int(code, 2 * levels - 1));
  }
  return d;
}

LANES_INLINE float lanes_span_range(const float x[32], int levels, uint8_t codes[32],
                                    float *minimum) {
  const lanes a = lanes_load(x), b = lanes_load(x + LANES);
  float min = lanes_least(lanes_min(a, b));
  const float max = lanes_largest(lanes_max(a, b));
  if (min == 0) {  // of the two zeros, the first in the block
    int i = 0;
    while (x[i] != 0) i++;
    min = x[i];
  }
  const float range = max == min ? 0 : max - min;  // never -0
  const float d = range / (float)levels, inverse = d != 0 ? 1.f / d : 0;
  for (int i = 0; i < 32; i += LANES) {
    const lanes above = lanes_sub(lanes_load(x + i), lanes_all(min));
    const lanes product = lanes_mul(above, lanes_all(inverse));
    const lanes_int code = lanes_truncated(lanes_add(product, lanes_all(0.5f)));
    lanes_store_bytes(codes + i, lanes_at_most_int(code, levels));
  }
  *minimum = min;
  return d;
}

// Sixteen blocks of one row, searched with importance.
typedef struct {
  float scale[LANES], minimum[LANES];
  uint8_t codes[LANES][32];
} lanes_searched;

LANES_INLINE void lanes_weigh_row(const float *x, const float *importance, float variance,
                                  float *weights) {
  lanes_transpose(importance, 32, weights);
  lanes_transpose(importance + 16, 32, weights + 16 * LANES);
  for (int i = 0; i < 32; i++) {
    const lanes value = lanes_load(x + LANES * i);
    const lanes root = lanes_sqrt(lanes_add(lanes_all(variance), lanes_mul(value, value)));
    lanes_store(weights + LANES * i, lanes_mul(lanes_load(weights + LANES * i), root));
  }
}

LANES_INLINE void lanes_search_row(const float *input, const float *importance, float variance,
                                   bool affine, int levels, lanes_searched *result) {
  LANES_ALIGNED float x[32 * LANES], weights[32 * LANES];
  uint8_t transposed[32][LANES];
  lanes_transpose(input, 32, x);
  lanes_transpose(input + 16, 32, x + 16 * LANES);
  lanes_weigh_row(x, importance, variance, weights);
  unsigned zero;
  if (affine) {
    const quern_candidates candidates = {-0.9f, 0.05f, 36, false};
    lanes_affine found;
    lanes_search_affine(1, 32, levels, x, weights, candidates, &found);
    for (int i = 0; i < 32; i++)
      lanes_store_bytes(transposed[i], lanes_affine_codes(lanes_load(x + LANES * i), found.inverse,
                                                          found.base, levels));
    lanes_store(result->scale, found.scale);
    lanes_store(result->minimum, lanes_sub(lanes_all(-0.f), found.minimum));
    zero = lanes_bits(found.flat);
  } else {
    const lanes_symmetric found = lanes_search_symmetric(32, levels, x, weights);
    for (int i = 0; i < 32; i++)
      lanes_store_bytes(transposed[i], lanes_symmetric_codes(lanes_load(x + LANES * i),
                                                             found.inverse, levels));
    lanes_store(result->scale, found.scale);
    zero = lanes_bits(found.zero);
  }
  for (int lane = 0; lane < LANES; lane++)
    for (int i = 0; i < 32; i++)
      result->codes[lane][i] = zero >> lane & 1 ? 0 : transposed[i][lane];
}

LANES_INLINE float lanes_row_variance(const float *x, size_t columns) {
  float sum = 0;
  for (size_t i = 0; i < columns; i++) sum += x[i] * x[i];
  return sum / (float)columns;
}

// Blocks of a row with importance, from `start`; returns how many, at most sixteen.
LANES_INLINE size_t lanes_search_blocks(const float *row, const float *importance, size_t start,
                                        size_t columns, float variance, bool affine, int levels,
                                        lanes_searched *result) {
  const size_t left = columns - start;
  if (left >= 32 * LANES) {
    lanes_search_row(row + start, importance + start, variance, affine, levels, result);
    return LANES;
  }
  LANES_ALIGNED float padded[32 * LANES] = {0}, weights[32 * LANES] = {0};
  memcpy(padded, row + start, left * sizeof(float));
  memcpy(weights, importance + start, left * sizeof(float));
  lanes_search_row(padded, weights, variance, affine, levels, result);
  return left / 32;
}

// `find` is the encoder without importance, `pack` writes block b of a searched group.
#define LANES_LEGACY_ENCODER(type, affine, levels, find, pack)                                   \
  QUERN_TARGET void LANES_ENCODER(type)(const float *input, void *blocks, size_t rows,           \
                                        size_t columns, const float *importance) {               \
    quern_block_##type *block = blocks;                                                          \
    for (size_t row = 0; row < rows; row++, input += columns, block += columns / 32) {           \
      if (!lanes_finite(input, columns)) {                                                   \
        quern_encode_##type##_generic(input, block, 1, columns, importance);                     \
        continue;                                                                                \
      }                                                                                          \
      if (!importance) {                                                                         \
        for (size_t i = 0; i < columns / 32; i++) {                                              \
          const float *x = input + 32 * i;                                                       \
          uint8_t codes[32];                                                                     \
          find;                                                                                  \
        }                                                                                        \
        continue;                                                                                \
      }                                                                                          \
      const float variance = lanes_row_variance(input, columns);                                 \
      for (size_t i = 0; i < columns / 32; i += LANES) {                                         \
        lanes_searched group;                                                                    \
        const size_t count = lanes_search_blocks(input, importance, 32 * i, columns, variance,   \
                                                 affine, levels, &group);                        \
        for (size_t b = 0; b < count; b++) pack;                                                 \
      }                                                                                          \
    }                                                                                            \
  }

#define LANES_SYMMETRIC_LEGACY(type, levels)                                                \
  LANES_LEGACY_ENCODER(type, false, levels,                                                 \
                       const float d = lanes_reach_extreme(x, levels, codes);               \
                       quern_pack_##type(d, codes, block + i),                              \
                       quern_pack_##type(group.scale[b], group.codes[b], block + i + b))

#define LANES_AFFINE_LEGACY(type, levels)                                                   \
  LANES_LEGACY_ENCODER(type, true, levels, float minimum;                                   \
                       const float d = lanes_span_range(x, levels, codes, &minimum);        \
                       quern_pack_##type(d, minimum, codes, block + i),                     \
                       quern_pack_##type(group.scale[b], group.minimum[b], group.codes[b],  \
                                         block + i + b))

LANES_SYMMETRIC_LEGACY(q4_0, 8)
LANES_SYMMETRIC_LEGACY(q5_0, 16)
LANES_AFFINE_LEGACY(q4_1, 15)
LANES_AFFINE_LEGACY(q5_1, 31)

QUERN_TARGET void LANES_ENCODER(q8_0)(const float *input, void *blocks, size_t rows, size_t columns,
                                      const float *importance) {
  (void)importance;
  quern_block_q8_0 *block = blocks;
  // The float just below one half, see quern_rounded_away.
  const float half = quern_from_bits(0x3effffffu);
  for (size_t i = 0; i < rows * columns; i += 32, block++) {
    if (!lanes_finite(input + i, 32)) {
      quern_encode_q8_0_generic(input + i, block, 1, 32, NULL);
      continue;
    }
    const lanes a = lanes_abs(lanes_load(input + i)), b = lanes_abs(lanes_load(input + i + LANES));
    const float d = lanes_largest(lanes_max(a, b)) / 127.f, inverse = d != 0 ? 1.f / d : 0;
    block->d = quern_scale_from_float(d);
    for (int j = 0; j < 32; j += LANES) {
      const lanes x = lanes_mul(lanes_load(input + i + j), lanes_all(inverse));
      const lanes away = lanes_select(lanes_less(x, lanes_all(0)), lanes_all(-half), lanes_all(half));
      lanes_store_bytes(block->qs + j, lanes_truncated(lanes_add(x, away)));
    }
  }
}
