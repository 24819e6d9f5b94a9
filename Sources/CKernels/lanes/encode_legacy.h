// The encoders of the 32-element types on sixteen lanes. Include after a level's lanes.h. Private.
//
// Without importance one block is two vectors, reduced across; with it the lanes hold sixteen blocks.
#include "../codecs.h"
#include "../scalar/encode_legacy.h"
#include "affine.h"
#include "super_blocks.h"
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

// Up to sixteen blocks of one row, searched with importance.
typedef struct {
  size_t count;
  float scale[LANES], minimum[LANES];
  uint8_t codes[LANES][32];
} lanes_searched;

// Transposes blocks of a row from `start` on, sixteen or what is left, and weighs them.
LANES_INLINE size_t lanes_gather_blocks(const float *row, const float *importance, size_t start,
                                        size_t columns, float variance, float *x, float *weights) {
  const size_t left = columns - start, count = left < 32 * LANES ? left : 32 * LANES;
  LANES_ALIGNED float room[2][32 * LANES];
  lanes_transpose_32(lanes_filled(row + start, count, 32 * LANES, room[0]), x);
  lanes_transpose_32(lanes_filled(importance + start, count, 32 * LANES, room[1]), weights);
  lanes_weigh_32(x, lanes_all(variance), weights);
  return count / 32;
}

LANES_INLINE void lanes_order_codes(const uint8_t transposed[32][LANES], unsigned zero,
                                    lanes_searched *result) {
  for (int lane = 0; lane < LANES; lane++)
    for (int i = 0; i < 32; i++)
      result->codes[lane][i] = zero >> lane & 1 ? 0 : transposed[i][lane];
}

LANES_INLINE void lanes_settle_affine_blocks(const float *x, const lanes_affine *found, int levels,
                                             lanes_searched *result) {
  uint8_t transposed[32][LANES];
  for (int i = 0; i < 32; i++)
    lanes_store_bytes(transposed[i], lanes_affine_codes(lanes_load(x + LANES * i), found->inverse,
                                                        found->base, levels));
  lanes_store(result->scale, found->scale);
  lanes_store(result->minimum, lanes_sub(lanes_all(-0.f), found->minimum));
  lanes_order_codes(transposed, lanes_bits(found->flat), result);
}

LANES_INLINE void lanes_search_symmetric_blocks(const float *x, const float *weights, int levels,
                                                lanes_searched *result) {
  uint8_t transposed[32][LANES];
  const lanes_symmetric found = lanes_search_symmetric(32, levels, x, weights);
  for (int i = 0; i < 32; i++)
    lanes_store_bytes(transposed[i], lanes_symmetric_codes(lanes_load(x + LANES * i),
                                                           found.inverse, levels));
  lanes_store(result->scale, found.scale);
  lanes_order_codes(transposed, lanes_bits(found.zero), result);
}

// Searches blocks of a row from `start` on, in up to LANES_GROUPS groups; returns how many groups.
LANES_INLINE int lanes_search_blocks(const float *row, const float *importance, size_t start,
                                     size_t columns, float variance, bool affine, int levels,
                                     lanes_searched result[LANES_GROUPS]) {
  LANES_ALIGNED float x[LANES_GROUPS * 512], weights[LANES_GROUPS * 512];
  int groups = 0;
  for (; groups < LANES_GROUPS && start < columns; groups++, start += 32 * LANES)
    result[groups].count = lanes_gather_blocks(row, importance, start, columns, variance,
                                               x + 512 * groups, weights + 512 * groups);
  if (affine) {
    const quern_candidates candidates = {-0.9f, 0.05f, 36, false};
    lanes_affine found[LANES_GROUPS];
    lanes_search_affine(groups, 32, levels, x, weights, candidates, found);
    for (int k = 0; k < groups; k++)
      lanes_settle_affine_blocks(x + 512 * k, &found[k], levels, &result[k]);
  } else {
    for (int k = 0; k < groups; k++)
      lanes_search_symmetric_blocks(x + 512 * k, weights + 512 * k, levels, &result[k]);
  }
  return groups;
}

// `find` is the encoder without importance, `pack` writes block b of a group.
#define LANES_LEGACY_ENCODER(type, affine, levels, find, pack)                                   \
  QUERN_TARGET void LANES_ENCODER(type)(const float *input, void *blocks, size_t rows,           \
                                        size_t columns, const float *importance) {               \
    quern_block_##type *block = blocks;                                                          \
    float squares[LANES] = {0};                                                                  \
    for (size_t row = 0; row < rows; row++, input += columns, block += columns / 32) {           \
      if (importance && row % LANES == 0)                                                        \
        lanes_sums_of_squares(input, columns, rows - row < LANES ? rows - row : LANES, columns,  \
                              squares);                                                          \
      if (!lanes_finite(input, columns)) {                                                       \
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
      const float variance = squares[row % LANES] / (float)columns;                              \
      for (size_t i = 0; i < columns / 32;) {                                                    \
        lanes_searched searched[LANES_GROUPS];                                                   \
        const int groups = lanes_search_blocks(input, importance, 32 * i, columns, variance,     \
                                               affine, levels, searched);                        \
        for (int k = 0; k < groups; i += searched[k++].count)                                    \
          for (size_t b = 0; b < searched[k].count; b++) pack;                                   \
      }                                                                                          \
    }                                                                                            \
  }

#define LANES_SYMMETRIC_LEGACY(type, levels)                                                \
  LANES_LEGACY_ENCODER(type, false, levels,                                                 \
                       const float d = lanes_reach_extreme(x, levels, codes);               \
                       quern_pack_##type(d, codes, block + i),                              \
                       quern_pack_##type(searched[k].scale[b], searched[k].codes[b], block + i + b))

#define LANES_AFFINE_LEGACY(type, levels)                                                   \
  LANES_LEGACY_ENCODER(type, true, levels, float minimum;                                   \
                       const float d = lanes_span_range(x, levels, codes, &minimum);        \
                       quern_pack_##type(d, minimum, codes, block + i),                     \
                       quern_pack_##type(searched[k].scale[b], searched[k].minimum[b],      \
                                         searched[k].codes[b], block + i + b))

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
