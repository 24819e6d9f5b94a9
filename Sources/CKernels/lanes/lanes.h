// Sixteen lanes: the vector arithmetic that the encoders are written in, once for all levels.
// Private.
//
// Each vector level has a LEVEL/lanes.h that defines the types `lanes` (16 floats), `lanes_int`
// (16 x 32 bits) and `lanes_mask`, in one register or several, and the functions listed here. A file
// of that level includes its lanes.h first and then the headers of this folder, which so become code
// of the level's instruction set. Lanes hold independent blocks; each lane does the scalar
// arithmetic in the scalar order, so the bytes are the scalar's.
//
//     LANES_GROUPS                  groups of sixteen blocks that an affine search takes in turn
//     LANES_DESCENTS                groups that a descent takes in step, at most 4
//     LANES_TRIALS                  candidates that it tries in one pass over the values
//     LANES_SPLITS                  groups whose splits the IQ1_S search tries in step, 1 or 2
//     lanes_load(p) lanes_store(p, a) lanes_all(float)
//     lanes_add lanes_sub lanes_mul lanes_div lanes_sqrt lanes_abs      each rounds once, as in C
//     lanes_min(a, b)               a < b ? a : b, so b where either is NaN
//     lanes_max(a, b)               a > b ? a : b
//     lanes_at_most_positive(a, high)      for high > 0: lanes_min(a, high), but never NaN
//     lanes_at_least_negative(a, low)      for low < 0
//     lanes_at_least_zero(a)        0 where a has a minus sign
//     lanes_nearest(a)              to the nearest integer, ties to even, as a float
//     lanes_less lanes_at_most lanes_equal                              false for NaN
//     lanes_and(m, n) lanes_and_not(m, n)                               m & n, m & ~n
//     lanes_bits(m)                 bit i is lane i
//     lanes_select(m, a, b)         m ? a : b
//     lanes_where(m, a)             m ? a : 0
//     lanes_numbers()               0, 1, ... 15
//     lanes_nearest_wrapped(a)      quern_nearest of each lane
//     lanes_truncated(a)            quern_truncated of each lane
//     lanes_at_most_int(a, high) lanes_clamped(a, low, high) lanes_add_int(a, int)
//     lanes_low_byte(a)             a & 255
//     lanes_all_int(int) lanes_from_int(a)
//     lanes_load_codes(p)           from sixteen of 16 bits
//     lanes_right(a, bits)
//     lanes_pick8(table, a)         table[a & 7] of eight floats
//     lanes_pick4(table, a)         lane a & 3 of `table`, an octet that holds four floats twice
//     lanes_pick32(table, a)        table[a & 31] of 32 floats; only where LANES_PICK32 is defined, as are
//     lanes_nearest_bits(a)         whose low bits are those of quern_nearest, and
//     lanes_after(a, m)             m ? a + 1 : a
//     lanes_branch(a, m)            2 * a + (m ? 0 : 1): one step down a tree, left where m
//     lanes_store_bytes(p, a)       the low bytes of the 16 lanes
//     lanes_largest(a) lanes_least(a)   over the lanes; none NaN
//     lanes_transpose(rows, stride, columns)   columns[16 * i + lane] = rows[lane * stride + i], i < 16
//
// For grids, whose vectors are digits of two or three bits, LEVEL/digits.h adds:
//
//     lanes_load_int(p) lanes_store_int(p, a)
//     lanes_load_bytes(p)           from sixteen of 8 bits
//     lanes_changes(before, a)      bit i: lane i differs from the one before, lane 0 from before's last
//     lanes_replaced(a, bits, int)  bit i ? int : lane i
//     lanes_raised(a, m, int)       m ? a + int : a
//     lanes_shifted_in(a, bits, b)  (a << bits) + b
//     lanes_half_digits(a, high)    quern_nearest(a / 2) within 0 ... high, plus LANES_DIGIT_ZERO;
//                                   |a| < 2^22
//     lanes_quad(table, a)          table[a & 3] of four floats
//     lanes_masked(a, bits)         bit i ? lane i : 0
//     lanes_line(a, b, c)           a * b - c, rounded once or twice
//     lanes_total(a)                of the lanes, in any order
//     lanes_make_table(bits, factors, levels, table)   for lanes_sum_table: LANES_TABLE floats, or half
//     lanes_sum_table(bits, table, codes)   the sum of factors[i] * levels[digit i], in any order
#ifndef QUERN_LANES_H
#define QUERN_LANES_H

#include <stdbool.h>

enum { LANES = 16, LANES_TABLE = 64 };

// Vectors that straddle cache lines take twice as long to load.
#define LANES_ALIGNED _Alignas(LANES * sizeof(float))

#define LANES_NAME__(verb, type, level) quern_##verb##_##type##_##level
#define LANES_NAME_(verb, type, level) LANES_NAME__(verb, type, level)
#define LANES_ENCODER(type) LANES_NAME_(encode, type, QUERN_LEVEL)

// Whether all of `count` values are finite. Encoders leave blocks that are not to the scalar code.
LANES_INLINE bool lanes_finite(const float *values, size_t count) {
  lanes sum = lanes_all(0);
  const lanes zero = lanes_all(0);
  // Infinity and NaN times zero are NaN, and NaN stays in the sum.
  for (size_t i = 0; i < count; i += LANES)
    sum = lanes_add(sum, lanes_mul(lanes_load(values + i), zero));
  return lanes_bits(lanes_equal(sum, zero)) == 0xffff;
}

// The largest magnitude of `count` values; NaN has none.
LANES_INLINE float lanes_magnitude(const float *values, size_t count) {
  lanes largest = lanes_all(0);
  for (size_t i = 0; i < count; i += LANES)
    largest = lanes_max(lanes_abs(lanes_load(values + i)), largest);
  return lanes_largest(largest);
}

#endif
