// From the splits of sixteen sub-blocks to points of the grid: quern_settle_ternary of
// scalar/ternary_grid.h. Private.
#ifndef QUERN_LANES_TERNARY_SETTLE_H
#define QUERN_LANES_TERNARY_SETTLE_H

#include "octets.h"
#include "ternary_search.h"

// Sixteen sub-blocks of `count` elements on their way to the grid.
typedef struct {
  int count;
  const float *x, *weights;     // one sub-block after another
  quern_ternary_found *found;
  float codes[4][LANES];        // of the vectors that the splits stand for
  unsigned off_grid;            // sub-blocks with a vector off the grid, a bit each
} lanes_settlement;

// The sums of the errors of sixteen codes; octet_sum_errors for twice as many.
LANES_INLINE lanes lanes_sum_errors(const octet_errors *table, const uint16_t *list) {
  const lanes_int codes = lanes_load_codes(list);
  lanes sum = lanes_pick4(table->errors[0], codes);
  for (int i = 1; i < 8; i++)
    sum = lanes_add(sum, lanes_pick4(table->errors[i], lanes_right(codes, 2 * i)));
  return lanes_min(sum, lanes_all(FLT_MAX));
}

// octet_best_neighbour for vectors of two-bit digits. The last sixteen of a list may overlap those
// before them.
LANES_INLINE uint16_t lanes_best_neighbour(const octet_errors *table, const uint16_t *list,
                                           uint32_t count) {
  if (count <= 8) return octet_best_neighbour(2, table, list, count);
  const uint32_t end = (count + 7) / 8 * 8;
  lanes best = lanes_sum_errors(table, list), start = lanes_all(0);
  for (uint32_t j = LANES; j < end; j += LANES) {
    const uint32_t at = j + LANES <= end ? j : end - LANES;
    const lanes sum = lanes_sum_errors(table, list + at);
    const lanes_mask better = lanes_less(sum, best);
    best = lanes_select(better, sum, best);
    start = lanes_select(better, lanes_all((float)at), start);
  }
  const lanes_mask least = lanes_equal(best, lanes_all(lanes_least(best)));
  const lanes places = lanes_add(start, lanes_numbers());
  return list[(int)lanes_least(lanes_select(least, places, lanes_all(FLT_MAX)))];
}

// quern_best_ternary.
LANES_INLINE uint16_t lanes_best_ternary(const quern_grid *grid, quern_grid_entry entry,
                                         const float x[8], const float weights[8], float scale,
                                         const float levels[3]) {
  const float twice[8] = {levels[0], levels[1], levels[2], 0, levels[0], levels[1], levels[2], 0};
  const octet scaled = octet_mul(octet_all(scale), octet_load(twice));
  const octet_errors table = octet_tabulate(2, scaled, x, weights);
  return lanes_best_neighbour(&table, grid->neighbours + entry.first, entry.count);
}

// quern_ternary_digits, as codes. `present` has a bit for each sub-block that does not count as zero.
LANES_INLINE void lanes_code_splits(const float *ranks, const lanes_split *split, unsigned present,
                                    lanes_settlement *s) {
  const int ways = s->count == 32 ? 2 : 4;
  float scales[LANES], numbers[LANES], firsts[LANES], lasts[LANES];
  lanes_store(scales, split->scale);
  lanes_store(numbers, split->number);
  for (int lane = 0; lane < LANES; lane++) {
    const int number = (int)numbers[lane], pair = number / ways;
    const bool won = number >= 0 && present >> lane & 1, flipped = scales[lane] < 0;
    const int down = flipped ? ways - 1 - number % ways : number % ways;
    firsts[lane] = (float)(pair / (s->count + 1));
    lasts[lane] = (float)(pair % (s->count + 1));
    s->found[lane] = (quern_ternary_found){0};
    if (won)
      s->found[lane] = (quern_ternary_found){
          .present = true, .scale = flipped ? -scales[lane] : scales[lane], .down = (uint8_t)down};
  }
  const lanes first = lanes_load(firsts), last = lanes_load(lasts), one = lanes_all(1);
  const lanes_mask flipped = lanes_less(split->scale, lanes_all(0));
  for (int k = 0; k < s->count / 8; k++) {
    lanes code = lanes_all(0);
    for (int i = 7; i >= 0; i--) {
      const lanes rank = lanes_load(ranks + LANES * (8 * k + i));
      const lanes below = lanes_add(lanes_where(lanes_less(rank, first), one),
                                    lanes_where(lanes_less(rank, last), one));
      const lanes digit = lanes_select(flipped, below, lanes_sub(lanes_all(2), below));
      code = lanes_add(lanes_mul(code, lanes_all(4)), digit);
    }
    lanes_store(s->codes[k], code);
  }
}

LANES_INLINE void lanes_find_points(const quern_grid *grid, lanes_settlement *s) {
  s->off_grid = 0;
  for (int lane = 0; lane < LANES; lane++) {
    quern_ternary_found *found = &s->found[lane];
    if (!found->present) continue;
    for (int k = 0; k < s->count / 8; k++) {
      const uint32_t code = (uint32_t)s->codes[k][lane];
      const quern_grid_entry entry = quern_grid_entry_of(grid, code);
      const int at = s->count * lane + 8 * k;
      found->codes[k] = (uint16_t)code;
      if (!entry.count) continue;
      s->off_grid |= 1u << lane;
      found->codes[k] =
          lanes_best_ternary(grid, entry, s->x + at, s->weights + at, found->scale,
                             quern_levels_of(found->down, s->count, k));
    }
  }
}

// The best scale for points as they were found, of sub-blocks with a vector off the grid. `x` and
// `weights` are transposed.
LANES_INLINE void lanes_rescale(const float *x, const float *weights, const lanes_settlement *s) {
  static const float digits[8] = {0, 1, 2, 2, 0, 1, 2, 2};
  lanes sum_xl = lanes_all(0), sum_ll = lanes_all(0);
  for (int k = 0; k < s->count / 8; k++) {
    uint16_t codes[LANES];
    float lowest[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      codes[lane] = s->found[lane].codes[k];
      lowest[lane] = quern_levels_of(s->found[lane].down, s->count, k)[0];
    }
    for (int i = 0; i < 8; i++) {
      const int at = LANES * (8 * k + i);
      const lanes digit = lanes_pick4(octet_load(digits), lanes_right(lanes_load_codes(codes), 2 * i));
      const lanes l = lanes_add(lanes_load(lowest), digit);
      const lanes wl = lanes_mul(lanes_load(weights + at), l);
      sum_xl = lanes_add(sum_xl, lanes_mul(wl, lanes_load(x + at)));
      sum_ll = lanes_add(sum_ll, lanes_mul(wl, l));
    }
  }
  const lanes zero = lanes_all(0);
  const unsigned positive =
      lanes_bits(lanes_and(lanes_less(zero, sum_xl), lanes_less(zero, sum_ll)));
  float scales[LANES];
  lanes_store(scales, lanes_div(sum_xl, sum_ll));
  for (int lane = 0; lane < LANES; lane++)
    if ((s->off_grid & positive) >> lane & 1) s->found[lane].scale = scales[lane];
}

#endif
