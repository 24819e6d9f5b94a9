// Checks that a kernel level encodes to the generic level's bytes and decodes to its floats, over nasty
// values, and prints how many checks passed and a digest of the bytes, which no machine may change.
// tools/test-neon runs it.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

static uint64_t state = 1;

static uint32_t next(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 32);
}

static float bell(void) {
  double sum = 0;
  for (int i = 0; i < 4; i++) sum += next() >> 10;
  return (float)((sum - 8388608) / 4194304);
}

// A row of one kind: zeros, outlier, subnormal, constant, huge, tails, range, offset, signs, magnitudes,
// infinities and NaN, zero sub-blocks, ties, normal.
static void fill(float *row, size_t count, int kind) {
  for (size_t i = 0; i < count; i++) {
    float value = bell();
    if (kind == 0) value = next() & 1 ? 0.f : -0.f;
    if (kind == 1) value = i % 101 == 77 ? 1000 : value / 256;
    if (kind == 2) value = ldexpf(value, -130);
    if (kind == 3) value = 0.375f;
    if (kind == 4) value = ldexpf(value, 126);
    if (kind == 5) value = ldexpf(value, (int)(next() % 41) - 20);
    if (kind == 6) value = ldexpf(value, (int)(next() % 241) - 120);
    if (kind == 7) value = value / 16 - 1000;
    if (kind == 8) value = next() & 1 ? 1 : -1;
    if (kind == 9) value = fabsf(value);
    if (kind == 10 && i % 607 == 300) value = next() & 1 ? NAN : value < 0 ? -INFINITY : INFINITY;
    if (kind == 11 && i / 32 % 3 == 1) value = 0;
    if (kind == 12) value = (float)((int)(next() >> 29) - 4) / 16;
    row[i] = value;
  }
}

enum { KINDS = 15, REPEATS = 6, COLUMNS = 256 * 9 };
static float values[COLUMNS * KINDS], importance[COLUMNS], expected[COLUMNS * KINDS],
    found[COLUMNS * KINDS];
static unsigned char want[sizeof values * 2], got[sizeof values * 2];
static int passed, failed;
static uint64_t digest = 0xcbf29ce484222325u;  // FNV-1a of all that the generic level encodes

static void check(const char *what, const char *level, int type, size_t byte_count,
                  const void *left, const void *right) {
  if (memcmp(left, right, byte_count) == 0) {
    passed++;
    return;
  }
  failed++;
  size_t at = 0;
  while (((const char *)left)[at] == ((const char *)right)[at]) at++;
  printf("%s %s type %d differs at byte %zu\n", level, what, type, at);
}

static void check_type(const quern_kernel_table *generic, const quern_kernel_table *level, int type) {
  for (int weighted = 0; generic->encode[type] && weighted < 2; weighted++) {
    memset(want, 0, sizeof want);
    memset(got, 0, sizeof got);
    const float *weights = weighted ? importance : NULL;
    generic->encode[type](values, want, KINDS, COLUMNS, weights);
    level->encode[type](values, got, KINDS, COLUMNS, weights);
    for (size_t i = 0; i < sizeof want; i++) digest = (digest ^ want[i]) * 0x100000001b3u;
    check(weighted ? "weighted encoder" : "encoder", level->name, type, sizeof want, want, got);
  }
  if (!generic->decode[type]) return;
  if (!generic->encode[type])  // any bytes will do
    for (size_t i = 0; i < sizeof want; i++) want[i] = (unsigned char)next();
  generic->decode[type](want, expected, COLUMNS * KINDS);
  level->decode[type](want, found, COLUMNS * KINDS);
  check("decoder", level->name, type, sizeof expected, expected, found);
}

// Takes the level to check; without one, the best that runs here.
int main(int count, char **arguments) {
  const quern_level pick =
      count > 1 ? (quern_level)atoi(arguments[1]) : quern_best_level();
  if (!quern_kernels(pick)) {
    printf("this machine cannot run level %d\n", (int)pick);
    return 64;
  }
  const quern_kernel_table *generic = quern_kernels(QUERN_LEVEL_GENERIC);
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    for (int row = 0; row < KINDS; row++) fill(values + COLUMNS * row, COLUMNS, row);
    for (int i = 0; i < COLUMNS; i++) importance[i] = next() % 7 ? (float)(next() >> 20) : 0;
    const quern_kernel_table *level = quern_kernels(pick);
    for (int type = 0; type < QUERN_TYPE_COUNT; type++) check_type(generic, level, type);
  }
  printf("%s against generic, digest %016llx\n", quern_kernels(pick)->name,
         (unsigned long long)digest);
  printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}
