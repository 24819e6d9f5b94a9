// Dot products of four bytes in portable C. Needs products/lanes.h with four lanes.
#ifndef QUERN_GENERIC_DOT4_H
#define QUERN_GENERIC_DOT4_H

/// Adds to each lane the products of four signed bytes with four others.
INLINE ints dot4_signed(ints sums, ints left, ints right) {
  int8_t l[16], r[16];
  int32_t parts[4];
  memcpy(l, &left, 16);
  memcpy(r, &right, 16);
  for (int lane = 0; lane < 4; lane++) {
    parts[lane] = 0;
    for (int i = 0; i < 4; i++) parts[lane] += l[lane * 4 + i] * r[lane * 4 + i];
  }
  return sums + load_ints(parts);
}

INLINE ints dot4(ints sums, ints left, ints right) { return dot4_signed(sums, left, right); }

#endif
