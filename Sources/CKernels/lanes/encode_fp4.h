// The encoders of FP4 blocks on sixteen lanes, elements of one block. Include after a level's lanes.h.
// Private.
#include <math.h>

#include "../codecs.h"
#include "../scalar/encode_tiny.h"
#include "lanes.h"

// quern_nearest_fp4 as floats, for magnitudes below 2^20 units: multiples of the unit and half ways
// between levels are exact, and so are the distances that decide near a half way. Of two nearest levels
// the lower is the first; with a minus sign, none is nearer than 0 itself. NaN gives 0.
LANES_INLINE lanes lanes_nearest_fp4(const float *x, float unit) {
  static const float half_ways[7] = {0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 10};
  const lanes value = lanes_load(x), magnitude = lanes_abs(value), one = lanes_all(1);
  const lanes_mask nonzero = lanes_less(lanes_all(half_ways[0] * unit), magnitude);
  lanes code = lanes_where(nonzero, one);
  for (int i = 1; i < 7; i++)
    code = lanes_add(code, lanes_where(lanes_less(lanes_all(half_ways[i] * unit), magnitude), one));
  const lanes_mask negative = lanes_and(lanes_less(value, lanes_all(0)), nonzero);
  return lanes_add(code, lanes_where(negative, lanes_all(8)));
}

QUERN_TARGET void LANES_ENCODER(mxfp4)(const float *input, void *blocks, size_t rows,
                                       size_t columns, const float *importance) {
  (void)importance;
  quern_block_mxfp4 *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 32, block++) {
    const float *x = input + i, magnitude = lanes_magnitude(x, 32);
    const uint8_t e = magnitude > 0 ? (uint8_t)(quern_floor_log2(magnitude) - 2 + 127) : 0;
    const float unit = quern_half_of_e8m0(e);
    if (!(magnitude <= 0x1p20f * unit)) {
      quern_encode_block_mxfp4(x, block);
      continue;
    }
    const lanes low = lanes_nearest_fp4(x, unit), high = lanes_nearest_fp4(x + 16, unit);
    lanes_store_bytes(block->qs, lanes_truncated(lanes_add(low, lanes_mul(high, lanes_all(16)))));
    block->e = e;
  }
}

QUERN_TARGET void LANES_ENCODER(nvfp4)(const float *input, void *blocks, size_t rows,
                                       size_t columns, const float *importance) {
  (void)importance;
  quern_block_nvfp4 *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 64, block++) {
    bool small = true;
    for (int sub = 0; sub < 4 && small; sub++) {
      const float *x = input + i + 16 * sub, magnitude = lanes_magnitude(x, 16);
      const uint8_t scale = quern_ue4m3_from_float(magnitude / 6.f);
      // Without a scale all levels are 0, and none is nearer than the first.
      const float unit = scale ? quern_half_of_ue4m3(scale) : INFINITY;
      small = magnitude <= 0x1p20f * unit;
      uint64_t codes[2];
      lanes_store_bytes(codes, lanes_truncated(lanes_nearest_fp4(x, unit)));
      codes[0] |= codes[1] << 4;
      memcpy(block->qs + 8 * sub, codes, 8);
      block->d[sub] = scale;
    }
    if (!small) quern_encode_block_nvfp4(input + i, block);
  }
}
