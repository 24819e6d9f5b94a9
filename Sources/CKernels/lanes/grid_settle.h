// From the candidates of a grid search to what it found: the best of them, refined. Private.
#ifndef QUERN_LANES_GRID_SETTLE_H
#define QUERN_LANES_GRID_SETTLE_H

#include "grid_search.h"

// The sums of sub-blocks: entry c of each array is candidate c's.
typedef struct {
  LANES_ALIGNED float xl[LANES_CANDIDATES], ll[LANES_CANDIDATES];
} lanes_grid_sums;

// quern_grid_sums for the candidates of a sub-block.
LANES_INLINE void lanes_sum_grid(const lanes_grid_shape *shape, int sub,
                                 const lanes_grid_block *block, lanes_grid_sums *sums) {
  static const float levels[8] = {1, 3, 5, 7, 9, 11, 13, 15};
  for (int c = 0; c < shape->candidates; c += LANES) {
    lanes xl = lanes_all(0), ll = lanes_all(0);
    for (int k = 0; k < shape->vectors; k++) {
      const int vector = shape->vectors * sub + k, at = shape->digits * vector;
      const lanes_int codes = lanes_load_int(block->codes[vector] + c);
      for (int i = 0; i < shape->digits; i++) {
        const lanes_int index = i == 0 ? codes : lanes_right(codes, shape->bits * i);
        const lanes l = shape->bits == 2 ? lanes_quad(levels, index) : lanes_pick8(levels, index);
        xl = lanes_add(xl, lanes_mul(lanes_all(block->weighted[at + i]), l));
        ll = lanes_add(ll, lanes_mul(lanes_mul(lanes_all(block->weights[at + i]), l), l));
      }
    }
    lanes_store(sums->xl + c, xl);
    lanes_store(sums->ll + c, ll);
  }
}

// The winner among candidates, or -1, one after another.
LANES_INLINE int lanes_pick_in_turn(const lanes_grid_shape *shape, const lanes_grid_sums *sums) {
  float best = 0;
  int winner = -1;
  for (int c = 0; c < shape->candidates; c++) {
    const float xl = sums->xl[c], ll = sums->ll[c];
    if (!(ll > 0 && xl * xl > best * ll)) continue;
    best = xl / ll * xl, winner = c;
  }
  return winner;
}

// Candidates that are not what the one before is: other codes, or off the grid elsewhere.
LANES_INLINE uint32_t lanes_distinct(const lanes_grid_shape *shape, int sub,
                                     const lanes_grid_block *block) {
  uint32_t distinct = 0;
  for (int k = shape->vectors * sub; k < shape->vectors * (sub + 1); k++) {
    lanes_int before = lanes_all_int(-1);
    for (int c = 0; c < shape->candidates; c += LANES) {
      const lanes_int codes = lanes_load_int(block->codes[k] + c);
      distinct |= lanes_changes(before, codes) << c;
      before = codes;
    }
    distinct |= block->off[k] ^ block->off[k] << 1;
  }
  return distinct;
}

// The same for all at once. In turn, a candidate replaces another when xl^2 > best * ll, where best is
// the other's xl / ll * xl: five roundings, so one that explains more by 2^-18 of it wins, whatever the
// order, and those that come that close to the winner do no harm where they are the same candidate.
LANES_INLINE int lanes_pick_candidate(const lanes_grid_shape *shape, int sub,
                                      const lanes_grid_block *block, const lanes_grid_sums *sums) {
  const lanes zero = lanes_all(0), limit = lanes_all(0x1p100f);
  lanes explained[2], most = zero;
  uint32_t there = 0, near = 0, large = 0;
  for (int i = 0; LANES * i < shape->candidates; i++) {
    const lanes xl = lanes_load(sums->xl + LANES * i), ll = lanes_load(sums->ll + LANES * i);
    const lanes square = lanes_mul(xl, xl);
    there |= lanes_bits(lanes_less(zero, ll)) << LANES * i;
    large |= (lanes_bits(lanes_at_most(square, limit)) ^ 0xffff) << LANES * i;
    explained[i] = lanes_mul(lanes_div(xl, ll), xl);
  }
  const uint32_t all = (1u << shape->candidates) - 1;
  for (int i = 0; LANES * i < shape->candidates; i++)
    most = lanes_max(lanes_masked(explained[i], (there & all) >> LANES * i & 0xffff), most);
  const float best = lanes_largest(most);
  for (int i = 0; LANES * i < shape->candidates; i++)
    near |= lanes_bits(lanes_at_most(lanes_all(best * (1 - 0x1p-18f)), explained[i])) << LANES * i;
  near &= there & all;
  if (!(best >= 0x1p-60f) || near == 0 || large & all) return lanes_pick_in_turn(shape, sums);
  const int first = __builtin_ctz(near), last = 31 - __builtin_clz(near);
  if (!(sums->xl[first] * sums->xl[first] >= 0x1p-100f)) return lanes_pick_in_turn(shape, sums);
  const uint32_t after = (uint32_t)((2ull << last) - (2ull << first));
  if (lanes_distinct(shape, sub, block) & after) return lanes_pick_in_turn(shape, sums);
  return first;
}

// Digits of one vector, a byte each, to and from its code.
LANES_INLINE uint32_t lanes_join_digits(int bits, const uint8_t *bytes) {
  uint64_t d = 0;
  memcpy(&d, bytes, bits == 2 ? 8 : 4);
  if (bits == 3) {
    d = (d | d >> 5) & 0x003f003f;
    return (uint32_t)((d | d >> 10) & 0xfff);
  }
  d = (d | d >> 6) & 0x000f000f000f000f;
  d = (d | d >> 12) & 0x000000ff000000ff;
  return (uint32_t)((d | d >> 24) & 0xffff);
}

LANES_INLINE void lanes_split_digits(int bits, uint64_t code, uint8_t *bytes) {
  if (bits == 3) {
    code = (code | code << 10) & 0x003f003f;
    code = (code | code << 5) & 0x07070707;
    memcpy(bytes, &code, 4);
    return;
  }
  code = (code | code << 24) & 0x000000ff000000ff;
  code = (code | code << 12) & 0x000f000f000f000f;
  code = (code | code << 6) & 0x0303030303030303;
  memcpy(bytes, &code, 8);
}

// The best scale for the vectors of a sub-block.
LANES_INLINE void lanes_rescale(const lanes_grid_shape *shape, int sub, const lanes_grid_block *block,
                                quern_grid_found *found) {
  uint8_t digits[32];
  LANES_ALIGNED float xl[32], ll[32];
  for (int k = 0; k < shape->vectors; k++)
    lanes_split_digits(shape->bits, found->codes[k], digits + shape->digits * k);
  for (int i = 0; i < shape->elements; i += LANES) {
    const int at = shape->elements * sub + i;
    const lanes digit = lanes_from_int(lanes_load_bytes(digits + i));
    const lanes l = lanes_add(lanes_add(digit, digit), lanes_all(1));
    lanes_store(xl + i, lanes_mul(lanes_load(block->weighted + at), l));
    lanes_store(ll + i, lanes_mul(lanes_mul(lanes_load(block->weights + at), l), l));
  }
  float sum_xl = 0, sum_ll = 0;
  for (int i = 0; i < shape->elements; i++) sum_xl += xl[i], sum_ll += ll[i];
  if (sum_ll > 0) found->scale = sum_xl / sum_ll;
}

// quern_refine_grid.
LANES_INLINE void lanes_refine(const lanes_grid_shape *shape, const quern_grid *grid, int sub,
                               const lanes_grid_block *block, unsigned refined,
                               quern_grid_found *found) {
  const float scale = found->scale, inverse = 1 / scale, scales[2] = {scale, scale};
  uint8_t bytes[32];
  for (int i = 0; i < shape->elements; i += LANES) {
    const lanes x = lanes_load(block->x + shape->elements * sub + i);
    const lanes above = lanes_sub(lanes_mul(lanes_all(inverse), x), lanes_all(1));
    lanes_store_bytes(bytes + i, lanes_half_digits(above, shape->bits == 2 ? 2 : 7));
  }
  for (; refined != 0; refined &= refined - 1) {
    const int k = __builtin_ctz(refined), vector = shape->vectors * sub + k;
    const int at = shape->digits * vector;
    const uint32_t code = lanes_join_digits(shape->bits, bytes + shape->digits * k);
    const quern_grid_entry entry = quern_grid_entry_of(grid, code);
    found->codes[k] = (uint16_t)code;
    if (entry.count == 0) continue;
    lanes_lines lines;
    lines.list = grid->neighbours + entry.first;
    lines.count = entry.count;
    lanes least[2];
    const lanes_line_tables tables = lanes_tables_of(shape, vector, block);
    lanes_draw_lines(shape->bits, &tables, (entry.count + LANES - 1) / LANES, scales,
                     &lines, least);
    found->codes[k] =
        lanes_nearest_neighbour(shape->bits, &lines, &tables, block->x + at,
                                block->roots + at, scale, inverse);
  }
  lanes_rescale(shape, sub, block, found);
}

// What one sub-block's candidates led to; false where the scalar code has to search.
LANES_INLINE bool lanes_settle_sub_block(const lanes_grid_shape *shape, const quern_grid *grid,
                                         int sub, const lanes_grid_block *block,
                                         const lanes_grid_sums *sums, quern_grid_found *found) {
  const int winner = lanes_pick_candidate(shape, sub, block, sums);
  unsigned off = 0;
  found->present = true;
  if (winner >= 0) found->scale = sums->xl[winner] / sums->ll[winner];
  for (int k = 0; winner >= 0 && k < shape->vectors; k++) {
    const int vector = shape->vectors * sub + k;
    found->codes[k] = (uint16_t)block->codes[vector][winner];
    off |= (block->off[vector] >> winner & 1) << k;
  }
  const unsigned refined = quern_refined_vectors(shape->search, shape->vectors, winner >= 0, off);
  if (refined && found->scale > 0) {
    if (!lanes_tame(&block->trials[sub], found->scale, found->scale)) return false;
    lanes_refine(shape, grid, sub, block, refined, found);
  }
  quern_settle_sign(found);
  return true;
}

#endif
