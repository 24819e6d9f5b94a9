/// The contract between Swift and the C kernels.
///
/// One table of function pointers for each instruction set level. `quern_kernels(level)` returns a
/// filled table or null when this machine (or its operating system) cannot run the level. Every level
/// starts as a copy of the level below it and replaces what it does better, so no entry that the
/// generic level fills is ever null.
///
/// One call covers at least a whole row. Encoders give the same bytes at every level; decoders the
/// same bits; products a stated tolerance.
#ifndef QUERN_CKERNELS_H
#define QUERN_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CKernelsBlocks.h"
#include "CKernelsCeilings.h"
#include "CKernelsProducts.h"

enum { QUERN_TYPE_COUNT = 43 };  // ggml's wire ids

typedef enum {
  QUERN_LEVEL_GENERIC = 0,
  QUERN_LEVEL_AVX2 = 1,    // AVX2, FMA, F16C
  QUERN_LEVEL_AVX512 = 2,  // AVX-512 F, BW, VL, DQ, VNNI, and all of AVX2
  QUERN_LEVEL_NEON = 3,    // ARMv8.2 Advanced SIMD with dot product
} quern_level;
enum { QUERN_LEVEL_COUNT = 4 };

/// Decodes `count` elements (whole blocks) of one type to single precision.
typedef void (*quern_decode_fn)(const void *blocks, float *output, size_t count);

/// Encodes `rows` rows of `columns` elements, each row whole blocks, packed without gaps.
/// `importance` weighs the columns (`columns` values, shared by all rows) or is null.
typedef void (*quern_encode_fn)(const float *input, void *blocks, size_t rows, size_t columns,
                                const float *importance);

typedef struct quern_kernel_table {
  quern_level level;
  const char *name;
  /// Indexed by ggml wire id; null where a type has no codec.
  quern_decode_fn decode[QUERN_TYPE_COUNT];
  quern_encode_fn encode[QUERN_TYPE_COUNT];
  /// The largest magnitude of `count` values. A NaN is larger than infinity.
  float (*largest_magnitude)(const float *values, size_t count);

  quern_product_table products;
  quern_ceiling_table ceilings;
} quern_kernel_table;

/// The table of a level, or null when this machine cannot run it. Thread-safe; detection runs once.
const quern_kernel_table *quern_kernels(quern_level level);

/// The highest level that this machine runs.
quern_level quern_best_level(void);

/// A table's decoder or encoder of a ggml wire id; null when there is none.
static inline quern_decode_fn quern_decoder(const quern_kernel_table *table, uint32_t wire_id) {
  return wire_id < QUERN_TYPE_COUNT ? table->decode[wire_id] : NULL;
}
static inline quern_encode_fn quern_encoder(const quern_kernel_table *table, uint32_t wire_id) {
  return wire_id < QUERN_TYPE_COUNT ? table->encode[wire_id] : NULL;
}

/// Encodes the `count` values of one position of one head as a row of a cache.
void quern_cache_store_value(const quern_kernel_table *table, quern_cache cache, const float *x,
                             size_t count, void *row);
/// Encodes a key likewise, less `offset` unless that is null, and puts it into its group; `head` is where
/// the head's first group starts.
void quern_cache_store_key(const quern_kernel_table *table, quern_cache cache, const float *x,
                           const float *offset, size_t count, size_t position, void *head);

/// Tells the processor that this thread is spinning.
static inline void quern_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("isb");
#endif
}

#endif
