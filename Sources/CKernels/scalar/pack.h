// The packing of 32 codes (one byte an element, in element order) into the bit planes of the
// 32-element types. Private.
#ifndef QUERN_SCALAR_PACK_H
#define QUERN_SCALAR_PACK_H

#include "floats.h"

// Element i in the low nibble of byte i, element i + 16 in its high nibble.
QUERN_INLINE void quern_pack_nibbles(const uint8_t codes[32], uint8_t qs[16]) {
  for (int i = 0; i < 16; i++) qs[i] = (uint8_t)((codes[i] & 15) | (codes[i + 16] & 15) << 4);
}

// Bit i of the little-endian word is the fifth bit of element i.
QUERN_INLINE void quern_pack_fifth_bits(const uint8_t codes[32], uint8_t qh[4]) {
  uint32_t bits = 0;
  for (int i = 0; i < 32; i++) bits |= (uint32_t)(codes[i] >> 4 & 1) << i;
  for (int i = 0; i < 4; i++) qh[i] = (uint8_t)(bits >> 8 * i);
}

QUERN_INLINE void quern_pack_q4_0(float d, const uint8_t codes[32], quern_block_q4_0 *block) {
  block->d = quern_scale_from_float(d);
  quern_pack_nibbles(codes, block->qs);
}

QUERN_INLINE void quern_pack_q4_1(float d, float m, const uint8_t codes[32],
                                  quern_block_q4_1 *block) {
  block->d = quern_scale_from_float(d);
  block->m = quern_scale_from_float(m);
  quern_pack_nibbles(codes, block->qs);
}

QUERN_INLINE void quern_pack_q5_0(float d, const uint8_t codes[32], quern_block_q5_0 *block) {
  block->d = quern_scale_from_float(d);
  quern_pack_fifth_bits(codes, block->qh);
  quern_pack_nibbles(codes, block->qs);
}

QUERN_INLINE void quern_pack_q5_1(float d, float m, const uint8_t codes[32],
                                  quern_block_q5_1 *block) {
  block->d = quern_scale_from_float(d);
  block->m = quern_scale_from_float(m);
  quern_pack_fifth_bits(codes, block->qh);
  quern_pack_nibbles(codes, block->qs);
}

#endif
