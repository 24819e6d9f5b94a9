// The searches of the IQ1 encoders in scalar form: the definition that vector levels reproduce.
// Private.
//
// Elements are -1, 0 or 1, all moved by an eighth up or down, times one scale. With the elements of a
// sub-block in ascending order, two splits decide which become which; all pairs of splits are tried.
// Then vectors of eight that are off the grid are replaced by their best neighbours.
//
// Source: quantize_row_iq1_s_impl, quantize_row_iq1_m_impl and iq1_find_best_neighbour2 in ggml-quants.c
// as libgguf 0.2.2 has them. (llama-cpp-python 0.3.36 sums IQ1_M by halves, in another order.)
#ifndef QUERN_SCALAR_TERNARY_GRID_H
#define QUERN_SCALAR_TERNARY_GRID_H

#include <float.h>

#include "../grids/grids.h"
#include "search.h"

// What the digits 0, 1 and 2 mean, moved up and moved down.
static const float quern_ternary_levels[2][3] = {{-0.875f, 0.125f, 1.125f},
                                                 {-1.125f, -0.125f, 0.875f}};

// One sub-block as it was found: 32 elements (IQ1_S) or 16 (IQ1_M).
typedef struct {
  bool present;       // false: counts as zero, nothing is stored
  float scale;
  uint16_t codes[4];  // of its vectors
  // Whether its elements are moved down. IQ1_M: bit 1 of the first eight, bit 0 of the last eight.
  uint8_t down;
} quern_ternary_found;

// The winning pair of splits: elements before `first` (in ascending order) are low, from `last` on high.
typedef struct {
  int first, last;
  float scale, best;
  uint8_t down;
  bool won;
} quern_ternary_split;

// The order of the elements, ascending; equal ones stay in order.
QUERN_INLINE void quern_ascending(const float *x, int count, uint8_t *order) {
  for (int i = 0; i < count; i++) {
    int j = i;
    for (; j > 0 && x[i] < x[order[j - 1]]; j--) order[j] = order[j - 1];
    order[j] = (uint8_t)i;
  }
}

QUERN_INLINE void quern_try_split(float sum_xl, float sum_ll, int first, int last, uint8_t down,
                                  quern_ternary_split *best) {
  if (!(sum_ll > 0 && sum_xl * sum_xl > best->best * sum_ll)) return;
  const float scale = sum_xl / sum_ll;
  *best = (quern_ternary_split){first, last, scale, scale * sum_xl, down, true};
}

// IQ1_S: sums of weights and weighted elements up to each place give the sums of any split.
QUERN_INLINE quern_ternary_split quern_split_iq1_S(const float x[32], const float weights[32],
                                                   const uint8_t order[32]) {
  float sum_x[33] = {0}, sum_w[33] = {0};
  for (int j = 0; j < 32; j++) {
    sum_x[j + 1] = sum_x[j] + weights[order[j]] * x[order[j]];
    sum_w[j + 1] = sum_w[j] + weights[order[j]];
  }
  quern_ternary_split best = {.best = -FLT_MAX};
  for (int first = 0; first <= 32; first++) {
    for (int last = first; last <= 32; last++) {
      for (uint8_t down = 0; down < 2; down++) {
        const float *l = quern_ternary_levels[down];
        const float sum_xl = sum_x[first] * l[0] + (sum_x[last] - sum_x[first]) * l[1] +
                             (sum_x[32] - sum_x[last]) * l[2];
        const float sum_ll = sum_w[first] * l[0] * l[0] + (sum_w[last] - sum_w[first]) * l[1] * l[1] +
                             (sum_w[32] - sum_w[last]) * l[2] * l[2];
        quern_try_split(sum_xl, sum_ll, first, last, down, &best);
      }
    }
  }
  return best;
}

// The sums of one IQ1_M split, of 16 elements in ascending order: combination 2 * a + b has the first
// eight elements moved down if a, the last eight if b.
typedef struct {
  float xl[4], ll[4];
} quern_split_sums;

QUERN_INLINE quern_split_sums quern_sum_split(const float x[16], const float weights[16],
                                              const uint8_t order[16], int first, int last) {
  quern_split_sums sums = {{0}, {0}};
  for (int j = 0; j < 16; j++) {
    const int i = order[j], digit = j < first ? 0 : j < last ? 1 : 2;
    for (int combination = 0; combination < 4; combination++) {
      const int down = i < 8 ? combination >> 1 : combination & 1;
      const float l = quern_ternary_levels[down][digit];
      sums.xl[combination] += weights[i] * l * x[i];
      sums.ll[combination] += weights[i] * l * l;
    }
  }
  return sums;
}

// IQ1_M: the halves are moved up or down independently.
QUERN_INLINE quern_ternary_split quern_split_iq1_M(const float x[16], const float weights[16],
                                                   const uint8_t order[16]) {
  quern_ternary_split best = {.best = -FLT_MAX};
  for (int first = 0; first <= 16; first++) {
    for (int last = first; last <= 16; last++) {
      const quern_split_sums sums = quern_sum_split(x, weights, order, first, last);
      for (uint8_t down = 0; down < 4; down++)
        quern_try_split(sums.xl[down], sums.ll[down], first, last, down, &best);
    }
  }
  return best;
}

// The point of least weighted error among the neighbours of a vector off the grid. Where no error is a
// number, the first neighbour.
QUERN_INLINE uint16_t quern_best_ternary(const quern_grid *grid, quern_grid_entry entry,
                                         const float x[8], const float weights[8], float scale,
                                         const float levels[3]) {
  const uint16_t *neighbours = grid->neighbours + entry.first;
  uint16_t best = neighbours[0];
  float least = FLT_MAX;
  for (uint32_t j = 0; j < entry.count; j++) {
    float sum = 0;
    for (int i = 0; i < 8; i++) {
      const float error = scale * levels[neighbours[j] >> 2 * i & 3] - x[i];
      sum += weights[i] * error * error;
    }
    if (sum < least) least = sum, best = neighbours[j];
  }
  return best;
}

// The digits of all elements that a split stands for, with its scale made positive.
QUERN_INLINE void quern_ternary_digits(quern_ternary_split *split, int count,
                                       const uint8_t *order, uint8_t flip, uint8_t *digits) {
  for (int j = 0; j < count; j++)
    digits[order[j]] = (uint8_t)(j < split->first ? 0 : j < split->last ? 1 : 2);
  if (!(split->scale < 0)) return;
  for (int j = 0; j < count; j++) digits[j] = (uint8_t)(2 - digits[j]);
  split->scale = -split->scale;
  split->down ^= flip;
}

// Which way vector k of a sub-block is moved.
QUERN_INLINE const float *quern_levels_of(uint8_t down, int count, int k) {
  return quern_ternary_levels[count == 32 ? down : down >> (1 - k) & 1];
}

// Puts the vectors that a split stands for on the grid.
QUERN_INLINE quern_ternary_found quern_settle_ternary(const quern_grid *grid, int count,
                                                      const float *x, const float *weights,
                                                      const uint8_t *order,
                                                      quern_ternary_split split) {
  quern_ternary_found found = {0};
  if (!split.won) return found;
  uint8_t digits[32];
  quern_ternary_digits(&split, count, order, count == 32 ? 1 : 3, digits);
  found = (quern_ternary_found){.present = true, .scale = split.scale, .down = split.down};
  bool off_grid = false;
  for (int k = 0; k < count / 8; k++) {
    uint32_t code = 0;
    for (int i = 0; i < 8; i++) code |= (uint32_t)digits[8 * k + i] << 2 * i;
    const quern_grid_entry entry = quern_grid_entry_of(grid, code);
    off_grid = off_grid || entry.count;
    found.codes[k] =
        entry.count ? quern_best_ternary(grid, entry, x + 8 * k, weights + 8 * k, split.scale,
                                         quern_levels_of(split.down, count, k))
                    : (uint16_t)code;
  }
  if (!off_grid) return found;
  float sum_xl = 0, sum_ll = 0;
  for (int i = 0; i < count; i++) {
    const float l = quern_levels_of(split.down, count, i / 8)[found.codes[i / 8] >> 2 * (i % 8) & 3];
    sum_xl += weights[i] * l * x[i];
    sum_ll += weights[i] * l * l;
  }
  if (sum_xl > 0 && sum_ll > 0) found.scale = sum_xl / sum_ll;
  return found;
}

// The scales of a super-block: its sub-blocks have d * (2 * code + 1).
typedef struct {
  bool any;  // false: all are zero
  float d;
  uint8_t codes[16];
} quern_ternary_scales;

QUERN_INLINE quern_ternary_scales quern_find_ternary_scales(const quern_ternary_found *found,
                                                            int count) {
  quern_ternary_scales scales = {0};
  float max = 0;
  for (int j = 0; j < count; j++) max = max > found[j].scale ? max : found[j].scale;
  if (max == 0) return scales;
  scales.any = true;
  scales.d = max / 15;
  const float inverse = 1 / scales.d;
  for (int j = 0; j < count; j++)
    scales.codes[j] =
        (uint8_t)quern_clamped(quern_nearest(0.5f * (inverse * found[j].scale - 1)), 0, 7);
  return scales;
}

QUERN_INLINE void quern_pack_iq1_S(const quern_grid *grid, const quern_ternary_found found[8],
                                   quern_block_iq1_S *block) {
  const quern_ternary_scales scales = quern_find_ternary_scales(found, 8);
  memset(block, 0, sizeof *block);
  for (int sub = 0; sub < 8; sub++) {
    uint32_t high = 0;
    for (int k = 0; k < 4 && found[sub].present; k++) {
      const uint32_t number = quern_grid_entry_of(grid, found[sub].codes[k]).first;
      block->qs[4 * sub + k] = (uint8_t)number;
      high |= number >> 8 << 3 * k;
    }
    if (scales.any) high |= (scales.codes[sub] | (uint32_t)found[sub].down << 3) << 12;
    block->qh[sub] = (uint16_t)high;
  }
  block->d = quern_scale_from_float(scales.d * 1.125f);
}

// The scale of an IQ1_M super-block: the best for the vectors and scale codes as they are stored. An
// absent sub-block is stored as point 0, moved up.
QUERN_INLINE float quern_scale_iq1_M(const float x[256], const float weights[256],
                                     const quern_ternary_found found[16],
                                     const quern_ternary_scales *scales) {
  float sum_xl = 0, sum_ll = 0;
  for (int i = 0; i < 256; i++) {
    const quern_ternary_found *sub = &found[i / 16];
    const int k = i / 8 & 1, digit = sub->codes[k] >> 2 * (i % 8) & 3;
    const float l =
        quern_levels_of(sub->down, 16, k)[digit] * (float)(2 * scales->codes[i / 16] + 1);
    sum_xl += weights[i] * l * x[i];
    sum_ll += weights[i] * l * l;
  }
  return sum_ll > 0 ? sum_xl / sum_ll : scales->d;
}

QUERN_INLINE void quern_pack_iq1_M(const quern_grid *grid, const float x[256],
                                   const float weights[256], const quern_ternary_found found[16],
                                   quern_block_iq1_M *block) {
  memset(block, 0, sizeof *block);
  for (int sub = 0; sub < 16; sub++) {
    if (!found[sub].present) continue;
    const uint32_t first = quern_grid_entry_of(grid, found[sub].codes[0]).first;
    const uint32_t last = quern_grid_entry_of(grid, found[sub].codes[1]).first;
    block->qs[2 * sub] = (uint8_t)first;
    block->qs[2 * sub + 1] = (uint8_t)last;
    block->qh[sub] = (uint8_t)(first >> 8 | last >> 8 << 4);
  }
  const quern_ternary_scales scales = quern_find_ternary_scales(found, 16);
  if (!scales.any) return;
  const float d = quern_scale_iq1_M(x, weights, found, &scales);
  const quern_half half = quern_scale_from_float(d * 1.1125f);
  for (int word = 0; word < 4; word++) {
    uint32_t bits = (uint32_t)(half >> 4 * word & 15) << 12;
    for (int i = 0; i < 4; i++) bits |= (uint32_t)scales.codes[4 * word + i] << 3 * i;
    block->scales[2 * word] = (uint8_t)bits;
    block->scales[2 * word + 1] = (uint8_t)(bits >> 8);
  }
  for (int sub = 0; sub < 16; sub++)
    block->qh[sub] |= (uint8_t)((found[sub].down >> 1) << 3 | (found[sub].down & 1) << 7);
}

#endif
