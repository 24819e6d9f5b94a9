// Which of a list of neighbours is nearest, for many scales at once and without their errors. Private.
//
// The error of a neighbour with levels l at scale s is s^2 A - 2 s B + C, where A sums root * l^2, B
// root * x * l and C root * x^2. Over s, and C being the same for all, neighbours compare as the lines
// s A - 2 B do. A line that is lowest at both ends of an interval is lowest within it. If one is lowest
// at one end and another at the other, and only these two are low where they cross, then there is no
// third in between. So consecutive candidates with one list cost two evaluations or three.
//
// The definition compares errors as floats come out, summed in order. With u = 2^-24 and
// M = s A + C / s, such a sum over s is within 26 u M of its error (a product s l is off by u s l, ten
// roundings follow), and a line within 20 u M of its own. So one neighbour is nearer than another for
// sure where its line is lower by 46 u times the sum of their M. Here slopes are made smaller by
// k = 64 u, which covers the s A of the higher; that of the lower, at height h, is at most
// 4 C / s + 2 h, as (s l)^2 <= 2 x^2 + 2 (s l - x)^2. So k (10 C / s + 4 h) is enough at one scale.
// Candidates' scales are within a factor of 3/2 of each other; the margin is 16 k (C / s + max(h, 0))
// with the smallest s, and covers all between the ends, as M is convex. Where more than one line is
// within it, the sums decide.
//
// This needs sums without overflow and underflow; grid_search.h leaves others to the scalar code.
#ifndef QUERN_LANES_GRID_LINES_H
#define QUERN_LANES_GRID_LINES_H

#include "octets.h"

enum { LANES_NEIGHBOURS = 304 };  // 292, the most that an IQ2 or IQ3 list has, and a few

// What lines are made from, for one vector: tables for slopes and offsets, and C.
typedef struct {
  const float *slopes, *offsets;
  float square;
} lanes_line_tables;

// A list of neighbours, how many chunks of sixteen hold it, and its lines; a lane beyond its end is never
// lowest.
typedef struct {
  const uint16_t *list;
  uint32_t count, chunks;
  LANES_ALIGNED float slopes[LANES_NEIGHBOURS], offsets[LANES_NEIGHBOURS];
} lanes_lines;

// Fills in both tables; returns C.
LANES_INLINE float lanes_tabulate_lines(int bits, const float *roots, const float *x, float *slopes,
                                        float *offsets) {
  static const float level = 1 - 0x1p-18f;
  static const float squares[8] = {level, 9 * level, 25 * level, 49 * level, 81 * level,
                                   121 * level, 169 * level, 225 * level};
  static const float twice[8] = {2, 6, 10, 14, 18, 22, 26, 30};
  float products[8], square = 0;
  for (int i = 0; i < (bits == 2 ? 8 : 4); i++) {
    products[i] = roots[i] * x[i];
    square += products[i] * x[i];
  }
  lanes_make_table(bits, roots, squares, slopes);
  lanes_make_table(bits, products, twice, offsets);
  return square;
}

// How far a line has to be above the lowest, whose height is `height`; `inverse` is that of the scale.
// Roots are 0 or at least 2^-75 and scales at least 2^-60, so 2^-80 covers what underflow takes.
LANES_INLINE float lanes_margin(const lanes_line_tables *tables, float inverse, float height) {
  return 0x1p-14f * (tables->square * inverse + (height > 0 ? height : 0)) + 0x1p-80f;
}

LANES_INLINE lanes lanes_heights(const lanes_lines *lines, uint32_t j, float scale) {
  return lanes_line(lanes_all(scale), lanes_load(lines->slopes + j), lanes_load(lines->offsets + j));
}

LANES_INLINE float lanes_height(const lanes_lines *lines, uint32_t place, float scale) {
  return scale * lines->slopes[place] - lines->offsets[place];
}

// Draws the lines of a list; `least` receives the lowest heights at two scales, over each lane.
LANES_INLINE void lanes_draw_lines(int bits, const lanes_line_tables *tables, uint32_t chunks,
                                   const float scales[2], lanes_lines *lines, lanes least[2]) {
  static const float numbers[LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  least[0] = least[1] = lanes_all(FLT_MAX);
  for (uint32_t j = 0; j < chunks * LANES; j += LANES) {
    const lanes_int codes = lanes_load_codes(lines->list + j);
    const lanes_mask there = lanes_less(lanes_load(numbers), lanes_all((float)(lines->count - j)));
    const lanes slopes = lanes_sum_table(bits, tables->slopes, codes);
    const lanes offsets = lanes_select(there, lanes_sum_table(bits, tables->offsets, codes),
                                       lanes_all(-FLT_MAX));
    lanes_store(lines->slopes + j, slopes);
    lanes_store(lines->offsets + j, offsets);
    for (int end = 0; end < 2; end++)
      least[end] = lanes_min(lanes_line(lanes_all(scales[end]), slopes, offsets), least[end]);
  }
}

// How many lines are at most `limit` at `scale`, and the place of one.
typedef struct {
  uint32_t count, place;
} lanes_low_lines;

LANES_INLINE lanes_low_lines lanes_count_lines(const lanes_lines *lines, uint32_t chunks, float scale,
                                               float limit) {
  lanes_low_lines low = {0, 0};
  for (uint32_t j = 0; j < chunks * LANES; j += LANES) {
    const unsigned bits = lanes_bits(lanes_at_most(lanes_heights(lines, j, scale), lanes_all(limit)));
    low.count += (uint32_t)__builtin_popcount(bits);
    low.place = bits ? j + (uint32_t)__builtin_ctz(bits) : low.place;
  }
  return low;
}

// Where two lines cross, kept within `scales`: larger and smaller.
LANES_INLINE float lanes_crossing(const lanes_lines *lines, const float scales[2],
                                  const uint32_t places[2]) {
  const float rise = lines->slopes[places[0]] - lines->slopes[places[1]];
  float crossing = (lines->offsets[places[0]] - lines->offsets[places[1]]) / rise;
  crossing = crossing > scales[1] ? crossing : scales[1];
  return crossing < scales[0] ? crossing : scales[0];
}

// What is lowest between two scales.
typedef struct {
  bool certain;        // no line but these comes within the margin of the lower of them
  uint32_t places[2];  // of the lines that are lowest at the larger and the smaller scale
  float margin;
} lanes_lowest;

// `inverse` is that of the smaller scale.
LANES_INLINE lanes_lowest lanes_find_lowest(int bits, const lanes_line_tables *tables,
                                            uint32_t chunks, const float scales[2], float inverse,
                                            lanes_lines *lines) {
  lanes least[2];
  lanes_low_lines low[2];
  lanes_draw_lines(bits, tables, chunks, scales, lines, least);
  const float heights[2] = {lanes_least(least[0]), lanes_least(least[1])};
  const float margin =
      lanes_margin(tables, inverse, heights[0] > heights[1] ? heights[0] : heights[1]);
  for (int end = 0; end < 2; end++)
    low[end] = lanes_count_lines(lines, chunks, scales[end], heights[end] + margin);
  lanes_lowest lowest = {.places = {low[0].place, low[1].place}, .margin = margin};
  // One line or two: this goes on in any case, as a branch would be a guess.
  const float crossing = lanes_crossing(lines, scales, lowest.places);
  const float first = lanes_height(lines, low[0].place, crossing);
  const float second = lanes_height(lines, low[1].place, crossing);
  const uint32_t there =
      lanes_count_lines(lines, chunks, crossing, (first > second ? first : second) + margin).count;
  lowest.certain = (low[0].count == 1) & (low[1].count == 1) &
                   (there == 1u + (low[0].place != low[1].place));
  return lowest;
}

// The lines of one chunk that may be lowest somewhere between two scales, a bit each: those that none of
// the two lowest at the ends undercuts at both.
LANES_INLINE unsigned lanes_possible(const lanes_lines *lines, uint32_t j, const float scales[2],
                                     const lanes_lowest *lowest) {
  unsigned above[2] = {0xffff, 0xffff};
  for (int end = 0; end < 2; end++) {
    const lanes heights = lanes_heights(lines, j, scales[end]);
    for (int k = 0; k < 2; k++) {
      const float limit = lanes_height(lines, lowest->places[k], scales[end]) + lowest->margin;
      above[k] &= lanes_bits(lanes_less(lanes_all(limit), heights));
    }
  }
  return ~(above[0] | above[1]) & 0xffff;
}

// Up to eight neighbours that may be the nearest at one scale; `count` of them, in order, or 0 if there
// are more than eight.
typedef struct {
  uint32_t count;
  uint32_t places[8];
} lanes_nearest_lines;

LANES_INLINE lanes_nearest_lines lanes_nearest_of(const lanes_lines *lines,
                                                  const lanes_line_tables *tables, float scale,
                                                  float inverse) {
  lanes_nearest_lines found = {0};
  lanes least = lanes_heights(lines, 0, scale);
  for (uint32_t j = LANES; j < lines->count; j += LANES)
    least = lanes_min(lanes_heights(lines, j, scale), least);
  const float height = lanes_least(least);
  const lanes limit = lanes_all(height + lanes_margin(tables, inverse, height));
  for (uint32_t j = 0; j < lines->count; j += LANES) {
    unsigned low = lanes_bits(lanes_at_most(lanes_heights(lines, j, scale), limit));
    for (; low != 0; low &= low - 1) {
      if (found.count == 8) return (lanes_nearest_lines){0};
      found.places[found.count++] = j + (uint32_t)__builtin_ctz(low);
    }
  }
  return found;
}

// The neighbour of least error among those that may be it. `x` and `roots` are the vector's.
LANES_INLINE uint16_t lanes_nearest_neighbour(int bits, const lanes_lines *lines,
                                              const lanes_line_tables *tables, const float *x,
                                              const float *roots, float scale, float inverse) {
  static const float levels[8] = {1, 3, 5, 7, 9, 11, 13, 15};
  const lanes_nearest_lines nearest = lanes_nearest_of(lines, tables, scale, inverse);
  if (nearest.count == 1) return lines->list[nearest.places[0]];
  float scaled[8];
  for (int i = 0; i < 8; i++) scaled[i] = scale * levels[bits == 2 ? i & 3 : i];
  const octet_errors table = octet_tabulate(bits, octet_load(scaled), x, roots);
  if (nearest.count == 0) return octet_best_neighbour(bits, &table, lines->list, lines->count);
  uint16_t few[8];
  for (uint32_t i = 0; i < 8; i++)
    few[i] = lines->list[nearest.places[i < nearest.count ? i : 0]];
  return octet_best_neighbour(bits, &table, few, nearest.count);
}

#endif
