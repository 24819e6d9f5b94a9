// Decoders in scalar form, one block a call: the definition. Every level compiles these loops for
// its own instruction set (level_decoders.h), which changes their speed and not one bit, because no
// product is contracted into a sum. Private.
//
// Source: the dequantize_row_* functions of ggml-quants.c as shipped with llama-cpp-python 0.3.36.
#ifndef QUERN_SCALAR_DECODE_H
#define QUERN_SCALAR_DECODE_H

#include "superblock.h"

QUERN_INLINE void quern_decode_block_q4_0(const quern_block_q4_0 *block, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int i = 0; i < 16; i++) {
    output[i] = (float)((block->qs[i] & 15) - 8) * d;
    output[i + 16] = (float)((block->qs[i] >> 4) - 8) * d;
  }
}

QUERN_INLINE void quern_decode_block_q4_1(const quern_block_q4_1 *block, float *output) {
  const float d = quern_float_from_half(block->d), m = quern_float_from_half(block->m);
  for (int i = 0; i < 16; i++) {
    output[i] = (float)(block->qs[i] & 15) * d + m;
    output[i + 16] = (float)(block->qs[i] >> 4) * d + m;
  }
}

// The fifth bits of 32 codes, one a byte, in place (0 or 16).
QUERN_INLINE void quern_spread_fifth_bits(const uint8_t qh[4], uint8_t high[32]) {
  for (int i = 0; i < 32; i++) high[i] = (uint8_t)((qh[i >> 3] >> (i & 7) & 1) << 4);
}

QUERN_INLINE void quern_decode_block_q5_0(const quern_block_q5_0 *block, float *output) {
  const float d = quern_float_from_half(block->d);
  uint8_t high[32];
  quern_spread_fifth_bits(block->qh, high);
  for (int i = 0; i < 16; i++) {
    output[i] = (float)(((block->qs[i] & 15) | high[i]) - 16) * d;
    output[i + 16] = (float)((block->qs[i] >> 4 | high[i + 16]) - 16) * d;
  }
}

QUERN_INLINE void quern_decode_block_q5_1(const quern_block_q5_1 *block, float *output) {
  const float d = quern_float_from_half(block->d), m = quern_float_from_half(block->m);
  uint8_t high[32];
  quern_spread_fifth_bits(block->qh, high);
  for (int i = 0; i < 16; i++) {
    output[i] = (float)((block->qs[i] & 15) | high[i]) * d + m;
    output[i + 16] = (float)(block->qs[i] >> 4 | high[i + 16]) * d + m;
  }
}

QUERN_INLINE void quern_decode_block_q8_0(const quern_block_q8_0 *block, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int i = 0; i < 32; i++) output[i] = (float)block->qs[i] * d;
}

QUERN_INLINE void quern_decode_block_q4_K(const quern_block_q4_K *block, float *output) {
  const float d = quern_float_from_half(block->d), dmin = quern_float_from_half(block->dmin);
  for (int sub = 0; sub < 8; sub++) {
    uint8_t scale, minimum;
    quern_unpack_scale(sub, block->scales, &scale, &minimum);
    const float step = d * (float)scale, offset = dmin * (float)minimum;
    const uint8_t *qs = block->qs + 32 * (sub >> 1);
    const int shift = 4 * (sub & 1);
    for (int i = 0; i < 32; i++)
      output[32 * sub + i] = step * (float)(qs[i] >> shift & 15) - offset;
  }
}

// Pairs of sub-blocks share their bytes of `qs`.
QUERN_INLINE void quern_decode_block_q5_K(const quern_block_q5_K *block, float *output) {
  const float d = quern_float_from_half(block->d), dmin = quern_float_from_half(block->dmin);
  for (int pair = 0; pair < 4; pair++, output += 64) {
    float steps[2], offsets[2];
    for (int i = 0; i < 2; i++) {
      uint8_t scale, minimum;
      quern_unpack_scale(2 * pair + i, block->scales, &scale, &minimum);
      steps[i] = d * (float)scale;
      offsets[i] = dmin * (float)minimum;
    }
    for (int i = 0; i < 32; i++) {
      const int q = block->qs[32 * pair + i], fifth = block->qh[i] >> 2 * pair;
      output[i] = steps[0] * (float)((q & 15) | (fifth & 1) << 4) - offsets[0];
      output[i + 32] = steps[1] * (float)(q >> 4 | (fifth & 2) << 3) - offsets[1];
    }
  }
}

QUERN_INLINE void quern_decode_block_q6_K(const quern_block_q6_K *block, float *output) {
  const float d = quern_float_from_half(block->d);
  for (int sub = 0; sub < 16; sub++) {
    const int half = sub >> 3, quarter = sub >> 1 & 3, start = 16 * (sub & 1);
    const uint8_t *ql = block->ql + 64 * half + 32 * (quarter & 1) + start;
    const uint8_t *qh = block->qh + 32 * half + start;
    const int low_shift = 4 * (quarter >> 1), high_shift = 2 * quarter;
    const float step = d * (float)block->scales[sub];
    for (int i = 0; i < 16; i++) {
      const int code = (ql[i] >> low_shift & 15) | (qh[i] >> high_shift & 3) << 4;
      output[16 * sub + i] = step * (float)(code - 32);
    }
  }
}

#endif
