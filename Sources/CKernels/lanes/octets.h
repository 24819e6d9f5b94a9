// Eight lanes: the arithmetic of the grid searches, whose lists of neighbours are short. Private.
//
// Each vector level has a LEVEL/octets.h (AVX-512 takes AVX2's) that defines the types `octet` (8
// floats), `octet_int` (8 x 32 bits) and `octet_mask`, and the functions listed here; its lanes.h
// includes it.
//
//     octet_load(p) octet_store(p, a) octet_all(float)
//     octet_add octet_sub octet_mul octet_div octet_abs         each rounds once, as in C
//     octet_min(a, b)                          a < b ? a : b
//     octet_less(a, b) octet_select(m, a, b) octet_bits(m)
//     octet_equal(a, b) octet_first(a)         lane 0
//     octet_lane_numbers()                     0, 1, ... 7
//     octet_least(a)                           the least lane in all lanes; none NaN
//     octet_load_int(p) octet_store_int(p, a)
//     octet_load_codes(p)                      from eight of 16 bits
//     octet_right(a, bits)
//     octet_from_bytes(uint64_t)               eight signed bytes, the lowest first
//     octet_look_up(table, uint64_t)           of 16 signed bytes, by eight bytes below 16
//     octet_spread(word, bits)                 lane i: word >> bits * i
//     octet_flip(a, word)                      lanes i with other signs where bit i is set
//     octet_pick8(table, a)                    lane a & 7 of `table`
//     octet_pick4(table, a)                    lane a & 3 of `table`, which holds four floats twice
#ifndef QUERN_LANES_OCTETS_H
#define QUERN_LANES_OCTETS_H

#include <float.h>

#include "../grids/grids.h"
#include "lanes.h"

// The errors that each digit of a vector of eight (two bits a digit) or four (three bits) may make.
typedef struct {
  octet errors[8];
} octet_errors;

LANES_INLINE octet octet_pick(int bits, octet table, octet_int codes, int digit) {
  const octet_int index = digit == 0 ? codes : octet_right(codes, bits * digit);
  return bits == 2 ? octet_pick4(table, index) : octet_pick8(table, index);
}

// `levels` are what a vector's digits mean times the scale tried; `weights` weigh squared errors.
LANES_INLINE octet_errors octet_tabulate(int bits, octet levels, const float *x,
                                         const float *weights) {
  octet_errors table;
  for (int i = 0; i < (bits == 2 ? 8 : 4); i++) {
    const octet error = octet_sub(levels, octet_all(x[i]));
    table.errors[i] = octet_mul(octet_mul(octet_all(weights[i]), error), error);
  }
  return table;
}

// The sums of the errors of eight codes, added in the order of the elements. NaN and what overflows
// become the largest float.
LANES_INLINE octet octet_sum_errors(int bits, const octet_errors *table, const uint16_t *list) {
  const octet_int codes = octet_load_codes(list);
  octet sum = octet_pick(bits, table->errors[0], codes, 0);
  for (int i = 1; i < (bits == 2 ? 8 : 4); i++)
    sum = octet_add(sum, octet_pick(bits, table->errors[i], codes, i));
  return octet_min(sum, octet_all(FLT_MAX));
}

// The code of least error of a list of neighbours, the first of equals.
LANES_INLINE uint16_t octet_best_neighbour(int bits, const octet_errors *table,
                                           const uint16_t *list, uint32_t count) {
  octet best = octet_sum_errors(bits, table, list);
  if (count <= 8) return list[__builtin_ctz(octet_bits(octet_equal(best, octet_least(best))))];
  octet start = octet_all(0);
  for (uint32_t j = 8; j < count; j += 8) {
    const octet sum = octet_sum_errors(bits, table, list + j);
    const octet_mask better = octet_less(sum, best);
    best = octet_select(better, sum, best);
    start = octet_select(better, octet_all((float)j), start);
  }
  const octet places = octet_add(start, octet_lane_numbers());
  const octet first = octet_select(octet_equal(best, octet_least(best)), places, octet_all(FLT_MAX));
  return list[(int)octet_first(octet_least(first))];
}

#endif
