// The encoders of scalar/encode_tiny.h but FP4 on sixteen lanes: the elements of one block, except for
// Q1_0's sums, whose lanes are sixteen blocks. Include after a level's lanes.h. Private.
//
// Codes are floats until they are packed.
#include <float.h>

#include "../codecs.h"
#include "../scalar/encode_tiny.h"
#include "lanes.h"

// quern_ternary_code: 1 for what is NaN. Magnitudes stay below 2.
LANES_INLINE lanes lanes_ternary_code(const float *x, float inverse) {
  const lanes quotient = lanes_mul(lanes_load(x), lanes_all(inverse)), one = lanes_all(1);
  const lanes above = lanes_where(lanes_at_most(lanes_all(0.5f), quotient), one);
  const lanes below = lanes_where(lanes_at_most(quotient, lanes_all(-0.5f)), one);
  return lanes_sub(lanes_add(one, above), below);
}

// What a super-block is multiplied by: 0, which gives codes of 1, where its scale has no inverse.
LANES_INLINE float lanes_ternary_inverse(float d) {
  const float inverse = 1 / d;
  return inverse <= FLT_MAX ? inverse : 0;
}

// Sixteen numbers of `count` codes, `stride` apart, as digits to `base`; the first is the highest.
LANES_INLINE lanes lanes_join_ternary(const float *x, int stride, int count, float base,
                                      float inverse) {
  lanes number = lanes_ternary_code(x, inverse);
  for (int i = 1; i < count; i++)
    number = lanes_add(lanes_mul(number, lanes_all(base)),
                       lanes_ternary_code(x + stride * i, inverse));
  return number;
}

QUERN_TARGET void LANES_ENCODER(tq2_0)(const float *input, void *blocks, size_t rows,
                                       size_t columns, const float *importance) {
  (void)importance;
  quern_block_tq2_0 *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256, block++) {
    const float d = lanes_magnitude(input + i, 256), inverse = lanes_ternary_inverse(d);
    for (int j = 0; j < 64; j += LANES) {
      // The last code is the highest.
      const float *x = input + i + 128 * (j / 32) + j % 32;
      const lanes code = lanes_join_ternary(x + 96, -32, 4, 4, inverse);
      lanes_store_bytes(block->qs + j, lanes_truncated(code));
    }
    block->d = quern_scale_from_float(d);
  }
}

// quern_pack_trits of sixteen numbers of five digits. Half a unit more than is to be added keeps the
// quotient away from whole numbers, whatever the rounding.
LANES_INLINE lanes_int lanes_pack_trits(lanes number) {
  const lanes share = lanes_mul(number, lanes_all(256.f / 243));
  return lanes_truncated(lanes_add(share, lanes_all(242.5f / 243)));
}

QUERN_TARGET void LANES_ENCODER(tq1_0)(const float *input, void *blocks, size_t rows,
                                       size_t columns, const float *importance) {
  (void)importance;
  quern_block_tq1_0 *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 256, block++) {
    const float *x = input + i;
    const float d = lanes_magnitude(x, 256), inverse = lanes_ternary_inverse(d);
    for (int j = 0; j < 32; j += LANES)
      lanes_store_bytes(block->qs + j,
                        lanes_pack_trits(lanes_join_ternary(x + j, 32, 5, 3, inverse)));
    lanes_store_bytes(block->qs + 32,
                      lanes_pack_trits(lanes_join_ternary(x + 160, 16, 5, 3, inverse)));
    uint8_t codes[LANES];
    lanes_store_bytes(codes, lanes_truncated(lanes_ternary_code(x + 240, inverse)));
    for (int j = 0; j < 4; j++) block->qh[j] = quern_pack_trits(codes + j, 4, 4);
    block->d = quern_scale_from_float(d);
  }
}

QUERN_TARGET void LANES_ENCODER(q2_0)(const float *input, void *blocks, size_t rows,
                                      size_t columns, const float *importance) {
  (void)importance;
  // The float just below one half, see quern_rounded_away.
  const float half = quern_from_bits(0x3effffff);
  quern_block_q2_0 *block = blocks;
  for (size_t i = 0; i < rows * columns; i += 64, block++) {
    const float d = lanes_magnitude(input + i, 64), inverse = d > 0 ? 1 / d : 0;
    for (int j = 0; j < 64; j += LANES) {
      const lanes quotient = lanes_mul(lanes_load(input + i + j), lanes_all(inverse));
      const lanes_mask negative = lanes_less(quotient, lanes_all(0));
      const lanes addend = lanes_select(negative, lanes_all(-half), lanes_all(half));
      const lanes_int rounded = lanes_truncated(lanes_add(quotient, addend));
      uint32_t codes[4];
      lanes_store_bytes(codes, lanes_clamped(lanes_add_int(rounded, 1), 0, 3));
      // The product's top byte gathers four codes.
      for (int k = 0; k < 4; k++) block->qs[j / 4 + k] = (uint8_t)(codes[k] * 0x01041040u >> 24);
    }
    block->d = quern_scale_from_float(d);
  }
}

// One bit an element of 16: whether it is not negative.
LANES_INLINE void lanes_store_signs(const float *x, uint8_t *bytes) {
  const unsigned bits = lanes_bits(lanes_at_most(lanes_all(0), lanes_load(x)));
  bytes[0] = (uint8_t)bits;
  bytes[1] = (uint8_t)(bits >> 8);
}

QUERN_TARGET void LANES_ENCODER(q1_0)(const float *input, void *blocks, size_t rows,
                                      size_t columns, const float *importance) {
  (void)importance;
  const size_t count = rows * columns / 128;
  quern_block_q1_0 *block = blocks;
  for (; block + LANES <= (quern_block_q1_0 *)blocks + count; block += LANES, input += 128 * LANES) {
    lanes sum = lanes_all(0);
    for (int i = 0; i < 128; i += 16) {
      float x[16 * LANES];
      lanes_transpose(input + i, 128, x);
      for (int j = 0; j < 16; j++) sum = lanes_add(sum, lanes_abs(lanes_load(x + LANES * j)));
    }
    float sums[LANES];
    lanes_store(sums, sum);
    for (int b = 0; b < LANES; b++) {
      block[b].d = quern_scale_from_float(sums[b] / 128);
      for (int i = 0; i < 128; i += 16)
        lanes_store_signs(input + 128 * b + i, block[b].qs + i / 8);
    }
  }
  quern_encode_q1_0_generic(input, block, 1,
                            128 * (size_t)((quern_block_q1_0 *)blocks + count - block), NULL);
}
