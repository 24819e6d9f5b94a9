// Squares of LANES x LANES 32-bit values, turned so that rows become lanes. Needs lanes.h.
#ifndef QUERN_PRODUCTS_TRANSPOSE_H
#define QUERN_PRODUCTS_TRANSPOSE_H

#include "lanes.h"

// Interleaves the low halves of two vectors, and their high halves.
#if LANES == 16
#define ZIP_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif LANES == 8
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/// to[column][row] = from[row][column] for LANES rows and columns; strides count values.
INLINE void transpose_square(const void *from, size_t from_stride, void *to, size_t to_stride) {
  ints rows[LANES], zipped[LANES];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < LANES; r++) rows[r] = load_ints((const int32_t *)from + r * from_stride);
  // Zipping each row with the one half the square away, once for every bit of a lane's number.
#pragma clang loop unroll(full)
  for (size_t bit = 1; bit < LANES; bit *= 2) {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < LANES / 2; r++) {
      zipped[2 * r] = ZIP_LOW(rows[r], rows[r + LANES / 2]);
      zipped[2 * r + 1] = ZIP_HIGH(rows[r], rows[r + LANES / 2]);
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < LANES; r++) rows[r] = zipped[r];
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < LANES; r++) store_ints((int32_t *)to + r * to_stride, rows[r]);
}

#endif
