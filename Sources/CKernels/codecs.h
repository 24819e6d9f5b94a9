// The codecs of each level, one function a type. Private to this target.
#ifndef QUERN_CODECS_H
#define QUERN_CODECS_H

#include "levels.h"

enum {  // ggml's wire ids of the types without blocks
  QUERN_F32 = 0, QUERN_F16 = 1, QUERN_F64 = 28, QUERN_BF16 = 30,
};

// Every block type that has a codec, with ggml's wire id: each(type, wire id, context).
#define QUERN_BLOCK_TYPES(each, context)                                            \
  each(q4_0, 2, context) each(q4_1, 3, context) each(q5_0, 6, context)              \
  each(q5_1, 7, context) each(q8_0, 8, context) each(q2_K, 10, context)             \
  each(q3_K, 11, context) each(q4_K, 12, context) each(q5_K, 13, context)           \
  each(q6_K, 14, context) each(iq2_XXS, 16, context) each(iq2_XS, 17, context)      \
  each(iq3_XXS, 18, context) each(iq1_S, 19, context) each(iq4_NL, 20, context)     \
  each(iq3_S, 21, context) each(iq2_S, 22, context) each(iq4_XS, 23, context)       \
  each(iq1_M, 29, context)                                                          \
  each(tq1_0, 34, context) each(tq2_0, 35, context) each(mxfp4, 39, context)        \
  each(nvfp4, 40, context) each(q1_0, 41, context) each(q2_0, 42, context)

#define QUERN_DECLARE_DECODER(type, wire_id, level) \
  void quern_decode_##type##_##level(const void *blocks, float *output, size_t count);
#define QUERN_DECLARE_ENCODER(type, wire_id, level)                                            \
  void quern_encode_##type##_##level(const float *input, void *blocks, size_t rows, size_t columns, \
                                     const float *importance);

#define QUERN_DECLARE_CODECS(level)             \
  float quern_largest_magnitude_##level(const float *values, size_t count); \
  QUERN_DECLARE_DECODER(f16, 1, level)          \
  QUERN_DECLARE_DECODER(bf16, 30, level)        \
  QUERN_DECLARE_DECODER(f64, 28, level)         \
  QUERN_DECLARE_ENCODER(f16, 1, level)          \
  QUERN_DECLARE_ENCODER(bf16, 30, level)        \
  QUERN_BLOCK_TYPES(QUERN_DECLARE_DECODER, level) \
  QUERN_BLOCK_TYPES(QUERN_DECLARE_ENCODER, level)

QUERN_DECLARE_DECODER(f32, 0, generic)
QUERN_DECLARE_ENCODER(f32, 0, generic)
QUERN_DECLARE_ENCODER(f64, 28, generic)
QUERN_DECLARE_CODECS(generic)
#if defined(__x86_64__)
QUERN_DECLARE_CODECS(avx2)
QUERN_DECLARE_CODECS(avx512)
#elif defined(__aarch64__)
QUERN_DECLARE_CODECS(neon)
#endif

// Entries of the table at hand, for use as `each`.
#define QUERN_REGISTER_DECODER(type, wire_id, level) \
  table->decode[wire_id] = quern_decode_##type##_##level;
#define QUERN_REGISTER_ENCODER(type, wire_id, level) \
  table->encode[wire_id] = quern_encode_##type##_##level;

// Fills `table` with a level's codecs.
#define QUERN_REGISTER_CODECS(level)                 \
  table->largest_magnitude = quern_largest_magnitude_##level; \
  QUERN_REGISTER_DECODER(f16, QUERN_F16, level)      \
  QUERN_REGISTER_DECODER(bf16, QUERN_BF16, level)    \
  QUERN_REGISTER_DECODER(f64, QUERN_F64, level)      \
  QUERN_REGISTER_ENCODER(f16, QUERN_F16, level)      \
  QUERN_REGISTER_ENCODER(bf16, QUERN_BF16, level)    \
  QUERN_BLOCK_TYPES(QUERN_REGISTER_DECODER, level)   \
  QUERN_BLOCK_TYPES(QUERN_REGISTER_ENCODER, level)

#endif
