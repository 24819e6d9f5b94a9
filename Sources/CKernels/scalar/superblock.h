// What the encoders of K super-blocks share at every level: 6-bit scales of scales, and the packing
// of codes (one byte an element, in element order) into a block's bit planes. Private.
//
// Source: quantize_row_q4_K_ref, _q5_K_ref, _q6_K_ref and their _impl forms in ggml-quants.c as
// shipped with llama-cpp-python 0.3.36.
#ifndef QUERN_SCALAR_SUPERBLOCK_H
#define QUERN_SCALAR_SUPERBLOCK_H

#include "search.h"

// Q4_K and Q5_K search alike: `levels` is the largest code.
typedef struct {
  int levels;
  quern_candidates plain, weighted;  // without and with importance
  bool bound;  // with importance, whether the codes of the scales are kept within 63
} quern_affine_search;

static const quern_affine_search quern_search_q4_K = {
    15, {-1, 0.1f, 20, false}, {-0.9f, 0.05f, 36, false}, false};
static const quern_affine_search quern_search_q5_K = {
    31, {-0.5f, 0.1f, 15, false}, {-0.9f, 0.05f, 36, false}, true};

// The 12 bytes hold 8 scales and 8 minimums of 6 bits: the low six bits of bytes 0-3 and 4-7 are
// the first four of each; bytes 8-11 hold the low nibbles of the last four, whose high bits sit on
// top of bytes 0-7.
QUERN_INLINE void quern_pack_scales(const uint8_t scales[8], const uint8_t minimums[8],
                                    uint8_t packed[12]) {
  for (int j = 0; j < 4; j++) {
    packed[j] = scales[j];
    packed[j + 4] = minimums[j];
  }
  for (int j = 4; j < 8; j++) {
    packed[j + 4] = (uint8_t)((scales[j] & 15) | (minimums[j] & 15) << 4);
    packed[j - 4] |= (uint8_t)(scales[j] >> 4 << 6);
    packed[j] |= (uint8_t)(minimums[j] >> 4 << 6);
  }
}

QUERN_INLINE void quern_unpack_scale(int j, const uint8_t packed[12], uint8_t *scale,
                                     uint8_t *minimum) {
  if (j < 4) {
    *scale = packed[j] & 63;
    *minimum = packed[j + 4] & 63;
  } else {
    *scale = (uint8_t)((packed[j + 4] & 15) | packed[j - 4] >> 6 << 4);
    *minimum = (uint8_t)(packed[j + 4] >> 4 | packed[j] >> 6 << 4);
  }
}

// The stored scales of a super-block: `steps` and `offsets` are what a decoder multiplies codes by
// and subtracts.
typedef struct {
  quern_half d, dmin;
  uint8_t packed[12];
  float steps[8], offsets[8];
} quern_stored_scales;

// Codes of scales so that the largest takes the code `levels`.
QUERN_INLINE quern_half quern_quantize_scales(int count, int levels, const float *values,
                                              uint8_t *codes) {
  float max = 0;
  for (int j = 0; j < count; j++)
    if (values[j] > max) max = values[j];
  const float inverse = max > 0 ? (float)levels / max : 0;
  for (int j = 0; j < count; j++) codes[j] = (uint8_t)quern_nearest(inverse * values[j]);
  return quern_scale_from_float(max / (float)levels);
}

// What is stored for quantized scales.
QUERN_INLINE quern_stored_scales quern_settle_scales(quern_half d, quern_half dmin, bool bound,
                                                     uint8_t scales[8], uint8_t minimums[8]) {
  quern_stored_scales stored = {.d = d, .dmin = dmin};
  for (int j = 0; bound && j < 8; j++) {
    if (scales[j] > 63) scales[j] = 63;
    if (minimums[j] > 63) minimums[j] = 63;
  }
  quern_pack_scales(scales, minimums, stored.packed);
  const float step = quern_float_from_half(d), offset = quern_float_from_half(dmin);
  for (int j = 0; j < 8; j++) {
    uint8_t scale, minimum;
    quern_unpack_scale(j, stored.packed, &scale, &minimum);
    stored.steps[j] = step * (float)scale;
    stored.offsets[j] = offset * (float)minimum;
  }
  return stored;
}

// Without importance.
QUERN_INLINE quern_stored_scales quern_store_scales(const float scales[8],
                                                    const float minimums[8]) {
  uint8_t scale_codes[8], minimum_codes[8];
  const quern_half d = quern_quantize_scales(8, 63, scales, scale_codes);
  const quern_half dmin = quern_quantize_scales(8, 63, minimums, minimum_codes);
  return quern_settle_scales(d, dmin, true, scale_codes, minimum_codes);
}

// With importance: `weights` are the sums of the sub-blocks' weights.
QUERN_INLINE quern_stored_scales quern_store_weighted_scales(const float scales[8],
                                                             const float minimums[8],
                                                             const float weights[8], bool bound) {
  uint8_t scale_codes[8], minimum_codes[8];
  const float d = quern_search_positive(8, 63, scales, weights, scale_codes);
  const float dmin = quern_search_positive(8, 63, minimums, weights, minimum_codes);
  return quern_settle_scales(quern_scale_from_float(d), quern_scale_from_float(dmin), bound,
                             scale_codes, minimum_codes);
}

QUERN_INLINE void quern_pack_q4_K(const quern_stored_scales *scales, const uint8_t codes[256],
                                  quern_block_q4_K *block) {
  block->d = scales->d;
  block->dmin = scales->dmin;
  memcpy(block->scales, scales->packed, 12);
  for (int pair = 0; pair < 4; pair++)
    for (int i = 0; i < 32; i++)
      block->qs[32 * pair + i] =
          (uint8_t)(codes[64 * pair + i] | codes[64 * pair + 32 + i] << 4);
}

QUERN_INLINE void quern_pack_q5_K(const quern_stored_scales *scales, const uint8_t codes[256],
                                  quern_block_q5_K *block) {
  block->d = scales->d;
  block->dmin = scales->dmin;
  memcpy(block->scales, scales->packed, 12);
  for (int pair = 0; pair < 4; pair++)
    for (int i = 0; i < 32; i++)
      block->qs[32 * pair + i] =
          (uint8_t)((codes[64 * pair + i] & 15) | (codes[64 * pair + 32 + i] & 15) << 4);
  for (int i = 0; i < 32; i++) {
    uint8_t high = 0;
    for (int sub = 0; sub < 8; sub++) high |= (uint8_t)(codes[32 * sub + i] >> 4 << sub);
    block->qh[i] = high;
  }
}

// The stored scales of a Q6_K super-block from the 16 found; false when all elements are zero.
QUERN_INLINE bool quern_store_scales_q6_K(const float found[16], quern_block_q6_K *block,
                                          float steps[16]) {
  float extreme = 0, magnitude = 0;
  for (int j = 0; j < 16; j++) {
    const float m = quern_magnitude(found[j]);
    if (m > magnitude) magnitude = m, extreme = found[j];
  }
  if (magnitude < QUERN_LEAST_MAGNITUDE) {
    memset(block, 0, sizeof *block);
    return false;
  }
  const float inverse = -128.f / extreme;
  block->d = quern_scale_from_float(1 / inverse);
  const float d = quern_float_from_half(block->d);
  for (int j = 0; j < 16; j++) {
    const int32_t scale = quern_nearest(inverse * found[j]);
    block->scales[j] = (int8_t)(scale < 127 ? scale : 127);
    steps[j] = d * (float)block->scales[j];
  }
  return true;
}

QUERN_INLINE void quern_pack_q6_K(const uint8_t codes[256], quern_block_q6_K *block) {
  for (int half = 0; half < 2; half++) {
    const uint8_t *c = codes + 128 * half;
    for (int i = 0; i < 64; i++)
      block->ql[64 * half + i] = (uint8_t)((c[i] & 15) | (c[i + 64] & 15) << 4);
    for (int i = 0; i < 32; i++)
      block->qh[32 * half + i] = (uint8_t)(c[i] >> 4 | c[i + 32] >> 4 << 2 | c[i + 64] >> 4 << 4 |
                                           c[i + 96] >> 4 << 6);
  }
}

#endif
