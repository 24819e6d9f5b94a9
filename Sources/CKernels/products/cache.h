// The elements of a key-value cache, loaded to lanes. Needs lanes.h; generic/cache.c stores them.
#ifndef QUERN_PRODUCTS_CACHE_H
#define QUERN_PRODUCTS_CACHE_H

#include "../include/CKernelsProducts.h"
#include "lanes.h"

typedef int8_t cache_bytes __attribute__((vector_size(LANES)));
typedef uint8_t cache_octets __attribute__((vector_size(LANES)));

enum {
  CACHE_BLOCK = QUERN_CACHE_BLOCK,
  // Scales of a block of keys, before its bytes.
  KEY_SCALE_BYTES = QUERN_KEY_GROUP * 2,
};

/// Whether elements share scales; `cache` is constant wherever this is asked in a loop.
INLINE int has_scales(const quern_cache cache) {
  return cache == QUERN_CACHE_Q8_0 || cache == QUERN_CACHE_Q4_0;
}

INLINE floats load_signed_bytes(const uint8_t *p) {
  cache_bytes v;
  memcpy(&v, p, sizeof v);
  return to_floats(__builtin_convertvector(v, ints));
}

/// The lower or upper four bits of bytes, less 8.
INLINE floats load_nibbles(const uint8_t *p, const int upper) {
  cache_octets v;
  memcpy(&v, p, sizeof v);
  const ints wide = __builtin_convertvector(v, ints);
  return to_floats((upper ? wide >> 4 : wide & 15) - 8);
}

/// One scale in every lane. Broadcast before it is widened: widened alone, compilers have it wait for
/// whatever its register held before.
INLINE floats splat_scale(const uint8_t *p) {
  uint16_t bits;
  memcpy(&bits, p, 2);
  const halves scales = bits - (halves){0};
  return load_halves(&scales);
}

/// Plain elements side by side.
INLINE floats load_plain(const uint8_t *p, const quern_cache cache) {
  if (cache == QUERN_CACHE_F32) return load_floats(p);
  return cache == QUERN_CACHE_BF16 ? load_bfloats(p) : load_halves(p);
}

// MARK: - Keys

/// Bytes from one dimension of a group of keys to the next; of Q4_0, from one pair to the next.
INLINE size_t key_stride(const quern_cache cache) {
  switch (cache) {
    case QUERN_CACHE_F32: return QUERN_KEY_GROUP * 4;
    case QUERN_CACHE_F16:
    case QUERN_CACHE_BF16: return QUERN_KEY_GROUP * 2;
    default: return QUERN_KEY_GROUP;
  }
}

/// Bytes from the key of one position of a group to the next, in every row of the group.
INLINE size_t key_step(const quern_cache cache) { return key_stride(cache) / QUERN_KEY_GROUP; }

/// One dimension of LANES keys, without the scales. `upper` picks the second half of a block of Q4_0.
INLINE floats load_keys(const uint8_t *p, const quern_cache cache, const int upper) {
  if (cache == QUERN_CACHE_Q8_0) return load_signed_bytes(p);
  if (cache == QUERN_CACHE_Q4_0) return load_nibbles(p, upper);
  return load_plain(p, cache);
}

// MARK: - Values

/// Elements `d ..< d + LANES` of a row of values; `d` is a multiple of LANES.
INLINE floats load_values(const uint8_t *row, size_t d, const quern_cache cache) {
  const size_t block = d / CACHE_BLOCK, at = d % CACHE_BLOCK;
  if (cache == QUERN_CACHE_Q8_0) {
    const uint8_t *from = row + block * sizeof(quern_block_q8_0);
    return load_signed_bytes(from + 2 + at) * splat_scale(from);
  }
  if (cache == QUERN_CACHE_Q4_0) {
    const uint8_t *from = row + block * sizeof(quern_block_q4_0);
    const int upper = at >= CACHE_BLOCK / 2;
    return load_nibbles(from + 2 + at % (CACHE_BLOCK / 2), upper) * splat_scale(from);
  }
  return load_plain(row + d * (cache == QUERN_CACHE_F32 ? 4 : 2), cache);
}

/// One element of a row of values.
INLINE float load_value(const uint8_t *row, size_t d, const quern_cache cache) {
  const size_t block = d / CACHE_BLOCK, at = d % CACHE_BLOCK;
  if (cache == QUERN_CACHE_Q8_0) {
    const uint8_t *from = row + block * sizeof(quern_block_q8_0);
    return (float)(int8_t)from[2 + at] * load_half(from);
  }
  if (cache == QUERN_CACHE_Q4_0) {
    const uint8_t *from = row + block * sizeof(quern_block_q4_0);
    const int byte = from[2 + at % (CACHE_BLOCK / 2)];
    return (float)((at < CACHE_BLOCK / 2 ? byte & 15 : byte >> 4) - 8) * load_half(from);
  }
  if (cache == QUERN_CACHE_F16) return load_half(row + d * 2);
  uint32_t bits;
  float x;
  if (cache == QUERN_CACHE_F32) {
    memcpy(&bits, row + d * 4, 4);
  } else {
    uint16_t high;
    memcpy(&high, row + d * 2, 2);
    bits = (uint32_t)high << 16;
  }
  memcpy(&x, &bits, 4);
  return x;
}

#endif
