// What the encoders of Q2_K and Q3_K super-blocks share at every level: 16 sub-blocks of 16, their
// scales of 4 and 6 bits, and the packing of codes (one byte an element, in element order). Private.
//
// Source: quantize_row_q2_K_ref, quantize_row_q3_K_ref and their _impl forms in ggml-quants.c as
// shipped with llama-cpp-python 0.3.36.
#ifndef QUERN_SCALAR_LOW_K_H
#define QUERN_SCALAR_LOW_K_H

#include "superblock.h"

static const quern_affine_search quern_search_q2_K = {
    3, {-0.5f, 0.1f, 15, true}, {-0.9f, 0.05f, 36, false}, false};

// Scales of a Q2_K super-block: quantized, and what a decoder multiplies codes by and subtracts.
typedef struct {
  quern_half d, dmin;
  uint8_t packed[16];
  float steps[16], offsets[16];
} quern_stored_scales_q2_K;

QUERN_INLINE quern_stored_scales_q2_K quern_pack_scales_q2_K(quern_half d, quern_half dmin,
                                                             const uint8_t scales[16],
                                                             const uint8_t minimums[16]) {
  quern_stored_scales_q2_K stored = {.d = d, .dmin = dmin};
  const float step = quern_float_from_half(d), offset = quern_float_from_half(dmin);
  for (int j = 0; j < 16; j++) {
    stored.packed[j] = (uint8_t)(scales[j] | minimums[j] << 4);
    stored.steps[j] = step * (float)(stored.packed[j] & 15);
    stored.offsets[j] = offset * (float)(stored.packed[j] >> 4);
  }
  return stored;
}

// Without importance.
QUERN_INLINE quern_stored_scales_q2_K quern_store_scales_q2_K(const float scales[16],
                                                              const float minimums[16]) {
  uint8_t scale_codes[16], minimum_codes[16];
  const quern_half d = quern_quantize_scales(16, 15, scales, scale_codes);
  const quern_half dmin = quern_quantize_scales(16, 15, minimums, minimum_codes);
  return quern_pack_scales_q2_K(d, dmin, scale_codes, minimum_codes);
}

// Two bits an element: byte i of each 128 elements holds those of i, i + 32, i + 64 and i + 96.
QUERN_INLINE void quern_pack_two_bits(const uint8_t codes[256], uint8_t qs[64]) {
  for (int half = 0; half < 2; half++) {
    const uint8_t *c = codes + 128 * half;
    for (int i = 0; i < 32; i++)
      qs[32 * half + i] = (uint8_t)((c[i] & 3) | (c[i + 32] & 3) << 2 | (c[i + 64] & 3) << 4 |
                                    (c[i + 96] & 3) << 6);
  }
}

QUERN_INLINE void quern_pack_q2_K(const quern_stored_scales_q2_K *scales, const uint8_t codes[256],
                                  quern_block_q2_K *block) {
  block->d = scales->d;
  block->dmin = scales->dmin;
  memcpy(block->scales, scales->packed, 16);
  quern_pack_two_bits(codes, block->qs);
}

// The 12 bytes hold 16 scales of 6 bits, 32 more than meant: bytes 0-7 the low nibbles of scales 0-7
// and 8-15, bytes 8-11 the high two bits of every fourth.
QUERN_INLINE void quern_pack_scales_q3_K(const uint8_t scales[16], uint8_t packed[12]) {
  for (int j = 0; j < 8; j++) packed[j] = (uint8_t)((scales[j] & 15) | (scales[j + 8] & 15) << 4);
  for (int j = 0; j < 4; j++)
    packed[8 + j] = (uint8_t)(scales[j] >> 4 | scales[j + 4] >> 4 << 2 | scales[j + 8] >> 4 << 4 |
                              scales[j + 12] >> 4 << 6);
}

QUERN_INLINE int quern_unpack_scale_q3_K(int j, const uint8_t packed[12]) {
  const int low = packed[j & 7] >> (j & 8 ? 4 : 0) & 15, high = packed[8 + (j & 3)] >> 2 * (j >> 2) & 3;
  return (low | high << 4) - 32;
}

// The stored scales of a Q3_K super-block from the 16 found without importance.
QUERN_INLINE quern_half quern_quantize_scales_q3_K(const float found[16], uint8_t codes[16]) {
  float extreme = 0, magnitude = 0;
  for (int j = 0; j < 16; j++) {
    const float m = quern_magnitude(found[j]);
    if (m > magnitude) magnitude = m, extreme = found[j];
  }
  memset(codes, 0, 16);
  if (extreme == 0) return 0;
  const float inverse = -32.f / extreme;
  for (int j = 0; j < 16; j++) {
    const int8_t code = (int8_t)quern_nearest(inverse * found[j]);
    codes[j] = (uint8_t)(quern_clamped(code, -32, 31) + 32);
  }
  return quern_scale_from_float(1 / inverse);
}

// Writes all but the codes; `steps` is what a decoder multiplies codes by.
QUERN_INLINE void quern_store_scales_q3_K(quern_half d, const uint8_t scales[16],
                                          quern_block_q3_K *block, float steps[16]) {
  block->d = d;
  quern_pack_scales_q3_K(scales, block->scales);
  for (int j = 0; j < 16; j++) steps[j] = quern_float_from_half(d) * (float)(scales[j] - 32);
}

QUERN_INLINE void quern_pack_q3_K(const uint8_t codes[256], quern_block_q3_K *block) {
  for (int i = 0; i < 32; i++) {
    uint8_t high = 0;
    for (int sub = 0; sub < 8; sub++) high |= (uint8_t)((codes[32 * sub + i] >> 2 & 1) << sub);
    block->hmask[i] = high;
  }
  quern_pack_two_bits(codes, block->qs);
}

#endif
