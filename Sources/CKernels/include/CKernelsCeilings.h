/// What a processor reaches with the instructions of a level when nothing else holds it up: the loops
/// that measured speeds are set beside. Part of the kernel table.
#ifndef QUERN_CKERNELS_CEILINGS_H
#define QUERN_CKERNELS_CEILINGS_H

#include <stddef.h>
#include <stdint.h>

typedef struct quern_ceiling_table {
  /// Reads `count` bytes from the first to the last, whole cache lines. The result depends on each.
  uint64_t (*read_memory)(const void *bytes, size_t count);
  /// Rounds of multiply-adds of signed bytes into 32-bit sums, their operands in registers and the
  /// first-level cache, `int8_macs` in each round.
  uint64_t (*multiply_int8)(size_t rounds);
  /// The same in single precision, `float_macs` in each round.
  uint64_t (*multiply_float)(size_t rounds);
  size_t int8_macs;
  size_t float_macs;
} quern_ceiling_table;

#endif
