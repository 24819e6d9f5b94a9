// Eight elements at a time, for the decoders that look levels or points up: the definition. At the
// vector levels lanes/eights.h, included first, takes the place of this file. Private.
#ifndef QUERN_EIGHTS_H
#define QUERN_EIGHTS_H

#include "floats.h"

// The values of eight codes below 128, a byte each.
QUERN_INLINE void quern_decode_affine(uint64_t codes, float step, float offset, float *output) {
  uint8_t bytes[8];
  memcpy(bytes, &codes, sizeof bytes);
  for (int i = 0; i < 8; i++) output[i] = step * (float)bytes[i] - offset;
}

// Eight elements of points, a byte each; bit i of `signs` makes element i negative.
QUERN_INLINE void quern_decode_points(uint64_t elements, float step, unsigned signs,
                                      float *output) {
  int8_t bytes[8];
  memcpy(bytes, &elements, sizeof bytes);
  for (int i = 0; i < 8; i++) {
    const uint32_t sign = (signs >> i & 1) << 31;
    output[i] = quern_from_bits(quern_bits(step * (float)bytes[i]) ^ sign);
  }
}

// Eight elements, a signed byte each, all moved by `shift`.
QUERN_INLINE void quern_decode_moved(uint64_t elements, float step, float shift, float *output) {
  int8_t bytes[8];
  memcpy(bytes, &elements, sizeof bytes);
  for (int i = 0; i < 8; i++) output[i] = step * ((float)bytes[i] + shift);
}

// The levels of eight codes below 16, a byte each.
QUERN_INLINE void quern_decode_levels(uint64_t codes, const int8_t levels[16], float step,
                                      float *output) {
  uint8_t bytes[8];
  memcpy(bytes, &codes, sizeof bytes);
  for (int i = 0; i < 8; i++) output[i] = step * (float)levels[bytes[i]];
}

// The values of eight codes of two bits, the first lowest.
QUERN_INLINE void quern_decode_quarters(unsigned codes, const float values[4], float *output) {
  for (int i = 0; i < 8; i++) output[i] = values[codes >> 2 * i & 3];
}

#endif
