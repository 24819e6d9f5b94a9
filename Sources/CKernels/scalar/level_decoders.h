// Instantiates the decoders for one level. Before including it, define QUERN_LEVEL (the suffix of
// the functions' names) and QUERN_TARGET (the attribute that names the instruction set).
#include <stddef.h>

#include "../codecs.h"
// Inlined into this level's decoders, and code of its instruction set as they are.
#define QUERN_LEVEL_INLINE QUERN_INLINE QUERN_TARGET

#include "decode.h"
#include "decode_grid.h"
#include "decode_low.h"

#define QUERN_DECODER_(type, level) quern_decode_##type##_##level
#define QUERN_DECODER(type, level) QUERN_DECODER_(type, level)

#define QUERN_BLOCK_DECODER(type, elements)                                                      \
  QUERN_TARGET void QUERN_DECODER(type, QUERN_LEVEL)(const void *restrict blocks,                   \
                                                   float *restrict output, size_t count) {        \
    const quern_block_##type *block = blocks;                                                     \
    for (size_t i = 0; i < count; i += (elements)) quern_decode_block_##type(block++, output + i); \
  }

QUERN_BLOCK_DECODER(q4_0, 32)
QUERN_BLOCK_DECODER(q4_1, 32)
QUERN_BLOCK_DECODER(q5_0, 32)
QUERN_BLOCK_DECODER(q5_1, 32)
QUERN_BLOCK_DECODER(q8_0, 32)
QUERN_BLOCK_DECODER(q4_K, 256)
QUERN_BLOCK_DECODER(q5_K, 256)
QUERN_BLOCK_DECODER(q6_K, 256)
QUERN_BLOCK_DECODER(q2_K, 256)
QUERN_BLOCK_DECODER(q3_K, 256)
QUERN_BLOCK_DECODER(iq4_NL, 32)
QUERN_BLOCK_DECODER(iq4_XS, 256)
QUERN_BLOCK_DECODER(tq1_0, 256)
QUERN_BLOCK_DECODER(tq2_0, 256)
QUERN_BLOCK_DECODER(mxfp4, 32)
QUERN_BLOCK_DECODER(nvfp4, 64)
QUERN_BLOCK_DECODER(q1_0, 128)
QUERN_BLOCK_DECODER(q2_0, 64)

// The types on a grid take its points along.
#define QUERN_GRID_DECODER(type, grid)                                                           \
  QUERN_TARGET void QUERN_DECODER(type, QUERN_LEVEL)(const void *restrict blocks,                   \
                                                   float *restrict output, size_t count) {        \
    const int8_t *points = quern_grid_for_decoding(grid);                                         \
    const quern_block_##type *block = blocks;                                                     \
    for (size_t i = 0; i < count; i += 256) quern_decode_block_##type(block++, points, output + i); \
  }

QUERN_GRID_DECODER(iq1_S, QUERN_GRID_IQ1)
QUERN_GRID_DECODER(iq1_M, QUERN_GRID_IQ1)
QUERN_GRID_DECODER(iq2_XXS, QUERN_GRID_IQ2_XXS)
QUERN_GRID_DECODER(iq2_XS, QUERN_GRID_IQ2_XS)
QUERN_GRID_DECODER(iq2_S, QUERN_GRID_IQ2_S)
QUERN_GRID_DECODER(iq3_XXS, QUERN_GRID_IQ3_XXS)
QUERN_GRID_DECODER(iq3_S, QUERN_GRID_IQ3_S)

QUERN_TARGET void QUERN_DECODER(f16, QUERN_LEVEL)(const void *restrict blocks,
                                                float *restrict output, size_t count) {
  const quern_unaligned_16 *values = blocks;
  for (size_t i = 0; i < count; i++) output[i] = quern_float_from_half(values[i]);
}

QUERN_TARGET void QUERN_DECODER(bf16, QUERN_LEVEL)(const void *restrict blocks,
                                                 float *restrict output, size_t count) {
  const quern_unaligned_16 *values = blocks;
  for (size_t i = 0; i < count; i++) output[i] = quern_float_from_bfloat(values[i]);
}

QUERN_TARGET void QUERN_DECODER(f64, QUERN_LEVEL)(const void *restrict blocks,
                                                float *restrict output, size_t count) {
  const quern_unaligned_double *values = blocks;
  for (size_t i = 0; i < count; i++) output[i] = (float)values[i];
}
