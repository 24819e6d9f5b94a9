// quern_search_grid, one super-block at a time: sixteen candidate scales round a vector, sixteen
// neighbours are compared. All values are finite. Private.
//
// Each step is done for all sub-blocks before the next: what one of them decides, and a processor could
// only guess, is then known long before it is needed.
#ifndef QUERN_LANES_GRID_SEARCH_H
#define QUERN_LANES_GRID_SEARCH_H

#include "../scalar/grid_search.h"
#include "grid_lines.h"

enum {
  LANES_CANDIDATES = 32,  // room for all candidates of a search
  LANES_RUNS = 128,       // room for runs on their way
};

// How a type searches, in numbers that are known when a function is compiled.
typedef struct {
  const quern_grid_search *search;
  int bits, digits, elements, vectors, candidates;  // of a digit, a vector, a sub-block, a search
} lanes_grid_shape;

// The candidates of one sub-block; entry c of each array is candidate c's.
typedef struct {
  bool tame;                    // false: nothing to search, or the scalar code does
  float root, largest;          // sum of the roots of weights; largest magnitude
  LANES_ALIGNED float scales[LANES_CANDIDATES];
  LANES_ALIGNED float inverses[LANES_CANDIDATES];
} lanes_trials;

// A super-block as it is searched. Arrays over vectors have room for vectors of four.
typedef struct {
  LANES_ALIGNED float x[256], weights[256], roots[256];  // as in quern_grid_values
  LANES_ALIGNED float weighted[256];                     // weights * x
  lanes_trials trials[16];
  LANES_ALIGNED uint32_t codes[64][LANES_CANDIDATES];
  uint32_t off[64];  // bit c: candidate c put the vector off the grid
  LANES_ALIGNED float tables[2 * 256 / 8 * LANES_TABLE];  // of a vector's slopes, then offsets
  float squares[64];                                      // C of each vector
} lanes_grid_block;

// Consecutive candidates that rounded to the same vector off the grid.
typedef struct {
  quern_grid_entry entry;
  uint16_t vector;
  uint8_t from, end;
} lanes_run;

// The tables of vector `k`; three bits take half the room of two.
LANES_INLINE lanes_line_tables lanes_tables_of(const lanes_grid_shape *shape, int k,
                                               const lanes_grid_block *block) {
  const float *slopes = block->tables + LANES_TABLE / 4 * shape->digits * k;
  return (lanes_line_tables){slopes, slopes + LANES_TABLE / 8 * shape->digits, block->squares[k]};
}

// The codes of one vector, rounded at sixteen inverse scales. Quotients are below 2^22.
LANES_INLINE lanes_int lanes_round_vector(int bits, const float *x, lanes inverse) {
  lanes_int codes = lanes_all_int(0);
  for (int i = 0; bits == 2 && i < 8; i++) {
    // What quern_nearest rounds is (product - 1) / 2, ties to even: 1/2 to 0, 3/2 to 2.
    const lanes product = lanes_mul(inverse, lanes_all(x[i]));
    codes = lanes_raised(codes, lanes_less(lanes_all(2), product), 1 << 2 * i);
    codes = lanes_raised(codes, lanes_at_most(lanes_all(4), product), 1 << 2 * i);
  }
  for (int i = 3; bits == 3 && i >= 0; i--) {
    const lanes above = lanes_sub(lanes_mul(inverse, lanes_all(x[i])), lanes_all(1));
    codes = lanes_shifted_in(codes, 3, lanes_half_digits(above, 7));
  }
  return bits == 3 ? lanes_add_int(codes, (int)(-(1u + 8 + 64 + 512) * LANES_DIGIT_ZERO)) : codes;
}

// Whether quotients are sure not to wrap, and sums neither to overflow nor to lose more below the least
// float than lanes_margin allows.
LANES_INLINE bool lanes_tame(const lanes_trials *trials, float least_scale, float largest_scale) {
  return trials->largest <= 0x1p20f && largest_scale <= 0x1p20f && trials->root <= 0x1p40f &&
         least_scale >= 0x1p-60f && trials->largest <= 0x1p21f * least_scale;
}

// Sets up the candidates of a sub-block around `max`.
LANES_INLINE void lanes_begin_trials(const lanes_grid_shape *shape, int sub, float max,
                                     lanes_grid_block *block) {
  lanes_trials *trials = &block->trials[sub];
  const quern_grid_search *search = shape->search;
  lanes largest = lanes_all(0), roots = largest;
  for (int i = shape->elements * sub; i < shape->elements * (sub + 1); i += LANES) {
    largest = lanes_max(largest, lanes_abs(lanes_load(block->x + i)));
    roots = lanes_add(roots, lanes_load(block->roots + i));
  }
  trials->largest = lanes_largest(largest);
  trials->root = lanes_total(roots);
  for (int c = 0; c < shape->candidates; c += LANES) {
    LANES_ALIGNED float numerators[LANES];
    for (int i = 0; i < LANES; i++)
      numerators[i] = (float)search->top + (float)(c + i - search->last) * search->step;
    const lanes inverse = lanes_div(lanes_load(numerators), lanes_all(max));
    lanes_store(trials->inverses + c, inverse);
    lanes_store(trials->scales + c, lanes_div(lanes_all(1), inverse));
  }
  trials->tame = lanes_tame(trials, trials->scales[shape->candidates - 1], trials->scales[0]);
}

// Rounds vector `k` at all candidates; returns the first of each run, a bit each.
LANES_INLINE uint32_t lanes_round_all(const lanes_grid_shape *shape, int k, lanes_grid_block *block) {
  const lanes_trials *trials = &block->trials[k / shape->vectors];
  const float *x = block->x + shape->digits * k, *roots = block->roots + shape->digits * k;
  uint32_t starts = 0;
  lanes_int before = lanes_all_int(-1);
  for (int c = 0; c < shape->candidates; c += LANES) {
    const lanes_int codes =
        lanes_round_vector(shape->bits, x, lanes_load(trials->inverses + c));
    starts |= lanes_changes(before, codes) << c;
    lanes_store_int(block->codes[k] + c, codes);
    before = codes;
  }
  float *table = block->tables + LANES_TABLE / 4 * shape->digits * k;
  block->squares[k] =
      lanes_tabulate_lines(shape->bits, roots, x, table, table + LANES_TABLE / 8 * shape->digits);
  block->off[k] = 0;
  return starts & ((1u << shape->candidates) - 1);
}

LANES_INLINE uint32_t lanes_run_bits(const lanes_run *run) {
  return (uint32_t)((1ull << run->end) - (1ull << run->from));
}

// Puts each candidate of a run on the nearer of two neighbours; returns those where that is not sure.
LANES_INLINE uint32_t lanes_split_run(const lanes_run *run, const lanes_lines *lines,
                                      const lanes_lowest *lowest, const float *scales,
                                      uint32_t *codes) {
  const uint32_t *places = lowest->places, candidates = lanes_run_bits(run);
  uint32_t close = 0;
  for (int c = run->from & -LANES; c < run->end; c += LANES) {
    const lanes scale = lanes_load(scales + c);
    lanes heights[2];
    for (int k = 0; k < 2; k++)
      heights[k] = lanes_line(scale, lanes_all(lines->slopes[places[k]]),
                              lanes_all(lines->offsets[places[k]]));
    const lanes above = lanes_sub(heights[0], heights[1]);
    const unsigned here = candidates >> c & 0xffff;
    const unsigned second = lanes_bits(lanes_less(lanes_all(0), above)) & here;
    close |= lanes_bits(lanes_at_most(lanes_abs(above), lanes_all(lowest->margin))) & here;
    lanes_int both = lanes_load_int(codes + c);
    both = lanes_replaced(both, here, lines->list[places[0]]);
    lanes_store_int(codes + c, lanes_replaced(both, second, lines->list[places[1]]));
  }
  return places[0] == places[1] ? 0 : close;
}

// Puts the candidates of a run on the grid by the errors themselves, which is how they are defined.
LANES_INLINE void lanes_settle_exactly(const lanes_grid_shape *shape, const lanes_run *run,
                                       const lanes_lines *lines, const float scales[2],
                                       const lanes_lowest *lowest, lanes_grid_block *block) {
  const int k = run->vector;
  const float *x = block->x + shape->digits * k, *roots = block->roots + shape->digits * k;
  for (int c = run->from & -LANES; c < run->end; c += LANES) {
    const unsigned here = lanes_run_bits(run) >> c & 0xffff;
    const lanes scale = lanes_load(block->trials[k / shape->vectors].scales + c);
    lanes_int codes = lanes_load_int(block->codes[k] + c);
    lanes least = lanes_all(FLT_MAX);
    for (uint32_t j = 0; j < lines->count; j += LANES) {
      unsigned possible = lanes_possible(lines, j, scales, lowest);
      for (; possible != 0; possible &= possible - 1) {
        const uint16_t code = lines->list[j + (uint32_t)__builtin_ctz(possible)];
        lanes sum = lanes_all(0);
        for (int i = 0; i < shape->digits; i++) {
          const int digit = code >> shape->bits * i & (shape->bits == 2 ? 3 : 7);
          const lanes level = lanes_mul(scale, lanes_all((float)(2 * digit + 1)));
          const lanes error = lanes_sub(level, lanes_all(x[i]));
          sum = lanes_add(sum, lanes_mul(lanes_mul(lanes_all(roots[i]), error), error));
        }
        const unsigned better = lanes_bits(lanes_less(sum, least));
        least = lanes_min(sum, least);
        codes = lanes_replaced(codes, better & here, code);
      }
    }
    lanes_store_int(block->codes[k] + c, codes);
  }
}

// Puts the candidates of a run on the grid; `chunks` of sixteen hold its list.
LANES_INLINE void lanes_settle_run(const lanes_grid_shape *shape, const quern_grid *grid,
                                   const lanes_run *run, uint32_t chunks, lanes_grid_block *block) {
  const int k = run->vector;
  const lanes_trials *trials = &block->trials[k / shape->vectors];
  const float scales[2] = {trials->scales[run->from], trials->scales[run->end - 1]};
  lanes_lines lines;
  lines.list = grid->neighbours + run->entry.first;
  lines.count = run->entry.count;
  const lanes_line_tables tables = lanes_tables_of(shape, k, block);
  const lanes_lowest lowest = lanes_find_lowest(shape->bits, &tables, chunks, scales,
                                                trials->inverses[run->end - 1], &lines);
  const uint32_t close =
      lanes_split_run(run, &lines, &lowest, trials->scales, block->codes[k]);
  block->off[k] |= lanes_run_bits(run);
  if (!lowest.certain || close != 0) lanes_settle_exactly(shape, run, &lines, scales, &lowest, block);
}

LANES_INLINE void lanes_settle_runs(const lanes_grid_shape *shape, const quern_grid *grid,
                                    const lanes_run *runs, int count, lanes_grid_block *block) {
  for (int i = 0; i < count; i++) {
    if (runs[i].entry.count <= LANES)
      lanes_settle_run(shape, grid, &runs[i], 1, block);
    else
      lanes_settle_run(shape, grid, &runs[i], (runs[i].entry.count + LANES - 1) / LANES, block);
  }
}

// Tries all candidates of all sub-blocks.
LANES_INLINE void lanes_try_all(const lanes_grid_shape *shape, const quern_grid *grid,
                                lanes_grid_block *block) {
  lanes_run runs[LANES_RUNS];
  uint32_t starts[64];
  const int vectors = 256 / shape->digits;
  int count = 0;
  for (int k = 0; k < vectors; k++)
    starts[k] = block->trials[k / shape->vectors].tame ? lanes_round_all(shape, k, block) : 0;
  for (int k = 0; k < vectors; k++) {
    if (count > LANES_RUNS - LANES_CANDIDATES) {
      lanes_settle_runs(shape, grid, runs, count, block);
      count = 0;
    }
    while (starts[k] != 0) {
      const int from = __builtin_ctz(starts[k]);
      starts[k] &= starts[k] - 1;
      const int end = starts[k] != 0 ? __builtin_ctz(starts[k]) : shape->candidates;
      const quern_grid_entry entry = quern_grid_entry_of(grid, block->codes[k][from]);
      runs[count] = (lanes_run){entry, (uint16_t)k, (uint8_t)from, (uint8_t)end};
      count += entry.count != 0;
    }
  }
  lanes_settle_runs(shape, grid, runs, count, block);
}

#endif
