// The searches of the IQ2 and IQ3 encoders in scalar form: the definition that vector levels
// reproduce. Private.
//
// Sub-blocks of 32 or 16 elements are vectors on a grid, times signs, times one scale. A digit l means
// the level 2 * l + 1. For each candidate scale the elements are rounded, vectors off the grid replaced
// by the neighbour of least error, and the best scale for these vectors found; the candidate that
// explains most wins.
//
// Source: iq2_find_best_neighbour, iq3_find_best_neighbour and quantize_row_iq2_xxs_impl, _iq2_xs_impl,
// _iq2_s_impl, _iq3_xxs_impl, _iq3_s_impl in ggml-quants.c as shipped with llama-cpp-python 0.3.36.
// The reference aborts where no error is a number; here the first neighbour is taken.
#ifndef QUERN_SCALAR_GRID_SEARCH_H
#define QUERN_SCALAR_GRID_SEARCH_H

#include <float.h>

#include "../grids/grids.h"
#include "search.h"

// What is done, once a candidate has won, with a sub-block that is partly off the grid.
typedef enum {
  QUERN_REFINE_OFF_GRID,   // only its vectors off the grid are rounded again, with the scale found
  QUERN_REFINE_ANY,        // all of its vectors, if any is off the grid (or none won)
  QUERN_REFINE_ALWAYS,     // all of them, in any case
} quern_refinement;

// How one type searches.
typedef struct {
  quern_grid_name grid;
  int elements;        // of a sub-block
  int top;             // the highest level
  int last;            // candidates put the largest element on the levels top - last * step ...
  float step;          // ... top + last * step
  float least;         // sub-blocks whose largest magnitude is below count as zero
  bool even_signs;     // the number of minus signs of each eight elements is even
  bool estimate;       // the candidates are around a scale estimated first, not the largest element
  quern_refinement refinement;
  float stored_share;  // what the stored scale is multiplied by
} quern_grid_search;

static const quern_grid_search quern_search_iq2_XXS = {
    QUERN_GRID_IQ2_XXS, 32, 5, 6, 0.1f, 1e-15f, true, true, QUERN_REFINE_ALWAYS, 1};
static const quern_grid_search quern_search_iq2_XS = {
    QUERN_GRID_IQ2_XS, 16, 5, 9, 0.1f, 1e-15f, true, false, QUERN_REFINE_OFF_GRID, 1};
static const quern_grid_search quern_search_iq2_S = {
    QUERN_GRID_IQ2_S, 16, 5, 9, 0.1f, 1e-8f, false, false, QUERN_REFINE_OFF_GRID, 0.9875f};
static const quern_grid_search quern_search_iq3_XXS = {
    QUERN_GRID_IQ3_XXS, 32, 15, 15, 0.2f, 1e-8f, true, false, QUERN_REFINE_OFF_GRID, 1.0125f};
static const quern_grid_search quern_search_iq3_S = {
    QUERN_GRID_IQ3_S, 32, 15, 9, 0.2f, 1e-45f, false, false, QUERN_REFINE_ANY, 1.033f};

// One sub-block as it was found.
typedef struct {
  bool present;       // false: counts as zero, nothing is stored
  float scale;
  uint16_t codes[8];  // of its vectors
  uint8_t signs[4];   // bit i of each eight elements: element i is negative
} quern_grid_found;

// One sub-block on its way through the search: magnitudes (an even number of signs may have left one
// negative), weights and their roots, which weigh errors between neighbours.
typedef struct {
  float x[32], weights[32], roots[32];
} quern_grid_values;

// Splits eight elements into magnitudes and signs. To make the signs even, the element that costs
// least keeps the wrong one.
QUERN_INLINE uint8_t quern_split_signs(const float *x, const float *weights, bool even,
                                       float *magnitudes) {
  unsigned signs = 0;
  for (int i = 0; i < 8; i++) {
    const bool negative = !(x[i] >= 0);
    magnitudes[i] = negative ? -x[i] : x[i];
    signs |= (unsigned)negative << i;
  }
  if (!even || !__builtin_parity(signs)) return (uint8_t)signs;
  int cheapest = 0;
  float least = weights[0] * x[0] * x[0];
  for (int i = 1; i < 8; i++) {
    const float cost = weights[i] * x[i] * x[i];
    if (cost < least) least = cost, cheapest = i;
  }
  magnitudes[cheapest] = -magnitudes[cheapest];
  return (uint8_t)(signs ^ 1u << cheapest);
}

// The code of a vector's elements, rounded at `inverse`.
QUERN_INLINE uint32_t quern_grid_code(const quern_grid *grid, const float *x, float inverse) {
  const int highest = grid->bits == 2 ? 2 : 7;
  uint32_t code = 0;
  for (int i = 0; i < grid->digits; i++) {
    const int32_t digit = quern_clamped(quern_nearest(0.5f * (inverse * x[i] - 1)), 0, highest);
    code |= (uint32_t)digit << grid->bits * i;
  }
  return code;
}

QUERN_INLINE float quern_grid_level(const quern_grid *grid, uint32_t code, int i) {
  return (float)(2 * (int)(code >> grid->bits * i & (grid->bits == 2 ? 3 : 7)) + 1);
}

// The point of least weighted error: the vector itself or the best of its neighbours.
QUERN_INLINE uint16_t quern_nearest_point(const quern_grid *grid, uint32_t code, const float *x,
                                          const float *roots, float scale) {
  const quern_grid_entry entry = quern_grid_entry_of(grid, code);
  if (entry.count == 0) return (uint16_t)code;
  const uint16_t *neighbours = grid->neighbours + entry.first;
  uint16_t best = neighbours[0];
  float least = FLT_MAX;
  for (uint32_t j = 0; j < entry.count; j++) {
    float sum = 0;
    for (int i = 0; i < grid->digits; i++) {
      const float error = scale * quern_grid_level(grid, neighbours[j], i) - x[i];
      sum += roots[i] * error * error;
    }
    if (sum < least) least = sum, best = neighbours[j];
  }
  return best;
}

// The sums that give the best scale for vectors: of weight * x * level and weight * level squared.
QUERN_INLINE void quern_grid_sums(const quern_grid *grid, int elements,
                                  const quern_grid_values *values, const uint16_t *codes,
                                  float *sum_xl, float *sum_ll) {
  *sum_xl = *sum_ll = 0;
  for (int i = 0; i < elements; i++) {
    const float l = quern_grid_level(grid, codes[i / grid->digits], i % grid->digits);
    *sum_xl += values->weights[i] * values->x[i] * l;
    *sum_ll += values->weights[i] * l * l;
  }
}

// Rounds vectors again with the scale that was found, and improves it. `off` has a bit for each vector
// that is to be rounded.
QUERN_INLINE void quern_refine_grid(const quern_grid_search *search, const quern_grid *grid,
                                    const quern_grid_values *values, unsigned off,
                                    quern_grid_found *found) {
  const float inverse = 1 / found->scale;
  for (int k = 0; k < search->elements / grid->digits; k++) {
    if (!(off >> k & 1)) continue;
    const float *x = values->x + grid->digits * k, *roots = values->roots + grid->digits * k;
    found->codes[k] = quern_nearest_point(grid, quern_grid_code(grid, x, inverse), x, roots,
                                          found->scale);
  }
  float sum_xl, sum_ll;
  quern_grid_sums(grid, search->elements, values, found->codes, &sum_xl, &sum_ll);
  if (sum_ll > 0) found->scale = sum_xl / sum_ll;
}

// Which vectors are to be refined, a bit each; `off` are those that the winner had off the grid.
QUERN_INLINE unsigned quern_refined_vectors(const quern_grid_search *search, int vectors, bool won,
                                            unsigned off) {
  const unsigned all = (1u << vectors) - 1;
  switch (search->refinement) {
    case QUERN_REFINE_OFF_GRID: return off;
    case QUERN_REFINE_ANY: return off || !won ? all : 0;
    default: return all;
  }
}

// A scale is never negative in a file: its sign goes to the elements.
QUERN_INLINE void quern_settle_sign(quern_grid_found *found) {
  if (!(found->scale < 0)) return;
  found->scale = -found->scale;
  for (int k = 0; k < 4; k++) found->signs[k] = (uint8_t)~found->signs[k];
}

// Searches one sub-block; `values->weights` and `->roots` are set, the rest follows from `x`.
QUERN_INLINE quern_grid_found quern_search_grid(const quern_grid_search *search,
                                                const quern_grid *grid, const float *x,
                                                quern_grid_values *values) {
  const int elements = search->elements, vectors = elements / grid->digits;
  quern_grid_found found = {0};
  for (int i = 0; i < elements; i += 8)
    found.signs[i / 8] =
        quern_split_signs(x + i, values->weights + i, search->even_signs, values->x + i);
  float max = values->x[0];
  for (int i = 1; i < elements; i++) max = max > values->x[i] ? max : values->x[i];
  if (max < search->least) return found;

  uint8_t ignored[32];
  float scale = max / (float)search->top;
  if (search->estimate) {
    scale = quern_search_positive(elements, 4, values->x, values->weights, ignored);
    max = scale * 3;
    if (max <= 0) return found;
  }
  float best = 0;
  unsigned off = 0;
  bool won = false;
  for (int candidate = -search->last; candidate <= search->last; candidate++) {
    const float inverse = ((float)search->top + (float)candidate * search->step) / max;
    const float trial_scale = 1 / inverse;
    uint16_t codes[8] = {0};
    unsigned trial_off = 0;
    for (int k = 0; k < vectors; k++) {
      const float *v = values->x + grid->digits * k;
      const uint32_t code = quern_grid_code(grid, v, inverse);
      trial_off |= (unsigned)(quern_grid_entry_of(grid, code).count != 0) << k;
      codes[k] =
          quern_nearest_point(grid, code, v, values->roots + grid->digits * k, trial_scale);
    }
    float sum_xl, sum_ll;
    quern_grid_sums(grid, elements, values, codes, &sum_xl, &sum_ll);
    if (!(sum_ll > 0 && sum_xl * sum_xl > best * sum_ll)) continue;
    scale = sum_xl / sum_ll, best = scale * sum_xl, off = trial_off, won = true;
    memcpy(found.codes, codes, sizeof codes);
  }
  found.present = true;
  found.scale = scale;
  const unsigned refined = quern_refined_vectors(search, vectors, won, off);
  if (refined && scale > 0) quern_refine_grid(search, grid, values, refined, &found);
  quern_settle_sign(&found);
  return found;
}

#endif
