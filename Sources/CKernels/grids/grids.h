// The grids of the IQ types: vectors of eight (or four) small digits of which only some, the grid's
// points, can be stored. Private.
//
// A vector's code holds its digits, two bits each (three for vectors of four), the first element
// lowest. Files hold the number of a point: its place among the codes of all points in ascending order.
// Encoders replace a vector off the grid by one of its neighbours: the points at the nearest distances.
//
// Source: iq2xs_init_impl and iq3xs_init_impl in ggml-quants.c as shipped with llama-cpp-python 0.3.36.
#ifndef QUERN_GRIDS_H
#define QUERN_GRIDS_H

#include <stdint.h>

typedef enum {
  QUERN_GRID_IQ2_XXS,
  QUERN_GRID_IQ2_XS,
  QUERN_GRID_IQ2_S,
  QUERN_GRID_IQ1,
  QUERN_GRID_IQ3_XXS,
  QUERN_GRID_IQ3_S,
} quern_grid_name;

enum { QUERN_GRID_COUNT = 6 };

// What encoders know of one vector.
typedef struct {
  uint32_t first;  // a point's number; off the grid, where its neighbours start
  uint32_t count;  // of neighbours; 0 for a point
} quern_grid_entry;

typedef struct {
  int digits, bits;  // of a vector; bits of one digit
  const quern_grid_entry *entries;  // by the vector's digits read as a number
  // Codes of neighbours, the nearest first, then by number. Each list is filled up to a multiple of
  // eight by repeating its first; sixteen can be read from any multiple of eight in a list on.
  const uint16_t *neighbours;
  const uint16_t *numbers;  // four digits of two bits as a number to base 3; null for base 8
} quern_grid;

static inline quern_grid_entry quern_grid_entry_of(const quern_grid *grid, uint32_t code) {
  if (!grid->numbers) return grid->entries[code];
  return grid->entries[grid->numbers[code & 255] + 81u * grid->numbers[code >> 8]];
}

// The grid for encoders; made at the first call, thread-safe.
const quern_grid *quern_grid_for_encoding(quern_grid_name name);

// The points' elements for decoders, digits (eight or four) bytes each; made at the first call,
// thread-safe.
const int8_t *quern_grid_for_decoding(quern_grid_name name);

// The points' digits in the order of their numbers, even elements in the low byte of each and odd ones in
// the high byte, the first lowest, in two bits each or (eight digits) in four; aligned for wide loads; made and safe like the former.
const uint16_t *quern_grid_split_codes(quern_grid_name name);

#endif
