// Checks that a kernel level encodes to the generic level's bytes and decodes to its floats, over nasty
// values, and that its products are those of double precision within a tolerance. Prints how many checks
// passed and a digest of the bytes, which no machine may change. tools/test-neon runs it.
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

// MARK: Products

enum { PRODUCT_ROWS = 37, MOST_COLUMNS = 256 * 3, MOST_TOKENS = 17 };
static float x[MOST_TOKENS * MOST_COLUMNS], weights[PRODUCT_ROWS * MOST_COLUMNS],
    products[MOST_TOKENS * PRODUCT_ROWS];
static unsigned char blocks[sizeof weights];
static _Alignas(64) unsigned char packed[2 * sizeof x], scratch[1 << 20];

/// How far 32 values lie from whole steps: squares of distances in units of 2^-12.
static double rounding_error(const float *values, float step) {
  double sum = 0;
  for (size_t i = 0; i < 32; i++) {
    const double units = rint((double)(values[i] * (1 / step)) * 4096);
    const double rest = units - rint(units / 4096) * 4096;
    sum += rest * rest;
  }
  return sum;
}

/// Activations as integer products see them: blocks of 32 in 127, 126 or 125 steps of their largest
/// magnitude, whichever miss least.
static void round_activations(float *values, size_t count) {
  for (size_t block = 0; block < count; block += 32) {
    float largest = 0, step = 0;
    double error = INFINITY;
    for (size_t i = block; i < block + 32; i++) largest = fmaxf(largest, fabsf(values[i]));
    for (int top = 127; top > 124 && largest > 0; top--) {
      const double other = rounding_error(values + block, largest / (float)top) / top / top;
      if (other < error) {
        error = other;
        step = largest / (float)top;
      }
    }
    for (size_t i = block; i < block + 32; i++)
      values[i] = step > 0 ? rintf(values[i] * (1 / step)) * step : 0;
  }
}

static void check_product(const quern_kernel_table *level, const quern_product_job *job, int type) {
  int wrong = 0;
  for (size_t token = 0; token < job->tokens; token++)
    for (size_t row = 0; row < PRODUCT_ROWS; row++) {
      double sum = 0, magnitude = 0;
      for (size_t c = 0; c < job->columns; c++) {
        const double term = (double)weights[row * job->columns + c] *
                            (double)x[token * job->columns + c];
        sum += term;
        magnitude += fabs(term);
      }
      wrong += !(fabs((double)products[token * PRODUCT_ROWS + row] - sum) <= magnitude * 2e-6);
    }
  wrong ? failed++ : passed++;
  if (wrong)
    printf("%s product type %d, %zu columns: %d of %zu tokens differ\n", level->name, type,
           job->columns, wrong, job->tokens);
}

/// Random weights of one type, several numbers of tokens.
static void check_products(const quern_kernel_table *level, int type, size_t elements, size_t bytes,
                           size_t columns) {
  static const size_t token_counts[] = {1, 2, 3, 17};
  for (size_t i = 0; i < PRODUCT_ROWS * columns; i++) weights[i] = bell();
  for (size_t i = 0; i < columns; i++) importance[i] = 1;
  level->encode[type](weights, blocks, PRODUCT_ROWS, columns, importance);
  level->decode[type](blocks, weights, PRODUCT_ROWS * columns);
  const quern_activation form = quern_product_activation(&level->products, (uint32_t)type);
  for (size_t n = 0; n < sizeof token_counts / sizeof *token_counts; n++) {
    const size_t tokens = token_counts[n];
    for (size_t i = 0; i < tokens * columns; i++) x[i] = bell();
    quern_pack(&level->products, form)(x, columns, columns, tokens, 0, tokens, packed);
    const quern_product_job job = {
        .weights = blocks, .row_bytes = columns / elements * bytes,
        .columns = columns, .activations = packed, .tokens = tokens, .output = products,
        .output_stride = PRODUCT_ROWS, .decode = level->decode[type], .block_elements = elements,
        .block_bytes = bytes};
    quern_product(&level->products, (uint32_t)type, tokens)(&job, 0, PRODUCT_ROWS, scratch);
    if (form == QUERN_ACTIVATION_INT8) round_activations(x, tokens * columns);
    check_product(level, &job, type);
  }
}

static void check_all_products(const quern_kernel_table *level) {
  static const size_t columns[] = {32, 96, 224, 576, 640, MOST_COLUMNS};
  static const struct { int type; size_t elements, bytes; } types[] = {
      {0, 1, 4}, {1, 1, 2}, {30, 1, 2},
#define SIZES(name, id, elements) {id, elements, sizeof(quern_block_##name)}
      SIZES(q4_0, 2, 32), SIZES(q4_1, 3, 32), SIZES(q5_0, 6, 32), SIZES(q5_1, 7, 32),
      SIZES(q8_0, 8, 32), SIZES(q2_K, 10, 256), SIZES(q3_K, 11, 256), SIZES(q4_K, 12, 256),
      SIZES(q5_K, 13, 256), SIZES(q6_K, 14, 256), SIZES(iq2_XXS, 16, 256), SIZES(iq2_XS, 17, 256),
      SIZES(iq3_XXS, 18, 256), SIZES(iq1_S, 19, 256), SIZES(iq4_NL, 20, 32), SIZES(iq3_S, 21, 256),
      SIZES(iq2_S, 22, 256), SIZES(iq4_XS, 23, 256), SIZES(iq1_M, 29, 256), SIZES(tq1_0, 34, 256),
      SIZES(tq2_0, 35, 256), SIZES(mxfp4, 39, 32), SIZES(nvfp4, 40, 64), SIZES(q1_0, 41, 128),
      SIZES(q2_0, 42, 64),
#undef SIZES
  };
  for (size_t t = 0; t < sizeof types / sizeof *types; t++)
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
      if (columns[c] % types[t].elements == 0)
        check_products(level, types[t].type, types[t].elements, types[t].bytes, columns[c]);
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
  check_all_products(quern_kernels(pick));
  printf("%s against generic, digest %016llx\n", quern_kernels(pick)->name,
         (unsigned long long)digest);
  printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}
