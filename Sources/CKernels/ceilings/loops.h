// The loops of one level. Needs products/lanes.h and, from the level, CEILING_COLUMNS and `dot4`, which
// adds to each lane the products of four bytes with four others in the fewest instructions it has.
//
// A tile of CEILING_ROWS x CEILING_COLUMNS sums stays in registers, as in the panel products: 12 or,
// where there are 32 registers, 16 chains hide the latency of a multiply-add (4 cycles on 2 to 4
// pipes), and each operand is used often enough that loads do not limit them.
#ifndef QUERN_CEILINGS_LOOPS_H
#define QUERN_CEILINGS_LOOPS_H

#include "../include/CKernelsCeilings.h"

enum {
  CEILING_ROWS = 4,
  CEILING_TILE = CEILING_ROWS * CEILING_COLUMNS,
  LINE_BYTES = 64,
  READ_STREAMS = 4,
  READ_AHEAD_BYTES = 2048,
};

/// Makes the compiler believe that the operands behind `p` are new.
INLINE void renew(const void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }

INLINE uint64_t fold_ints(ints v) {
  uint64_t sum = 0;
  for (int i = 0; i < LANES; i++) sum += (uint32_t)v[i];
  return sum;
}

static uint64_t multiply_int8(size_t rounds) {
  _Alignas(LINE_BYTES) int8_t operands[(CEILING_ROWS + CEILING_COLUMNS) * LANES * 4];
  memset(operands, 1, sizeof operands);
  ints sums[CEILING_TILE] = {{0}};
  for (size_t round = 0; round < rounds; round++) {
    renew(operands);
#pragma clang loop unroll(full)
    for (int r = 0; r < CEILING_ROWS; r++)
#pragma clang loop unroll(full)
      for (int c = 0; c < CEILING_COLUMNS; c++)
        sums[r * CEILING_COLUMNS + c] =
            dot4(sums[r * CEILING_COLUMNS + c], load_ints(operands + (CEILING_ROWS + c) * LANES * 4),
                 load_ints(operands + r * LANES * 4));
  }
  uint64_t result = 0;
  for (int i = 0; i < CEILING_TILE; i++) result += fold_ints(sums[i]);
  return result;
}

static uint64_t multiply_float(size_t rounds) {
  _Alignas(LINE_BYTES) float operands[(CEILING_ROWS + CEILING_COLUMNS) * LANES];
  for (size_t i = 0; i < sizeof operands / sizeof *operands; i++) operands[i] = 0.0009765625f;
  floats sums[CEILING_TILE] = {{0}};
  for (size_t round = 0; round < rounds; round++) {
    renew(operands);
#pragma clang loop unroll(full)
    for (int r = 0; r < CEILING_ROWS; r++)
#pragma clang loop unroll(full)
      for (int c = 0; c < CEILING_COLUMNS; c++)
        sums[r * CEILING_COLUMNS + c] += load_floats(operands + (CEILING_ROWS + c) * LANES) *
                                         load_floats(operands + r * LANES);
  }
  uint64_t result = 0;
  for (int i = 0; i < CEILING_TILE; i++) result += fold_ints((ints)sums[i]);
  return result;
}

INLINE ints add_line(ints sum, const uint8_t *line) {
#pragma clang loop unroll(full)
  for (int i = 0; i < LINE_BYTES; i += LANES * 4) sum ^= load_ints(line + i);
  return sum;
}

/// Several stretches side by side: one stream of misses does not fill a core's buffers everywhere.
static uint64_t read_memory(const void *bytes, size_t count) {
  const uint8_t *start = bytes;
  const size_t stretch = count / LINE_BYTES / READ_STREAMS * LINE_BYTES;
  ints sums[READ_STREAMS] = {{0}};
  for (size_t at = 0; at < stretch; at += LINE_BYTES)
#pragma clang loop unroll(full)
    for (int s = 0; s < READ_STREAMS; s++) {
      const uint8_t *line = start + (size_t)s * stretch + at;
      __builtin_prefetch(line + READ_AHEAD_BYTES);
      sums[s] = add_line(sums[s], line);
    }
  for (size_t at = stretch * READ_STREAMS; at + LINE_BYTES <= count; at += LINE_BYTES)
    sums[0] = add_line(sums[0], start + at);
  uint64_t result = 0;
  for (int s = 0; s < READ_STREAMS; s++) result += fold_ints(sums[s]);
  return result;
}

static void fill_ceilings(quern_ceiling_table *ceilings) {
  ceilings->read_memory = read_memory;
  ceilings->multiply_int8 = multiply_int8;
  ceilings->multiply_float = multiply_float;
  ceilings->int8_macs = CEILING_TILE * LANES * 4;
  ceilings->float_macs = CEILING_TILE * LANES;
}

#endif
