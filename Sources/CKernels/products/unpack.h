// Block types as small signed integers: every `unpack` turns `count` elements (whole blocks, at most
// a super-block's 256) into bytes, with one scale for each sub-block and, where the type has it, one
// minimum: weight = scale * q + minimum.
//
// Plain C that compilers vectorise for the level of the including file, which gives `look_up`: bytes of
// a table of sixteen by numbers below sixteen.
//
// Source: struct layouts and dequantizers of ggml (llama-cpp-python 0.3.36), checked by
// ProductTests against the decoders.
#ifndef QUERN_PRODUCTS_UNPACK_H
#define QUERN_PRODUCTS_UNPACK_H

#include "../include/CKernelsBlocks.h"
#include "lanes.h"
#include "octets.h"

enum { CHUNK = 256 };  // elements that one `unpack` gives at most

/// Every type with an integer product: name, wire id, elements of a sub-block, whether it has minima.
#define INTEGER_TYPES(X) \
  X(q4_0, 2, 32, 0)      \
  X(q4_1, 3, 32, 1)      \
  X(q5_0, 6, 32, 0)      \
  X(q5_1, 7, 32, 1)      \
  X(q8_0, 8, 32, 0)      \
  X(q2_K, 10, 16, 1)     \
  X(q3_K, 11, 16, 0)     \
  X(q4_K, 12, 32, 1)     \
  X(q5_K, 13, 32, 1)     \
  X(q6_K, 14, 16, 0)     \
  X(iq2_XXS, 16, 32, 0)  \
  X(iq2_XS, 17, 16, 0)   \
  X(iq3_XXS, 18, 32, 0)  \
  X(iq1_S, 19, 32, 0)    \
  X(iq4_NL, 20, 32, 0)   \
  X(iq3_S, 21, 32, 0)    \
  X(iq2_S, 22, 16, 0)    \
  X(iq4_XS, 23, 32, 0)   \
  X(iq1_M, 29, 16, 0)    \
  X(tq1_0, 34, 32, 0)    \
  X(tq2_0, 35, 32, 0)    \
  X(mxfp4, 39, 32, 0)    \
  X(nvfp4, 40, 16, 0)    \
  X(q1_0, 41, 32, 0)     \
  X(q2_0, 42, 32, 0)

/// Elements and bytes of a block, by name.
#define ELEMENTS_q4_0 32
#define ELEMENTS_q4_1 32
#define ELEMENTS_q5_0 32
#define ELEMENTS_q5_1 32
#define ELEMENTS_q8_0 32
#define ELEMENTS_q2_K 256
#define ELEMENTS_q3_K 256
#define ELEMENTS_q4_K 256
#define ELEMENTS_q5_K 256
#define ELEMENTS_q6_K 256
#define ELEMENTS_iq1_S 256
#define ELEMENTS_iq1_M 256
#define ELEMENTS_iq2_XXS 256
#define ELEMENTS_iq2_XS 256
#define ELEMENTS_iq2_S 256
#define ELEMENTS_iq3_XXS 256
#define ELEMENTS_iq3_S 256
#define ELEMENTS_iq4_NL 32
#define ELEMENTS_iq4_XS 256
#define ELEMENTS_tq1_0 256
#define ELEMENTS_tq2_0 256
#define ELEMENTS_mxfp4 32
#define ELEMENTS_nvfp4 64
#define ELEMENTS_q1_0 128
#define ELEMENTS_q2_0 64

#define UNPACK(name)                                                                        \
  INLINE void unpack_##name(const void *blocks, size_t count, int8_t *restrict q,           \
                            float *restrict scale, float *restrict minimum)

UNPACK(q4_0) {
  const quern_block_q4_0 *block = blocks;
  for (size_t b = 0; b < count / 32; b++, block++, q += 32) {
    store_nibbles(q, block->qs, 0, 8);
    scale[b] = half_to_float(block->d);
  }
}

UNPACK(q4_1) {
  const quern_block_q4_1 *block = blocks;
  for (size_t b = 0; b < count / 32; b++, block++, q += 32) {
    store_nibbles(q, block->qs, 0, 0);
    scale[b] = half_to_float(block->d);
    minimum[b] = half_to_float(block->m);
  }
}

UNPACK(q5_0) {
  const quern_block_q5_0 *block = blocks;
  for (size_t b = 0; b < count / 32; b++, block++, q += 32) {
    store_nibbles(q, block->qs, load_word(block->qh), 16);
    scale[b] = half_to_float(block->d);
  }
}

UNPACK(q5_1) {
  const quern_block_q5_1 *block = blocks;
  for (size_t b = 0; b < count / 32; b++, block++, q += 32) {
    store_nibbles(q, block->qs, load_word(block->qh), 0);
    scale[b] = half_to_float(block->d);
    minimum[b] = half_to_float(block->m);
  }
}

UNPACK(q8_0) {
  const quern_block_q8_0 *block = blocks;
  for (size_t b = 0; b < count / 32; b++, block++, q += 32) {
    memcpy(q, block->qs, 32);
    scale[b] = half_to_float(block->d);
  }
}

UNPACK(q2_K) {
  const quern_block_q2_K *block = blocks;
  const float d = half_to_float(block->d), dmin = half_to_float(block->dmin);
  for (int half = 0; half < 2; half++)
    for (int part = 0; part < 4; part++)
      for (int i = 0; i < 32; i++)
        q[half * 128 + part * 32 + i] = (int8_t)(block->qs[half * 32 + i] >> (2 * part) & 3);
  for (int s = 0; s < 16; s++) {
    scale[s] = d * (float)(block->scales[s] & 15);
    minimum[s] = -dmin * (float)(block->scales[s] >> 4);
  }
}

/// The sixteen 6-bit scales of Q3_K: low nibbles in 8 bytes, high pairs of bits in 4.
INLINE void q3_K_scales(const uint8_t packed[12], int8_t scales[16]) {
  const uint32_t a = load_word(packed), b = load_word(packed + 4), c = load_word(packed + 8);
  const uint32_t nibbles = 0x0f0f0f0f, pairs = 0x30303030;
  const uint32_t words[4] = {
      (a & nibbles) | (c << 4 & pairs),
      (b & nibbles) | (c << 2 & pairs),
      (a >> 4 & nibbles) | (c & pairs),
      (b >> 4 & nibbles) | (c >> 2 & pairs),
  };
  sixteen_bytes bytes;
  memcpy(&bytes, words, 16);
  bytes -= 32;
  memcpy(scales, &bytes, 16);
}

UNPACK(q3_K) {
  const quern_block_q3_K *block = blocks;
  int8_t scales[16];
  q3_K_scales(block->scales, scales);
  for (int half = 0; half < 2; half++)
    for (int part = 0; part < 4; part++)
      for (int i = 0; i < 32; i++) {
        const int low = block->qs[half * 32 + i] >> (2 * part) & 3;
        const int high = block->hmask[i] >> (4 * half + part) & 1;
        q[half * 128 + part * 32 + i] = (int8_t)(low + 4 * high - 4);
      }
  const float d = half_to_float(block->d);
  for (int s = 0; s < 16; s++) scale[s] = d * (float)scales[s];
}

/// The eight 6-bit scales and minima of Q4_K and Q5_K.
INLINE void q4_K_scales(const uint8_t packed[12], uint8_t scales[8], uint8_t minima[8]) {
  for (int s = 0; s < 4; s++) {
    scales[s] = packed[s] & 63;
    minima[s] = packed[s + 4] & 63;
    scales[s + 4] = (uint8_t)((packed[s + 8] & 15) | packed[s] >> 6 << 4);
    minima[s + 4] = (uint8_t)(packed[s + 8] >> 4 | packed[s + 4] >> 6 << 4);
  }
}

INLINE void q4_K_factors(const uint8_t packed[12], float d, float dmin, float *restrict scale,
                         float *restrict minimum) {
  uint8_t scales[8], minima[8];
  q4_K_scales(packed, scales, minima);
  for (int s = 0; s < 8; s++) {
    scale[s] = d * (float)scales[s];
    minimum[s] = -dmin * (float)minima[s];
  }
}

UNPACK(q4_K) {
  const quern_block_q4_K *block = blocks;
  for (int pair = 0; pair < 4; pair++)
    for (int i = 0; i < 32; i++) {
      q[pair * 64 + i] = (int8_t)(block->qs[pair * 32 + i] & 15);
      q[pair * 64 + 32 + i] = (int8_t)(block->qs[pair * 32 + i] >> 4);
    }
  q4_K_factors(block->scales, half_to_float(block->d), half_to_float(block->dmin), scale, minimum);
}

UNPACK(q5_K) {
  const quern_block_q5_K *block = blocks;
  for (int pair = 0; pair < 4; pair++)
    for (int i = 0; i < 32; i++) {
      const int low = block->qs[pair * 32 + i], high = block->qh[i] >> (2 * pair);
      q[pair * 64 + i] = (int8_t)((low & 15) | (high & 1) << 4);
      q[pair * 64 + 32 + i] = (int8_t)(low >> 4 | (high >> 1 & 1) << 4);
    }
  q4_K_factors(block->scales, half_to_float(block->d), half_to_float(block->dmin), scale, minimum);
}

UNPACK(q6_K) {
  const quern_block_q6_K *block = blocks;
  for (int half = 0; half < 2; half++)
    for (int i = 0; i < 32; i++) {
      const int a = block->ql[half * 64 + i], b = block->ql[half * 64 + 32 + i];
      const int high = block->qh[half * 32 + i];
      int8_t *out = q + half * 128 + i;
      out[0] = (int8_t)(((a & 15) | (high & 3) << 4) - 32);
      out[32] = (int8_t)(((b & 15) | (high >> 2 & 3) << 4) - 32);
      out[64] = (int8_t)((a >> 4 | (high >> 4 & 3) << 4) - 32);
      out[96] = (int8_t)((b >> 4 | (high >> 6) << 4) - 32);
    }
  const float d = half_to_float(block->d);
  for (int s = 0; s < 16; s++) scale[s] = d * (float)block->scales[s];
}

/// The sixteen levels of IQ4_NL and IQ4_XS.
static const int8_t iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                      1,    13,   25,  38,  53,  69,  89,  113};

/// Sixteen bytes of nibbles through a table, sixteen elements in the low ones and as many in the high.
INLINE void unpack_levels(const uint8_t *qs, const int8_t levels[16], int8_t *restrict q) {
  sixteen_bytes codes, table;
  octets values;
  memcpy(&codes, qs, 16);
  memcpy(&table, levels, 16);
  join_halves(look_up(table, codes & 15), look_up(table, codes >> 4), &values);
  memcpy(q, &values, 32);
}

UNPACK(iq4_NL) {
  const quern_block_iq4_NL *block = blocks;
  for (size_t b = 0; b < count / 32; b++, block++, q += 32) {
    unpack_levels(block->qs, iq4_levels, q);
    scale[b] = half_to_float(block->d);
  }
}

UNPACK(iq4_XS) {
  const quern_block_iq4_XS *block = blocks;
  const float d = half_to_float(block->d);
  for (int b = 0; b < 8; b++, q += 32) {
    unpack_levels(block->qs + b * 16, iq4_levels, q);
    const int low = block->scales_l[b / 2] >> (4 * (b % 2)) & 15;
    const int high = block->scales_h >> (2 * b) & 3;
    scale[b] = d * (float)((low | high << 4) - 32);
  }
}

#include "unpack_grid.h"
#include "unpack_low.h"

#undef UNPACK

#endif
