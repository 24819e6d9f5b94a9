/// The arithmetic of inference: products of weight matrices with activations, and the float row
/// operations between them. Part of the kernel table.
///
/// Weights stay as they lie in the file. Activations are packed once for all the matrices that
/// multiply them, in one of two forms:
///
/// - `QUERN_ACTIVATION_INT8`, for block types whose weights are small integers: blocks of 32 signed
///   bytes with one single-precision scale, `scale = max|x| / 127`, rounded to nearest even.
/// - `QUERN_ACTIVATION_FLOAT`, for float weights and every type that can only be decoded.
///
/// One token is packed as a vector; several are packed in tiles whose layout belongs to the level.
/// Sums run over columns in an order that depends on the level and on `tokens == 1`, never on how
/// rows are split, so results are equal for any number of workers.
#ifndef QUERN_CKERNELS_PRODUCTS_H
#define QUERN_CKERNELS_PRODUCTS_H

#include <stddef.h>
#include <stdint.h>

#include "CKernelsBlocks.h"

typedef enum {
  QUERN_ACTIVATION_FLOAT = 0,
  QUERN_ACTIVATION_INT8 = 1,
} quern_activation;
enum { QUERN_ACTIVATION_COUNT = 2 };

/// Decodes `count` elements (whole blocks) to single precision.
typedef void (*quern_product_decode_fn)(const void *blocks, float *output, size_t count);

/// One matrix and the activations that it multiplies: `output[t][r] = sum_c weights[r][c] x[t][c]`.
typedef struct quern_product_job {
  const void *weights;      // rows of whole blocks, packed without gaps, at any address
  size_t row_bytes;
  size_t columns;           // a multiple of the type's block
  const void *activations;  // what `pack` made of `tokens` rows
  size_t tokens;
  const float *bias;        // one value a row, or null
  float *output;            // token t starts at `output + t * output_stride`
  size_t output_stride;
  quern_product_decode_fn decode;  // for types without a product of their own
  size_t block_elements;           // with `decode`: elements and bytes of one block
  size_t block_bytes;
} quern_product_job;

/// Computes rows `first ..< end` for all tokens. `scratch` has `scratch_bytes` bytes, one per worker.
typedef void (*quern_product_fn)(const quern_product_job *product, size_t first, size_t end,
                                 void *scratch);

/// Packs tokens `first ..< end` of `tokens` rows that start `stride` floats apart.
typedef void (*quern_pack_fn)(const float *rows, size_t stride, size_t columns, size_t tokens,
                              size_t first, size_t end, void *packed);

/// What the elements of a key-value cache are. Those with scales have them for blocks of
/// `QUERN_CACHE_BLOCK` dimensions of one position, encoded as ggml's type of that name after a turn that
/// spreads what stands out (scalar/hadamard.h).
typedef enum {
  QUERN_CACHE_F16 = 0,
  QUERN_CACHE_F32 = 1,
  QUERN_CACHE_BF16 = 2,
  QUERN_CACHE_Q8_0 = 3,
  QUERN_CACHE_Q4_0 = 4,
} quern_cache;
enum {
  QUERN_CACHE_COUNT = 5,
  QUERN_CACHE_BLOCK = 32,
  QUERN_KEY_GROUP = 16,
  QUERN_OFFSET_POSITIONS = 256,  // that share an offset of their keys
  QUERN_MAX_HEAD_DIM = 2048,
};

/// Bytes of a block of a cache with scales; 0 for the others.
static inline size_t quern_cache_block_bytes(quern_cache cache) {
  switch (cache) {
    case QUERN_CACHE_Q8_0: return sizeof(quern_block_q8_0);
    case QUERN_CACHE_Q4_0: return sizeof(quern_block_q4_0);
    default: return 0;
  }
}

/// Bytes of the keys or the values of one position of one head; the last block may be filled up.
static inline size_t quern_cache_row_bytes(quern_cache cache, size_t head_dim) {
  const size_t block = quern_cache_block_bytes(cache);
  if (block) return (head_dim + QUERN_CACHE_BLOCK - 1) / QUERN_CACHE_BLOCK * block;
  return head_dim * (cache == QUERN_CACHE_F32 ? 4 : 2);
}

/// Attention of some query heads over a cache, causal, one pass with a running softmax.
///
/// Values of one head lie row by row. Its keys lie in groups of `QUERN_KEY_GROUP` positions, which take
/// as many bytes as their rows would: plain elements `[dimension][position]`, block after block
/// otherwise, each its scales `[position]` and then its bytes `[byte][position]`.
typedef struct quern_attention {
  const float *queries;  // [token][head][dimension]
  size_t query_stride;   // floats between tokens
  float *output;         // like `queries`
  size_t output_stride;
  quern_cache cache;   // what the elements of keys and values are
  const void *keys;    // [kv head][...]; readable to the end of the last group
  const void *values;  // [kv head][position][dimension]
  /// `[kv head][position / QUERN_OFFSET_POSITIONS][dimension]`: what was taken from keys before they were
  /// stored; null for nothing. Scores have it back, one product for all keys that share it.
  const float *key_offsets;
  size_t key_offset_stride;  // floats between heads
  size_t head_stride;      // bytes between heads of the cache
  size_t head_dim;         // up to QUERN_MAX_HEAD_DIM
  size_t heads;
  size_t kv_heads;         // divides `heads`
  size_t tokens;
  size_t first_position;  // of token 0; token t sees positions up to first_position + t
  size_t window;          // positions that a token sees, itself included; 0 for all
  float scale;            // of the scores
  float softcap;          // what scaled scores x become: softcap tanh(x / softcap); 0 for x itself
  /// [head]: a score that each row has besides, of a position without values; null for none.
  const float *sinks;
  size_t tokens_per_item; // items are numbered kv head by kv head, token block by token block
} quern_attention;

/// Runs items `first ..< end` of `kv_heads * ceil(tokens / tokens_per_item)`. `scratch` as for products.
typedef void (*quern_attention_fn)(const quern_attention *attention, size_t first, size_t end,
                                   void *scratch);

typedef struct quern_product_table {
  /// Indexed by ggml wire id; `decoded` where a type has no product of its own.
  quern_product_fn vector[43];  // tokens == 1
  quern_product_fn batch[43];   // tokens > 1
  quern_activation activation[43];
  quern_pack_fn pack[QUERN_ACTIVATION_COUNT];
  /// Bytes of scratch that a product or attention needs, for each worker.
  size_t scratch_bytes;

  /// output = x / sqrt(mean(x^2) + epsilon) * weight; `output` may be `x`
  void (*rms_norm)(const float *x, const float *weight, float epsilon, size_t count, float *output);
  /// output = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias; `output` may be `x`
  void (*layer_norm)(const float *x, const float *weight, const float *bias, float epsilon,
                     size_t count, float *output);
  /// x += y
  void (*add)(float *x, const float *y, size_t count);
  /// gate = gate * sigmoid(gate) * up
  void (*silu_multiply)(float *gate, const float *up, size_t count);
  /// gate = gelu(gate) * up, with GELU's approximation by a hyperbolic tangent
  void (*gelu_multiply)(float *gate, const float *up, size_t count);
  /// gate = x * sigmoid(1.702 x) * (y + 1), where x is the gate and y is up, both at most 7 and y at least -7
  void (*clamped_swish_multiply)(float *gate, const float *up, size_t count);
  /// x = gelu(x), the same approximation
  void (*gelu)(float *x, size_t count);
  /// x = cap * tanh(x / cap)
  void (*softcap)(float *x, float cap, size_t count);
  /// Rotates one head. `turns` holds cosine and sine of each of `pairs` angles, cosines first.
  /// Pairs are neighbours (`x[2i], x[2i+1]`) or, in NEOX order, halves (`x[i], x[i+pairs]`).
  void (*rotate_neighbours)(float *x, const float *turns, size_t pairs);
  void (*rotate_halves)(float *x, const float *turns, size_t pairs);
  /// Fills `turns` for a position below 2^30: each pair has turned by position * frequency radians, and
  /// cosine and sine are `magnitude` times as long. Every pair is computed alike, wherever it stands.
  void (*fill_turns)(const double *frequencies, size_t pairs, double position, double magnitude,
                     float *turns);
  quern_attention_fn attention;
} quern_product_table;

/// The products of a ggml wire id, which must be below 43.
static inline quern_product_fn quern_product(const quern_product_table *table, uint32_t wire_id,
                                             size_t tokens) {
  return tokens == 1 ? table->vector[wire_id] : table->batch[wire_id];
}
static inline quern_activation quern_product_activation(const quern_product_table *table,
                                                        uint32_t wire_id) {
  return table->activation[wire_id];
}
static inline quern_pack_fn quern_pack(const quern_product_table *table,
                                       quern_activation activation) {
  return table->pack[activation];
}

/// Bytes of room that `pack` needs for `tokens` rows of `columns` values; kernels may read all of it.
static inline size_t quern_packed_bytes(quern_activation activation, size_t columns,
                                        size_t tokens) {
  // INT8: the bytes, then a scale, the scaled sum and the scaled sums of both halves of each block.
  const size_t row = activation == QUERN_ACTIVATION_INT8 ? columns + columns / 32 * 16 : columns * 4;
  return tokens * row + 64;
}

#endif
