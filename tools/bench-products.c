// Measures the products of every type on one core: one token in GB of weights read a second, beside what
// one core reads at most, and 512 tokens in billions of multiplications and additions a second, beside the
// most that int8 dot products reach. Ceilings are measured between the products, and medians are taken of
// ratios, so that a shared machine disturbs both alike. Processor time counts. tools/bench-products runs it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { COLUMNS = 4096, PANEL_ROWS = 4096, PANEL_TOKENS = 512, MODEL_ROWS = 16, REPEATS = 7 };
enum { MATRIX_BYTES = 128 << 20 };  // larger than last-level caches

typedef struct {
  const char *name;
  int id;
  size_t elements, bytes;
} block_type;

static const block_type types[] = {
    {"Q4_0", 2, 32, 18},     {"Q4_1", 3, 32, 20},      {"Q5_0", 6, 32, 22},
    {"Q5_1", 7, 32, 24},     {"Q8_0", 8, 32, 34},      {"Q2_K", 10, 256, 84},
    {"Q3_K", 11, 256, 110},  {"Q4_K", 12, 256, 144},   {"Q5_K", 13, 256, 176},
    {"Q6_K", 14, 256, 210},  {"IQ4_NL", 20, 32, 18},   {"IQ4_XS", 23, 256, 136},
    {"IQ3_XXS", 18, 256, 98}, {"IQ3_S", 21, 256, 110}, {"IQ2_XXS", 16, 256, 66},
    {"IQ2_XS", 17, 256, 74}, {"IQ2_S", 22, 256, 82},   {"IQ1_S", 19, 256, 50},
    {"IQ1_M", 29, 256, 56},  {"TQ1_0", 34, 256, 54},   {"TQ2_0", 35, 256, 66},
    {"MXFP4", 39, 32, 17},   {"NVFP4", 40, 64, 36},    {"Q1_0", 41, 128, 18},
    {"Q2_0", 42, 64, 18},    {"F16", 1, 1, 2},         {"BF16", 30, 1, 2},
    {"F32", 0, 1, 4},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}
static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, ascending);
  return values[count / 2];
}

static volatile uint64_t sink;

/// Bytes a second of plain vector loads, with the prefetch that makes them fastest.
static double read_ceiling(const uint8_t *bytes, size_t count) {
  typedef uint64_t vector __attribute__((vector_size(64)));
  vector sums[4] = {{0}, {0}, {0}, {0}};
  const double start = now();
  for (size_t at = 0; at + 256 <= count; at += 256) {
    for (size_t i = 0; i < 4; i++) {
      __builtin_prefetch(bytes + at + i * 64 + 12288, 0, 2);
      sums[i] += *(const vector *)(bytes + at + i * 64);
    }
  }
  const double seconds = now() - start;
  sums[0] += sums[1] + sums[2] + sums[3];
  sink = sums[0][0];
  return (double)count / seconds;
}

/// Multiplications and additions a second of the widest int8 dot product; 0 where there is none.
static double int8_ceiling(void) {
#if defined(__AVX512VNNI__)
  enum { STEPS = 10000000 };
  __m512i sums[12];
  for (int i = 0; i < 12; i++) sums[i] = _mm512_set1_epi32(i);
  const __m512i a = _mm512_set1_epi8((char)sink), b = _mm512_set1_epi8(3);
  const double start = now();
  for (int step = 0; step < STEPS; step++) {
    for (int i = 0; i < 12; i++) sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
    __asm__ volatile("" ::: "memory");
  }
  const double seconds = now() - start;
  for (int i = 1; i < 12; i++) sums[0] = _mm512_add_epi32(sums[0], sums[i]);
  sink = (uint64_t)_mm512_reduce_add_epi32(sums[0]);
  return 12.0 * 128 * STEPS / seconds;
#else
  return 0;
#endif
}

typedef struct {
  const quern_kernel_table *kernels;
  uint8_t *weights;
  float *x, *output;
  void *packed, *scratch;
} bench;

static void fill_weights(bench *b, const block_type *type, size_t rows) {
  const size_t row_bytes = COLUMNS / type->elements * type->bytes;
  static float values[MODEL_ROWS * COLUMNS], importance[COLUMNS];
  for (size_t i = 0; i < MODEL_ROWS * COLUMNS; i++)
    values[i] = (float)(rand() % 2001 - 1000 + rand() % 2001 - 1000) * 2e-5f;
  for (size_t i = 0; i < COLUMNS; i++) importance[i] = 1;
  b->kernels->encode[type->id](values, b->weights, MODEL_ROWS, COLUMNS, importance);
  for (size_t row = MODEL_ROWS; row < rows; row++)
    memcpy(b->weights + row * row_bytes, b->weights + row % MODEL_ROWS * row_bytes, row_bytes);
}

/// Seconds of one product.
static double run(bench *b, const block_type *type, size_t rows, size_t tokens) {
  const quern_product_table *products = &b->kernels->products;
  quern_pack(products, quern_product_activation(products, (uint32_t)type->id))(
      b->x, COLUMNS, COLUMNS, tokens, 0, tokens, b->packed);
  const quern_product_job job = {
      .weights = b->weights, .row_bytes = COLUMNS / type->elements * type->bytes,
      .columns = COLUMNS, .activations = b->packed, .tokens = tokens, .output = b->output,
      .output_stride = rows, .decode = b->kernels->decode[type->id],
      .block_elements = type->elements, .block_bytes = type->bytes};
  const double start = now();
  quern_product(products, (uint32_t)type->id, tokens)(&job, 0, rows, b->scratch);
  return now() - start;
}

static void measure(bench *b, const block_type *type) {
  const size_t row_bytes = COLUMNS / type->elements * type->bytes;
  const size_t rows = MATRIX_BYTES / row_bytes;
  double speeds[REPEATS], shares[REPEATS], batches[3], parts[3];
  fill_weights(b, type, rows);
  run(b, type, rows, 1);
  for (int i = 0; i < REPEATS; i++) {
    const double ceiling = read_ceiling(b->weights, rows * row_bytes);
    speeds[i] = (double)(rows * row_bytes) / run(b, type, rows, 1);
    shares[i] = speeds[i] / ceiling;
  }
  for (int i = 0; i < 3; i++) {
    const double ceiling = int8_ceiling();
    batches[i] = 2.0 * PANEL_ROWS * COLUMNS * PANEL_TOKENS / run(b, type, PANEL_ROWS, PANEL_TOKENS);
    parts[i] = ceiling > 0 ? batches[i] / ceiling : 0;
  }
  printf("%-8s %6.1f GB/s %5.0f %%   %7.0f Gop/s %5.0f %%\n", type->name,
         median(speeds, REPEATS) * 1e-9, median(shares, REPEATS) * 100, median(batches, 3) * 1e-9,
         median(parts, 3) * 100);
  fflush(stdout);
}

// Takes a level's number, and names of types; without them, the best level and every type.
int main(int count, char **arguments) {
  const quern_level level = count > 1 ? (quern_level)atoi(arguments[1]) : quern_best_level();
  bench b = {.kernels = quern_kernels(level)};
  if (!b.kernels) {
    printf("this machine cannot run level %d\n", (int)level);
    return 64;
  }
  const size_t x_count = (size_t)COLUMNS * PANEL_TOKENS;
  b.weights = aligned_alloc(64, MATRIX_BYTES + 4096);
  b.x = malloc(x_count * sizeof(float));
  b.output = malloc((size_t)16 << 20);
  b.packed = aligned_alloc(64, (quern_packed_bytes(QUERN_ACTIVATION_FLOAT, COLUMNS, PANEL_TOKENS) + 63) / 64 * 64);
  b.scratch = aligned_alloc(64, (b.kernels->products.scratch_bytes + 63) / 64 * 64);
  for (size_t i = 0; i < x_count; i++) b.x[i] = (float)(rand() % 2001 - 1000) * 1e-3f;
  memset(b.weights, 1, MATRIX_BYTES);
  read_ceiling(b.weights, MATRIX_BYTES);
  double reads[REPEATS];
  for (int i = 0; i < REPEATS; i++) reads[i] = read_ceiling(b.weights, MATRIX_BYTES);
  printf("%s, 1 core: reads %.1f GB/s, int8 %.0f Gop/s\n", b.kernels->name,
         median(reads, REPEATS) * 1e-9, int8_ceiling() * 1e-9);
  printf("%-8s %18s %22s\n", "type", "1 token", "512 tokens");
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    int asked = count <= 2;
    for (int i = 2; i < count; i++) asked |= strcmp(arguments[i], types[t].name) == 0;
    if (asked) measure(&b, &types[t]);
  }
  return 0;
}
