// Puts keys and values into a cache, encoded by the level's own encoders.
#include <string.h>

#include "../include/CKernels.h"
#include "../scalar/hadamard.h"

// A key lies in its group byte by byte or element by element, QUERN_KEY_GROUP of them apart.
static void scatter(const uint8_t *row, size_t count, size_t bytes, size_t position, uint8_t *group) {
  for (size_t i = 0; i < count; i++)
    memcpy(group + (i * QUERN_KEY_GROUP + position) * bytes, row + i * bytes, bytes);
}

void quern_cache_store_value(const quern_kernel_table *table, quern_cache cache, const float *x,
                             size_t count, void *row) {
  static const uint32_t wire_ids[QUERN_CACHE_COUNT] = {
      [QUERN_CACHE_F16] = 1, [QUERN_CACHE_F32] = 0, [QUERN_CACHE_BF16] = 30,
      [QUERN_CACHE_Q8_0] = 8, [QUERN_CACHE_Q4_0] = 2};
  const quern_encode_fn encode = quern_encoder(table, wire_ids[cache]);
  if (quern_cache_block_bytes(cache) == 0) {
    encode(x, row, 1, count, NULL);
    return;
  }
  float turned[QUERN_MAX_HEAD_DIM];
  const size_t whole = (count + QUERN_CACHE_BLOCK - 1) / QUERN_CACHE_BLOCK * QUERN_CACHE_BLOCK;
  memcpy(turned, x, count * sizeof(float));
  memset(turned + count, 0, (whole - count) * sizeof(float));
  quern_hadamard(turned, count);
  encode(turned, row, 1, whole, NULL);
}

void quern_cache_store_key(const quern_kernel_table *table, quern_cache cache, const float *x,
                           const float *offset, size_t count, size_t position, void *head) {
  uint8_t row[QUERN_MAX_HEAD_DIM * sizeof(float)];
  float rest[QUERN_MAX_HEAD_DIM];
  for (size_t d = 0; offset && d < count; d++) rest[d] = x[d] - offset[d];
  quern_cache_store_value(table, cache, offset ? rest : x, count, row);
  const size_t row_bytes = quern_cache_row_bytes(cache, count);
  const size_t block_bytes = quern_cache_block_bytes(cache);
  const size_t at = position % QUERN_KEY_GROUP;
  uint8_t *group = (uint8_t *)head + (position - at) * row_bytes;
  if (block_bytes == 0) {
    scatter(row, count, row_bytes / count, at, group);
    return;
  }
  for (size_t i = 0; i < row_bytes; i += block_bytes, group += block_bytes * QUERN_KEY_GROUP) {
    memcpy(group + at * 2, row + i, 2);
    scatter(row + i + 2, block_bytes - 2, 1, at, group + QUERN_KEY_GROUP * 2);
  }
}
