// The searches of scalar/grid_search.h: eight candidate scales at a time round a vector, eight
// neighbours at a time are compared. All values are finite. Private.
#ifndef QUERN_LANES_GRID_SEARCH_H
#define QUERN_LANES_GRID_SEARCH_H

#include "../scalar/grid_search.h"
#include "octets.h"

enum { OCTET_CANDIDATES = 32 };  // room for all candidates of a search

// What digits mean: 2 * l + 1.
LANES_INLINE octet octet_grid_levels(int bits) {
  static const float four[8] = {1, 3, 5, 7, 1, 3, 5, 7};
  static const float eight[8] = {1, 3, 5, 7, 9, 11, 13, 15};
  return octet_load(bits == 2 ? four : eight);
}

// The codes of one vector, rounded at eight inverse scales.
LANES_INLINE octet_int octet_round(int bits, const float *x, octet inverse) {
  octet_int codes = octet_all_int(0);
  for (int i = 0; i < (bits == 2 ? 8 : 4); i++) {
    const octet above = octet_sub(octet_mul(inverse, octet_all(x[i])), octet_all(1));
    const octet_int digit =
        octet_nearest_clamped(octet_mul(octet_all(0.5f), above), bits == 2 ? 2 : 7);
    codes = octet_or(codes, i == 0 ? digit : octet_left(digit, bits * i));
  }
  return codes;
}

// The sums of quern_grid_sums for the codes of eight candidates; codes of vector k are at
// [OCTET_CANDIDATES * k].
LANES_INLINE void octet_grid_sums(int bits, int elements, const quern_grid_values *values,
                                  const uint32_t *codes, octet *sum_xl, octet *sum_ll) {
  const int digits = bits == 2 ? 8 : 4;
  const octet levels = octet_grid_levels(bits);
  octet xl = octet_all(0), ll = octet_all(0);
  for (int k = 0; k < elements / digits; k++) {
    const octet_int eight = octet_load_int(codes + OCTET_CANDIDATES * k);
    for (int i = 0; i < digits; i++) {
      const float w = values->weights[digits * k + i];
      const octet l = octet_pick(bits, levels, eight, i);
      xl = octet_add(xl, octet_mul(octet_all(w * values->x[digits * k + i]), l));
      ll = octet_add(ll, octet_mul(octet_mul(octet_all(w), l), l));
    }
  }
  *sum_xl = xl;
  *sum_ll = ll;
}

// The candidates of one sub-block and what they led to; entry c of each array is candidate c's.
typedef struct {
  float scales[OCTET_CANDIDATES];
  float sum_xl[OCTET_CANDIDATES], sum_ll[OCTET_CANDIDATES];
  uint8_t off[OCTET_CANDIDATES];               // which vectors were off the grid
  uint32_t codes[8 * OCTET_CANDIDATES];        // of vector k from OCTET_CANDIDATES * k on
} octet_trials;

// Puts a vector on the grid: `code` is what rounding gave.
LANES_INLINE uint32_t octet_nearest_point(int bits, const quern_grid *grid, uint32_t code,
                                          const float *x, const float *roots, float scale,
                                          bool *off) {
  const quern_grid_entry entry = quern_grid_entry_of(grid, code);
  *off = entry.count != 0;
  if (!*off) return code;
  const octet levels = octet_mul(octet_all(scale), octet_grid_levels(bits));
  const octet_errors table = octet_tabulate(bits, levels, x, roots);
  return octet_best_neighbour(bits, &table, grid->neighbours + entry.first, entry.count);
}

// Tries all candidates around `max`.
LANES_INLINE void octet_try_all(const quern_grid_search *search, int bits, const quern_grid *grid,
                                const quern_grid_values *values, float max, octet_trials *trials) {
  const int digits = bits == 2 ? 8 : 4, vectors = search->elements / digits;
  const int count = 2 * search->last + 1;
  float numerators[OCTET_CANDIDATES];
  for (int c = 0; c < OCTET_CANDIDATES; c++)
    numerators[c] = (float)search->top + (float)(c - search->last) * search->step;
  for (int c = 0; c < count; c += 8) {
    const octet inverse = octet_div(octet_load(numerators + c), octet_all(max));
    octet_store(trials->scales + c, octet_div(octet_all(1), inverse));
    for (int k = 0; k < vectors; k++)
      octet_store_int(trials->codes + OCTET_CANDIDATES * k + c,
                      octet_round(bits, values->x + digits * k, inverse));
  }
  memset(trials->off, 0, sizeof trials->off);
  for (int k = 0; k < vectors; k++) {
    const float *x = values->x + digits * k, *roots = values->roots + digits * k;
    uint32_t *codes = trials->codes + OCTET_CANDIDATES * k;
    for (int c = 0; c < count; c++) {
      bool off;
      codes[c] = octet_nearest_point(bits, grid, codes[c], x, roots, trials->scales[c], &off);
      trials->off[c] |= (uint8_t)(off << k);
    }
  }
  for (int c = 0; c < count; c += 8) {
    octet xl, ll;
    octet_grid_sums(bits, search->elements, values, trials->codes + c, &xl, &ll);
    octet_store(trials->sum_xl + c, xl);
    octet_store(trials->sum_ll + c, ll);
  }
}

// quern_refine_grid.
LANES_INLINE void octet_refine(int bits, int elements, const quern_grid *grid,
                               const quern_grid_values *values, unsigned refined,
                               quern_grid_found *found) {
  const int digits = bits == 2 ? 8 : 4;
  const octet inverse = octet_all(1 / found->scale);
  uint32_t codes[8 * OCTET_CANDIDATES];
  for (int k = 0; k < elements / digits; k++) {
    if (refined >> k & 1) {
      uint32_t rounded[8];
      bool off;
      octet_store_int(rounded, octet_round(bits, values->x + digits * k, inverse));
      found->codes[k] = (uint16_t)octet_nearest_point(bits, grid, rounded[0], values->x + digits * k,
                                                      values->roots + digits * k, found->scale, &off);
    }
    octet_store_int(codes + OCTET_CANDIDATES * k, octet_all_int(found->codes[k]));
  }
  octet xl, ll;
  float sum_xl[8], sum_ll[8];
  octet_grid_sums(bits, elements, values, codes, &xl, &ll);
  octet_store(sum_xl, xl);
  octet_store(sum_ll, ll);
  if (sum_ll[0] > 0) found->scale = sum_xl[0] / sum_ll[0];
}

// The rest of quern_search_grid, once signs are split and the candidates' center `max` is known.
// `found` holds the signs; its scale is the one to start from.
LANES_INLINE void octet_search_grid(const quern_grid_search *search, int bits,
                                    const quern_grid *grid, const quern_grid_values *values,
                                    float max, quern_grid_found *found) {
  const int vectors = search->elements / (bits == 2 ? 8 : 4);
  octet_trials trials;
  octet_try_all(search, bits, grid, values, max, &trials);
  float best = 0;
  int winner = -1;
  for (int c = 0; c <= 2 * search->last; c++) {
    const float xl = trials.sum_xl[c], ll = trials.sum_ll[c];
    if (!(ll > 0 && xl * xl > best * ll)) continue;
    found->scale = xl / ll, best = found->scale * xl, winner = c;
  }
  found->present = true;
  unsigned off = 0;
  if (winner >= 0) {
    off = trials.off[winner];
    for (int k = 0; k < vectors; k++)
      found->codes[k] = (uint16_t)trials.codes[OCTET_CANDIDATES * k + winner];
  }
  const unsigned refined = quern_refined_vectors(search, vectors, winner >= 0, off);
  if (refined && found->scale > 0)
    octet_refine(bits, search->elements, grid, values, refined, found);
  quern_settle_sign(found);
}

// quern_split_signs.
LANES_INLINE uint8_t octet_split_signs(const float *x, const float *weights, bool even,
                                       float *magnitudes) {
  const octet value = octet_load(x);
  const unsigned signs = octet_bits(octet_less(value, octet_all(0)));
  octet_store(magnitudes, octet_abs(value));
  if (!even || !__builtin_parity(signs)) return (uint8_t)signs;
  const octet cost = octet_mul(octet_mul(octet_load(weights), value), value);
  float costs[8];
  octet_store(costs, cost);
  int cheapest = 0;
  for (int i = 1; i < 8; i++) cheapest = costs[i] < costs[cheapest] ? i : cheapest;
  magnitudes[cheapest] = -magnitudes[cheapest];
  return (uint8_t)(signs ^ 1u << cheapest);
}

#endif
