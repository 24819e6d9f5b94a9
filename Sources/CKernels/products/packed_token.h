// One packed token as the hand-written products of x86 read it.
#ifndef QUERN_PRODUCTS_PACKED_TOKEN_H
#define QUERN_PRODUCTS_PACKED_TOKEN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../include/CKernels.h"

#define INLINE static inline __attribute__((always_inline, unused))

/// Bytes, scales, scaled sums of blocks of 32 and of 16; where a type wants them, the bytes in another
/// arrangement, or the points of its grid.
typedef struct {
  const uint8_t *bytes;
  const float *scales, *sums, *halves;
  const uint8_t *arranged;
  const void *points;
} packed_token;

/// The token from column `from` on.
INLINE packed_token token_of(const quern_product_job *product, size_t from) {
  const size_t blocks = product->columns / 32;
  packed_token x;
  x.bytes = product->activations;
  x.scales = (const float *)(x.bytes + product->columns) + from / 32;
  x.sums = x.scales + blocks;
  x.halves = x.sums + blocks + from / 32;
  x.bytes += from;
  x.arranged = NULL;
  x.points = NULL;
  return x;
}

INLINE uint16_t load_u16(const void *p) {
  uint16_t v;
  memcpy(&v, p, 2);
  return v;
}
INLINE uint32_t load_u32(const void *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
INLINE uint64_t load_u64(const void *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

#endif
