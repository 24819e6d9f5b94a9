#include "grids.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "points.h"

enum { MOST_POINTS = 2048, VECTORS_BASE_3 = 6561, VECTORS_BASE_8 = 4096 };

// What is known of each grid, and the room for what follows from it.
typedef struct {
  const uint64_t *bitmap;
  int digits, bits, base;
  int near;          // how many distances count as near
  int8_t levels[8];  // what a digit means to a decoder, as ggml scales it
  quern_grid_entry *entries;
  uint16_t *neighbours;
  int8_t *elements;
  uint16_t *split_codes;
} description;

// Encoders load sixteen neighbours at a time, so up to eight beyond the last list.
#define ROOM(name, points, digits, vectors)                          \
  static quern_grid_entry entries_##name[vectors];                   \
  static uint16_t neighbours_##name[QUERN_NEIGHBOURS_##name + 8];    \
  static int8_t elements_##name[(points) * (digits)];                \
  static _Alignas(64) uint16_t split_codes_##name[points];
#define ROOMS(name) entries_##name, neighbours_##name, elements_##name, \
  split_codes_##name

ROOM(iq2_XXS, 256, 8, VECTORS_BASE_3)
ROOM(iq2_XS, 512, 8, VECTORS_BASE_3)
ROOM(iq2_S, 1024, 8, VECTORS_BASE_3)
ROOM(iq1, 2048, 8, VECTORS_BASE_3)
ROOM(iq3_XXS, 256, 4, VECTORS_BASE_8)
ROOM(iq3_S, 512, 4, VECTORS_BASE_8)

static const description descriptions[QUERN_GRID_COUNT] = {
    {quern_points_iq2_XXS, 8, 2, 3, 2, {8, 25, 43}, ROOMS(iq2_XXS)},
    {quern_points_iq2_XS, 8, 2, 3, 2, {8, 25, 43}, ROOMS(iq2_XS)},
    {quern_points_iq2_S, 8, 2, 3, 1, {8, 25, 43}, ROOMS(iq2_S)},
    {quern_points_iq1, 8, 2, 3, 3, {-1, 0, 1}, ROOMS(iq1)},
    {quern_points_iq3_XXS, 4, 3, 8, 2, {4, 12, 20, 28, 36, 44, 52, 62}, ROOMS(iq3_XXS)},
    {quern_points_iq3_S, 4, 3, 8, 3, {1, 3, 5, 7, 9, 11, 13, 15}, ROOMS(iq3_S)},
};

static quern_grid grids[QUERN_GRID_COUNT];
static uint16_t numbers_of_four[256];
static pthread_once_t numbers_once = PTHREAD_ONCE_INIT;

// All points of a grid, digit by digit.
typedef struct {
  int count;
  uint16_t codes[MOST_POINTS];
  uint8_t digits[8][MOST_POINTS];
} points;

static int vector_count(const description *d) {
  return d->base == 3 ? VECTORS_BASE_3 : VECTORS_BASE_8;
}

static void list_points(const description *d, points *p) {
  p->count = 0;
  for (int number = 0; number < vector_count(d); number++) {
    if (!(d->bitmap[number >> 6] >> (number & 63) & 1)) continue;
    unsigned code = 0;
    for (int i = 0, rest = number; i < d->digits; i++, rest /= d->base) {
      p->digits[i][p->count] = (uint8_t)(rest % d->base);
      code |= (unsigned)(rest % d->base) << d->bits * i;
    }
    p->codes[p->count++] = (uint16_t)code;
  }
}

// Appends the points near one vector to `list`; returns how many.
static int list_neighbours(const description *d, const points *p, int number, uint16_t *list) {
  uint8_t distances[MOST_POINTS] = {0};  // at most 4 * 7 * 7
  bool seen[256] = {false};
  for (int i = 0, rest = number; i < d->digits; i++, rest /= d->base) {
    const int digit = rest % d->base;
    for (int j = 0; j < p->count; j++) {
      const int difference = p->digits[i][j] - digit;
      distances[j] = (uint8_t)(distances[j] + difference * difference);
    }
  }
  for (int j = 0; j < p->count; j++) seen[distances[j]] = true;
  int count = 0;
  for (int distance = 0, shells = 0; shells < d->near && distance < 256; distance++) {
    if (!seen[distance]) continue;
    shells++;
    for (int j = 0; j < p->count; j++)
      if (distances[j] == distance) list[count++] = p->codes[j];
  }
  return count;
}

static void make_numbers(void) {
  for (int code = 0; code < 256; code++)
    numbers_of_four[code] = (uint16_t)((code & 3) + 3 * (code >> 2 & 3) + 9 * (code >> 4 & 3) +
                                       27 * (code >> 6));
}

static void make_for_encoding(quern_grid_name name) {
  const description *d = &descriptions[name];
  points p;
  list_points(d, &p);
  uint32_t end = 0, point = 0;
  for (int number = 0; number < vector_count(d); number++) {
    if (d->bitmap[number >> 6] >> (number & 63) & 1) {
      d->entries[number] = (quern_grid_entry){point++, 0};
      continue;
    }
    // The room in points.h is counted by the script that writes it; a list never outgrows it.
    uint16_t *list = d->neighbours + end;
    int count = list_neighbours(d, &p, number, list);
    d->entries[number] = (quern_grid_entry){end, (uint32_t)count};
    for (; count % 8 != 0; count++) list[count] = list[0];
    end += (uint32_t)count;
  }
  pthread_once(&numbers_once, make_numbers);
  grids[name] = (quern_grid){d->digits, d->bits, d->entries, d->neighbours,
                             d->base == 3 ? numbers_of_four : NULL};
}

static void make_for_decoding(quern_grid_name name) {
  const description *d = &descriptions[name];
  points p;
  list_points(d, &p);
  for (int j = 0; j < p.count; j++)
    for (int i = 0; i < d->digits; i++)
      d->elements[j * d->digits + i] = d->levels[p.digits[i][j]];
  for (int j = 0; j < p.count; j++) {
    unsigned bytes[2] = {0, 0};
    for (int i = 0; i < d->digits; i++)
      bytes[i % 2] |= (unsigned)p.digits[i][j] << i / 2 * (d->bits == 2 ? 2 : 4);
    d->split_codes[j] = (uint16_t)(bytes[0] | bytes[1] << 8);
  }
}

// pthread_once takes a function without arguments.
#define MAKERS(name)                                                        \
  static void encoding_##name(void) { make_for_encoding(QUERN_GRID_##name); } \
  static void decoding_##name(void) { make_for_decoding(QUERN_GRID_##name); }
MAKERS(IQ2_XXS)
MAKERS(IQ2_XS)
MAKERS(IQ2_S)
MAKERS(IQ1)
MAKERS(IQ3_XXS)
MAKERS(IQ3_S)

typedef struct {
  pthread_once_t once;
  void (*make)(void);
} maker;

#define MAKER(role, name) {PTHREAD_ONCE_INIT, role##_##name}
static maker encoding[QUERN_GRID_COUNT] = {
    MAKER(encoding, IQ2_XXS), MAKER(encoding, IQ2_XS),  MAKER(encoding, IQ2_S),
    MAKER(encoding, IQ1),     MAKER(encoding, IQ3_XXS), MAKER(encoding, IQ3_S),
};
static maker decoding[QUERN_GRID_COUNT] = {
    MAKER(decoding, IQ2_XXS), MAKER(decoding, IQ2_XS),  MAKER(decoding, IQ2_S),
    MAKER(decoding, IQ1),     MAKER(decoding, IQ3_XXS), MAKER(decoding, IQ3_S),
};

const quern_grid *quern_grid_for_encoding(quern_grid_name name) {
  pthread_once(&encoding[name].once, encoding[name].make);
  return &grids[name];
}

const int8_t *quern_grid_for_decoding(quern_grid_name name) {
  pthread_once(&decoding[name].once, decoding[name].make);
  return descriptions[name].elements;
}

const uint16_t *quern_grid_split_codes(quern_grid_name name) {
  pthread_once(&decoding[name].once, decoding[name].make);
  return descriptions[name].split_codes;
}
