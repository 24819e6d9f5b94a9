// The searches of scalar/ternary_grid.h, sixteen sub-blocks at a time. Values are transposed: element i
// of lane l is at [16 * i + l]. All are finite. Private.
//
// Small whole numbers (places, digits, codes) are floats here, which hold them exactly.
#ifndef QUERN_LANES_TERNARY_SEARCH_H
#define QUERN_LANES_TERNARY_SEARCH_H

#include "../scalar/ternary_grid.h"
#include "lanes.h"

// Sixteen sub-blocks of up to 32 elements on their way through the search.
typedef struct {
  _Alignas(64) float x[32 * LANES], weights[32 * LANES];
  float ranks[32 * LANES];                           // each element's place in ascending order
  float sorted_x[32 * LANES], sorted_w[32 * LANES];  // in that order
  float sorted_half[16 * LANES];                     // of sixteen: 1 for the last eight, else 0
} lanes_ternary;

// The best pair of splits so far; `number` is (first * (elements + 1) + last) * ways + down, or -1
// where none has won.
typedef struct {
  lanes scale, best, number;
} lanes_split;

// quern_ascending. An element moves up for each larger one before it and each smaller one behind.
LANES_INLINE void lanes_rank(int count, const float *x, float *ranks) {
  const lanes one = lanes_all(1);
  for (int j = 0; j < count; j++) {
    const lanes value = lanes_load(x + LANES * j);
    lanes rank = lanes_all((float)j);
    for (int i = 0; i < j; i++) {
      const lanes smaller = lanes_where(lanes_less(value, lanes_load(x + LANES * i)), one);
      rank = lanes_sub(rank, smaller);
      lanes_store(ranks + LANES * i, lanes_add(lanes_load(ranks + LANES * i), smaller));
    }
    lanes_store(ranks + LANES * j, rank);
  }
}

LANES_INLINE void lanes_sort(int count, lanes_ternary *group) {
  lanes_rank(count, group->x, group->ranks);
  for (int i = 0; i < count; i++) {
    uint8_t places[LANES];
    lanes_store_bytes(places, lanes_truncated(lanes_load(group->ranks + LANES * i)));
    for (int lane = 0; lane < LANES; lane++) {
      group->sorted_x[LANES * places[lane] + lane] = group->x[LANES * i + lane];
      group->sorted_w[LANES * places[lane] + lane] = group->weights[LANES * i + lane];
      if (count == 16) group->sorted_half[LANES * places[lane] + lane] = (float)(i >> 3);
    }
  }
}

LANES_INLINE lanes_split lanes_no_split(void) {
  return (lanes_split){lanes_all(0), lanes_all(-FLT_MAX), lanes_all(-1)};
}

// quern_try_split.
LANES_INLINE void lanes_try_split(lanes sum_xl, lanes sum_ll, lanes number, lanes_split *split) {
  const lanes_mask won =
      lanes_and(lanes_less(lanes_all(0), sum_ll),
                lanes_less(lanes_mul(split->best, sum_ll), lanes_mul(sum_xl, sum_xl)));
  const lanes scale = lanes_div(sum_xl, sum_ll);
  split->scale = lanes_select(won, scale, split->scale);
  split->best = lanes_select(won, lanes_mul(scale, sum_xl), split->best);
  split->number = lanes_select(won, number, split->number);
}

// Sums up to each place, and what the elements from each place on add as high ones, moved up and down.
typedef struct {
  _Alignas(64) float x[33 * LANES], w[33 * LANES];
  float high_x[2][33 * LANES], high_w[2][33 * LANES];
} lanes_prefixes;

LANES_INLINE void lanes_sum_prefixes(const lanes_ternary *group, lanes_prefixes *sums) {
  lanes x = lanes_all(0), w = lanes_all(0);
  for (int j = 0; j < 32; j++) {
    const lanes weight = lanes_load(group->sorted_w + LANES * j);
    lanes_store(sums->x + LANES * j, x);
    lanes_store(sums->w + LANES * j, w);
    x = lanes_add(x, lanes_mul(weight, lanes_load(group->sorted_x + LANES * j)));
    w = lanes_add(w, weight);
  }
  lanes_store(sums->x + LANES * 32, x);
  lanes_store(sums->w + LANES * 32, w);
  for (int last = 0; last <= 32; last++) {
    const lanes rest_x = lanes_sub(x, lanes_load(sums->x + LANES * last));
    const lanes rest_w = lanes_sub(w, lanes_load(sums->w + LANES * last));
    for (int down = 0; down < 2; down++) {
      const lanes high = lanes_all(quern_ternary_levels[down][2]);
      lanes_store(sums->high_x[down] + LANES * last, lanes_mul(rest_x, high));
      lanes_store(sums->high_w[down] + LANES * last, lanes_mul(lanes_mul(rest_w, high), high));
    }
  }
}

// What is fixed while `first` is: the sums up to it and what they add as low ones.
typedef struct {
  lanes x, w, low_x[2], low_w[2];
} lanes_first;

LANES_INLINE lanes_first lanes_fix_first(const lanes_prefixes *sums, int first) {
  lanes_first fixed = {lanes_load(sums->x + LANES * first), lanes_load(sums->w + LANES * first),
                       {lanes_all(0)}, {lanes_all(0)}};
  for (int down = 0; down < 2; down++) {
    const lanes low = lanes_all(quern_ternary_levels[down][0]);
    fixed.low_x[down] = lanes_mul(fixed.x, low);
    fixed.low_w[down] = lanes_mul(lanes_mul(fixed.w, low), low);
  }
  return fixed;
}

// quern_split_iq1_S for `groups` groups (one or two) in step: one's divisions fill the time in which
// another waits for its best so far.
LANES_INLINE void lanes_split_iq1_S(int groups, const lanes_prefixes *sums, lanes_split *splits) {
  const lanes eighth = lanes_all(0.125f), one = lanes_all(1);
  for (int k = 0; k < groups; k++) splits[k] = lanes_no_split();
  for (int first = 0; first <= 32; first++) {
    lanes_first fixed[2];
    for (int k = 0; k < groups; k++) fixed[k] = lanes_fix_first(&sums[k], first);
    lanes number = lanes_all((float)(68 * first));
    for (int last = first; last <= 32; last++) {
      const lanes next = lanes_add(number, one);
      for (int k = 0; k < groups; k++) {
        // The middle level is an eighth either way: moved down, its negative.
        const int at = LANES * last;
        const lanes x = lanes_mul(lanes_sub(lanes_load(sums[k].x + at), fixed[k].x), eighth);
        const lanes w = lanes_mul(
            lanes_mul(lanes_sub(lanes_load(sums[k].w + at), fixed[k].w), eighth), eighth);
        lanes_try_split(
            lanes_add(lanes_add(fixed[k].low_x[0], x), lanes_load(sums[k].high_x[0] + at)),
            lanes_add(lanes_add(fixed[k].low_w[0], w), lanes_load(sums[k].high_w[0] + at)), number,
            &splits[k]);
        lanes_try_split(
            lanes_add(lanes_sub(fixed[k].low_x[1], x), lanes_load(sums[k].high_x[1] + at)),
            lanes_add(lanes_add(fixed[k].low_w[1], w), lanes_load(sums[k].high_w[1] + at)), next,
            &splits[k]);
      }
      number = lanes_add(next, one);
    }
  }
}

// What each element, in ascending order, adds to the sums of each combination of halves as a low, middle
// or high one.
typedef struct {
  _Alignas(64) float xl[3][16][4 * LANES], ll[3][16][4 * LANES];
} lanes_terms;

LANES_INLINE void lanes_tabulate_terms(const lanes_ternary *group, lanes_terms *terms) {
  for (int digit = 0; digit < 3; digit++) {
    const lanes up = lanes_all(quern_ternary_levels[0][digit]);
    const lanes down = lanes_all(quern_ternary_levels[1][digit]);
    for (int j = 0; j < 16; j++) {
      const lanes x = lanes_load(group->sorted_x + LANES * j);
      const lanes w = lanes_load(group->sorted_w + LANES * j);
      const lanes_mask last = lanes_less(lanes_all(0), lanes_load(group->sorted_half + LANES * j));
      for (int c = 0; c < 4; c++) {
        const lanes l = lanes_select(last, c & 1 ? down : up, c & 2 ? down : up);
        const lanes wl = lanes_mul(w, l);
        lanes_store(terms->xl[digit][j] + LANES * c, lanes_mul(wl, x));
        lanes_store(terms->ll[digit][j] + LANES * c, lanes_mul(wl, l));
      }
    }
  }
}

// The sums of the four combinations.
typedef struct {
  lanes xl[4], ll[4];
} lanes_split_sums;

LANES_INLINE void lanes_add_terms(const lanes_terms *terms, int digit, int j,
                                  lanes_split_sums *sums) {
  for (int c = 0; c < 4; c++) {
    sums->xl[c] = lanes_add(sums->xl[c], lanes_load(terms->xl[digit][j] + LANES * c));
    sums->ll[c] = lanes_add(sums->ll[c], lanes_load(terms->ll[digit][j] + LANES * c));
  }
}

// quern_split_iq1_M. Splits share the sums of their low and middle elements, which come first.
LANES_INLINE lanes_split lanes_split_iq1_M(const lanes_terms *terms) {
  const lanes zero = lanes_all(0), one = lanes_all(1);
  lanes_split split = lanes_no_split();
  lanes_split_sums low = {{zero, zero, zero, zero}, {zero, zero, zero, zero}};
  for (int first = 0; first <= 16; first++) {
    lanes_split_sums middle = low;
    lanes number = lanes_all((float)(72 * first));
    for (int last = first; last <= 16; last++) {
      lanes_split_sums sums = middle;
      for (int j = last; j < 16; j++) lanes_add_terms(terms, 2, j, &sums);
      for (int c = 0; c < 4; c++, number = lanes_add(number, one))
        lanes_try_split(sums.xl[c], sums.ll[c], number, &split);
      if (last < 16) lanes_add_terms(terms, 1, last, &middle);
    }
    if (first < 16) lanes_add_terms(terms, 0, first, &low);
  }
  return split;
}

#endif
