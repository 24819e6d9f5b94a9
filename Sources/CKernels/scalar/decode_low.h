// Decoders of Q2_K, Q3_K, IQ4, ternary, FP4 and one- and two-bit blocks in scalar form, one block a
// call: the definition. Private.
//
// Source: the dequantize_row_* functions of ggml-quants.c as shipped with llama-cpp-python 0.3.36.
#ifndef QUERN_SCALAR_DECODE_LOW_H
#define QUERN_SCALAR_DECODE_LOW_H

#include "eights.h"
#include "low_k.h"
#include "small_floats.h"
#include "uneven.h"

QUERN_INLINE void quern_decode_block_q2_K(const quern_block_q2_K *block, float *output) {
  const float d = quern_float_from_half(block->d), dmin = quern_float_from_half(block->dmin);
  for (int sub = 0; sub < 16; sub++) {
    const uint8_t *qs = block->qs + 32 * (sub >> 3) + 16 * (sub & 1);
    const int shift = sub & 6;
    const float step = d * (float)(block->scales[sub] & 15);
    const float offset = dmin * (float)(block->scales[sub] >> 4);
    for (int i = 0; i < 16; i++)
      output[16 * sub + i] = step * (float)(qs[i] >> shift & 3) - offset;
  }
}

QUERN_INLINE void quern_decode_block_q3_K(const quern_block_q3_K *block, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int sub = 0; sub < 16; sub++) {
    const uint8_t *qs = block->qs + 32 * (sub >> 3) + 16 * (sub & 1);
    const uint8_t *hmask = block->hmask + 16 * (sub & 1);
    const int shift = sub & 6, plane = sub >> 1;
    const float step = d * (float)quern_unpack_scale_q3_K(sub, block->scales);
    for (int i = 0; i < 16; i++) {
      const int code = (qs[i] >> shift & 3) | (hmask[i] >> plane & 1) << 2;
      output[16 * sub + i] = step * (float)(code - 4);
    }
  }
}

// Bytes of nibbles, `count` (8 or 16) elements in the low ones and as many in the high ones, through a
// table of levels.
QUERN_LEVEL_INLINE void quern_decode_nibbles(const uint8_t *qs, int count, const int8_t levels[16],
                                             float step, float *output) {
  for (int i = 0; i < count; i += 8) {
    const uint64_t bytes = quern_load_64(qs + i), mask = quern_eight_bytes(15);
    quern_decode_levels(bytes & mask, levels, step, output + i);
    quern_decode_levels(bytes >> 4 & mask, levels, step, output + i + count);
  }
}

QUERN_LEVEL_INLINE void quern_decode_block_iq4_NL(const quern_block_iq4_NL *block, float *output) {
  quern_decode_nibbles(block->qs, 16, quern_iq4_levels, quern_float_from_half(block->d), output);
}

QUERN_LEVEL_INLINE void quern_decode_block_iq4_XS(const quern_block_iq4_XS *block, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int sub = 0; sub < 8; sub++) {
    const int low = block->scales_l[sub >> 1] >> 4 * (sub & 1) & 15;
    const int high = block->scales_h >> 2 * sub & 3;
    const float step = d * (float)((low | high << 4) - 32);
    quern_decode_nibbles(block->qs + 16 * sub, 16, quern_iq4_levels, step, output + 32 * sub);
  }
}

QUERN_LEVEL_INLINE void quern_decode_block_mxfp4(const quern_block_mxfp4 *block, float *output) {
  quern_decode_nibbles(block->qs, 16, quern_fp4_levels, quern_half_of_e8m0(block->e), output);
}

QUERN_LEVEL_INLINE void quern_decode_block_nvfp4(const quern_block_nvfp4 *block, float *output) {
  for (int sub = 0; sub < 4; sub++)
    quern_decode_nibbles(block->qs + 8 * sub, 8, quern_fp4_levels,
                        quern_half_of_ue4m3(block->d[sub]), output + 16 * sub);
}

QUERN_INLINE void quern_decode_block_q1_0(const quern_block_q1_0 *block, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int i = 0; i < 128; i++) output[i] = block->qs[i >> 3] >> (i & 7) & 1 ? d : -d;
}

QUERN_LEVEL_INLINE void quern_decode_block_q2_0(const quern_block_q2_0 *block, float *output) {
  const float d = quern_float_from_half(block->d);
  const float values[4] = {-1 * d, 0 * d, 1 * d, 2 * d};
  for (int i = 0; i < 8; i++)
    quern_decode_quarters(block->qs[2 * i] | (unsigned)block->qs[2 * i + 1] << 8, values,
                          output + 8 * i);
}

// Digit `index` of the bytes that quern_pack_trits makes: times 3^index, what stays below 256 is the
// fraction that is left, and its first digit to base 3 the one asked for.
QUERN_INLINE void quern_decode_trits(const uint8_t *bytes, int count, int index, float d,
                                     float *output) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  for (int i = 0; i < count; i++) {
    const uint8_t fraction = (uint8_t)(bytes[i] * powers[index]);
    output[i] = (float)((fraction * 3 >> 8) - 1) * d;
  }
}

QUERN_INLINE void quern_decode_block_tq1_0(const quern_block_tq1_0 *block, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int n = 0; n < 5; n++) quern_decode_trits(block->qs, 32, n, d, output + 32 * n);
  for (int n = 0; n < 5; n++) quern_decode_trits(block->qs + 32, 16, n, d, output + 160 + 16 * n);
  for (int n = 0; n < 4; n++) quern_decode_trits(block->qh, 4, n, d, output + 240 + 4 * n);
}

QUERN_INLINE void quern_decode_block_tq2_0(const quern_block_tq2_0 *block, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int part = 0; part < 8; part++) {
    const uint8_t *qs = block->qs + 32 * (part >> 2);
    const int shift = 2 * (part & 3);
    for (int i = 0; i < 32; i++) output[32 * part + i] = (float)((qs[i] >> shift & 3) - 1) * d;
  }
}

#endif
