// Checks that a kernel level stores keys and values in every type of cache as the generic level does,
// byte for byte, and that its attention over them is the generic level's within a tolerance: heads of
// every remainder, groups of one to eight and more, windows, sinks, one token and several. Prints how many checks
// passed. tools/test-neon runs it.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

typedef struct {
  size_t heads, kv_heads, head_dim, tokens, first, window, has_offsets, has_sinks;
} problem;

static const problem problems[] = {
    {1, 1, 2, 1, 0, 0},       {9, 3, 64, 1, 200, 0},   {9, 3, 64, 17, 200, 0},
    {3, 1, 17, 2, 527, 0, 1},   {4, 4, 80, 17, 61, 0},   {2, 1, 36, 17, 63, 20},
    {5, 1, 33, 1, 150, 1},    {12, 2, 48, 2, 9, 0},    {7, 1, 96, 17, 70, 64},
    {14, 2, 64, 37, 0, 0},    {12, 2, 128, 19, 250, 0, 1}, {2, 1, 36, 150, 3, 20},
    {8, 1, 64, 1, 200, 0, 0, 1}, {6, 2, 45, 19, 120, 9, 1, 1},
    {40, 1, 256, 7, 30, 0},   {5, 1, 2048, 2, 64, 0},  {8, 1, 2047, 1, 16, 0},
};

static const char *const cache_names[QUERN_CACHE_COUNT] = {
    [QUERN_CACHE_F16] = "F16", [QUERN_CACHE_F32] = "F32", [QUERN_CACHE_BF16] = "BF16",
    [QUERN_CACHE_Q8_0] = "Q8_0", [QUERN_CACHE_Q4_0] = "Q4_0"};

static uint64_t state = 1;

/// Between -1 and 1.
static float uniform(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float)(int32_t)(state >> 32) * 0x1p-31f;
}

/// Room of `bytes`, or the end of the program.
static void *room(size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!p) {
    printf("no memory\n");
    exit(64);
  }
  return p;
}

static float *random_floats(size_t count, float scale) {
  float *x = room(count * sizeof(float));
  for (size_t i = 0; i < count; i++) x[i] = uniform() * scale;
  return x;
}

typedef struct {
  uint8_t *keys, *values;
  size_t head_stride;
} stored;

static size_t offset_stride(const problem *p) {
  return (p->first + p->tokens + QUERN_OFFSET_POSITIONS - 1) / QUERN_OFFSET_POSITIONS * p->head_dim;
}

/// Keys and values `[kv head][position][dimension]` in a cache, and garbage behind the last position.
static stored store(const quern_kernel_table *level, quern_cache cache, const problem *p,
                    const float *keys, const float *values, const float *offsets) {
  const size_t length = p->first + p->tokens;
  const size_t row_bytes = quern_cache_row_bytes(cache, p->head_dim);
  stored s = {.head_stride = (length + QUERN_KEY_GROUP - 1) / QUERN_KEY_GROUP * QUERN_KEY_GROUP * row_bytes};
  s.keys = room(s.head_stride * p->kv_heads);
  s.values = room(s.head_stride * p->kv_heads);
  memset(s.keys, 0xff, s.head_stride * p->kv_heads);
  memset(s.values, 0xff, s.head_stride * p->kv_heads);
  for (size_t head = 0; head < p->kv_heads; head++)
    for (size_t position = 0; position < length; position++) {
      const size_t row = (head * length + position) * p->head_dim;
      const float *offset = offsets + head * offset_stride(p) + position / QUERN_OFFSET_POSITIONS * p->head_dim;
      quern_cache_store_key(level, cache, keys + row, p->has_offsets ? offset : NULL, p->head_dim, position,
                            s.keys + head * s.head_stride);
      quern_cache_store_value(level, cache, values + row, p->head_dim,
                              s.values + head * s.head_stride + position * row_bytes);
    }
  return s;
}

static void attend(const quern_kernel_table *level, quern_cache cache, const problem *p,
                   const stored *s, const float *offsets, const float *queries, float *output) {
  const size_t row = p->heads * p->head_dim, tokens_per_item = 16;
  float sinks[64];
  for (size_t head = 0; head < p->heads; head++) sinks[head] = (float)(head % 3) * 4 - 4;
  const quern_attention job = {
      .queries = queries, .query_stride = row, .output = output, .output_stride = row,
      .cache = cache, .keys = s->keys, .values = s->values, .key_offsets = p->has_offsets ? offsets : NULL,
      .key_offset_stride = offset_stride(p), .head_stride = s->head_stride,
      .head_dim = p->head_dim, .heads = p->heads, .kv_heads = p->kv_heads, .tokens = p->tokens,
      .first_position = p->first, .window = p->window,
      .scale = 1 / sqrtf((float)p->head_dim),
      .sinks = p->has_sinks ? sinks : NULL, .tokens_per_item = tokens_per_item};
  void *scratch = room(level->products.scratch_bytes);
  for (size_t i = 0; i < p->tokens * row; i++) output[i] = NAN;
  level->products.attention(
      &job, 0, p->kv_heads * ((p->tokens + tokens_per_item - 1) / tokens_per_item), scratch);
  free(scratch);
}

/// Prints what differs and returns whether nothing does.
static int check(const quern_kernel_table *level, quern_cache cache, const problem *p) {
  const quern_kernel_table *generic = quern_kernels(QUERN_LEVEL_GENERIC);
  const size_t length = p->first + p->tokens, count = p->tokens * p->heads * p->head_dim;
  float *keys = random_floats(p->kv_heads * length * p->head_dim, 1);
  float *values = random_floats(p->kv_heads * length * p->head_dim, 3);
  float *offsets = random_floats(p->kv_heads * offset_stride(p), 1);
  float *queries = random_floats(count, 2);
  float *expected = room(count * sizeof(float)), *found = room(count * sizeof(float));
  stored there = store(generic, cache, p, keys, values, offsets),
         here = store(level, cache, p, keys, values, offsets);
  attend(generic, cache, p, &there, offsets, queries, expected);
  attend(level, cache, p, &here, offsets, queries, found);
  const size_t bytes = there.head_stride * p->kv_heads;
  const int stores_differ =
      memcmp(there.keys, here.keys, bytes) != 0 || memcmp(there.values, here.values, bytes) != 0;
  size_t far = 0;
  for (size_t i = 0; i < count; i++) far += !(fabsf(found[i] - expected[i]) < 1e-5f);
  if (stores_differ || far)
    printf("%s, cache of %s, %zu/%zu heads of %zu, %zu tokens from %zu: %s, %zu of %zu outputs differ\n",
           level->name, cache_names[cache], p->heads, p->kv_heads, p->head_dim, p->tokens, p->first,
           stores_differ ? "stored bytes differ" : "stored alike", far, count);
  void *const all[] = {keys, values, offsets, queries, expected, found,
                       there.keys, there.values, here.keys, here.values};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  return !stores_differ && far == 0;
}

// Takes the level to check; without one, the best that runs here.
int main(int count, char **arguments) {
  const quern_level pick = count > 1 ? (quern_level)atoi(arguments[1]) : quern_best_level();
  const quern_kernel_table *level = quern_kernels(pick);
  if (!level) {
    printf("this machine cannot run level %d\n", (int)pick);
    return 64;
  }
  int passed = 0, failed = 0;
  for (int cache = 0; cache < QUERN_CACHE_COUNT; cache++)
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
      check(level, (quern_cache)cache, &problems[i]) ? passed++ : failed++;
  printf("attention of %s against generic: %d passed, %d failed\n", level->name, passed, failed);
  return failed ? 1 : 0;
}
