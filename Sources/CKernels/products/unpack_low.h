// FP4, ternary, one-bit and two-bit block types as small signed integers. Part of unpack.h.
//
// Source: struct layouts and dequantizers of ggml (llama-cpp-python 0.3.36), checked by ProductTests
// against the decoders.
#ifndef QUERN_PRODUCTS_UNPACK_LOW_H
#define QUERN_PRODUCTS_UNPACK_LOW_H

INLINE float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/// 2^(e - 128), half of what E8M0 means; the two lowest are subnormal.
INLINE float half_of_e8m0(uint8_t e) {
  return float_of_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

/// Half of an UE4M3: four bits of exponent, three of mantissa; the top bit is ignored and 0x7f is zero.
INLINE float half_of_ue4m3(uint8_t code) {
  const uint32_t exponent = code >> 3 & 15, mantissa = code & 7;
  if (code == 0x7f) return 0;
  const float unit = float_of_bits((127 - 11 + (exponent ? exponent : 1)) << 23);
  return (float)(exponent ? 8 + mantissa : mantissa) * unit;
}

/// E2M1, doubled; the scales come halved.
static const int8_t fp4_levels[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

UNPACK(mxfp4) {
  const quern_block_mxfp4 *block = blocks;
  for (size_t b = 0; b < count / 32; b++, block++, q += 32) {
    unpack_levels(block->qs, fp4_levels, q);
    scale[b] = half_of_e8m0(block->e);
  }
}

// Eight bytes hold sixteen elements, the first eight in the low nibbles.
UNPACK(nvfp4) {
  const quern_block_nvfp4 *block = blocks;
  for (size_t b = 0; b < count / 64; b++, block++)
    for (int pair = 0; pair < 2; pair++, q += 32) {
      sixteen_bytes codes, table;
      octets values;
      memcpy(&codes, block->qs + 16 * pair, 16);
      memcpy(&table, fp4_levels, 16);
      const sixteen_bytes low = look_up(table, codes & 15), high = look_up(table, codes >> 4);
      values = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22,
                                       23, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30,
                                       31);
      memcpy(q, &values, 32);
      *scale++ = half_of_ue4m3(block->d[2 * pair]);
      *scale++ = half_of_ue4m3(block->d[2 * pair + 1]);
    }
}

UNPACK(q1_0) {
  const quern_block_q1_0 *block = blocks;
  for (size_t b = 0; b < count / 128; b++, block++)
    for (int sub = 0; sub < 4; sub++, q += 32) {
      const uint64_t one = 0x0101010101010101u, ones[4] = {one, one, one, one};
      store_signed(q, ones, ~load_word(block->qs + 4 * sub));
      *scale++ = half_to_float(block->d);
    }
}

/// Two-bit codes, four neighbours a byte.
UNPACK(q2_0) {
  const quern_block_q2_0 *block = blocks;
  for (size_t b = 0; b < count / 64; b++, block++, q += 64) {
    for (int i = 0; i < 64; i += 32) {
      uint8_t bytes __attribute__((vector_size(8)));
      memcpy(&bytes, block->qs + i / 4, 8);
      // Each byte spreads over the word of its four codes.
      octet_words codes = __builtin_convertvector(bytes, octet_words);
      codes |= codes << 12;
      codes |= codes << 6;
      const octets values = (octets)(codes & 0x03030303) - 1;
      memcpy(q + i, &values, 32);
    }
    scale[2 * b] = scale[2 * b + 1] = half_to_float(block->d);
  }
}

/// The digit to base 3 that follows `power` = 3^n: the byte is a fraction of 256.
INLINE void unpack_trits(const uint8_t *bytes, int count, uint8_t power, int8_t *restrict q) {
  for (int i = 0; i < count; i++) {
    const uint8_t fraction = (uint8_t)(bytes[i] * power);
    q[i] = (int8_t)((fraction * 3 >> 8) - 1);
  }
}

UNPACK(tq1_0) {
  const quern_block_tq1_0 *block = blocks;
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  for (int n = 0; n < 5; n++) unpack_trits(block->qs, 32, powers[n], q + 32 * n);
  for (int n = 0; n < 5; n++) unpack_trits(block->qs + 32, 16, powers[n], q + 160 + 16 * n);
  for (int n = 0; n < 4; n++) unpack_trits(block->qh, 4, powers[n], q + 240 + 4 * n);
  for (int s = 0; s < 8; s++) scale[s] = half_to_float(block->d);
}

UNPACK(tq2_0) {
  const quern_block_tq2_0 *block = blocks;
  for (int half = 0; half < 2; half++)
    for (int part = 0; part < 4; part++)
      for (int i = 0; i < 32; i++)
        q[half * 128 + part * 32 + i] = (int8_t)((block->qs[half * 32 + i] >> (2 * part) & 3) - 1);
  for (int s = 0; s < 8; s++) scale[s] = half_to_float(block->d);
}

#endif
