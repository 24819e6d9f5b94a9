// The codecs of each level, one function a type. Private to this target.
#ifndef QUERN_CODECS_H
#define QUERN_CODECS_H

#include "levels.h"

enum {  // ggml's wire ids
  QUERN_F32 = 0, QUERN_F16 = 1, QUERN_Q4_0 = 2, QUERN_Q4_1 = 3, QUERN_Q5_0 = 6, QUERN_Q5_1 = 7,
  QUERN_Q8_0 = 8, QUERN_Q2_K = 10, QUERN_Q3_K = 11, QUERN_Q4_K = 12, QUERN_Q5_K = 13,
  QUERN_Q6_K = 14, QUERN_IQ4_NL = 20, QUERN_IQ4_XS = 23, QUERN_F64 = 28, QUERN_BF16 = 30,
};

#define QUERN_DECLARE_DECODER(level, type) \
  void quern_decode_##type##_##level(const void *blocks, float *output, size_t count);
#define QUERN_DECLARE_ENCODER(level, type)                                                     \
  void quern_encode_##type##_##level(const float *input, void *blocks, size_t rows, size_t columns, \
                                     const float *importance);

#define QUERN_DECLARE_CODECS(level)      \
  QUERN_DECLARE_DECODER(level, f16)      \
  QUERN_DECLARE_DECODER(level, bf16)     \
  QUERN_DECLARE_DECODER(level, f64)      \
  QUERN_DECLARE_DECODER(level, q4_0)     \
  QUERN_DECLARE_DECODER(level, q4_1)     \
  QUERN_DECLARE_DECODER(level, q5_0)     \
  QUERN_DECLARE_DECODER(level, q5_1)     \
  QUERN_DECLARE_DECODER(level, q8_0)     \
  QUERN_DECLARE_DECODER(level, q4_K)     \
  QUERN_DECLARE_DECODER(level, q5_K)     \
  QUERN_DECLARE_DECODER(level, q6_K)     \
  QUERN_DECLARE_ENCODER(level, f16)      \
  QUERN_DECLARE_ENCODER(level, bf16)     \
  QUERN_DECLARE_ENCODER(level, q4_0)     \
  QUERN_DECLARE_ENCODER(level, q4_1)     \
  QUERN_DECLARE_ENCODER(level, q5_0)     \
  QUERN_DECLARE_ENCODER(level, q5_1)     \
  QUERN_DECLARE_ENCODER(level, q8_0)     \
  QUERN_DECLARE_ENCODER(level, q4_K)     \
  QUERN_DECLARE_ENCODER(level, q5_K)     \
  QUERN_DECLARE_ENCODER(level, q6_K)

QUERN_DECLARE_DECODER(generic, f32)
QUERN_DECLARE_ENCODER(generic, f32)
QUERN_DECLARE_ENCODER(generic, f64)
QUERN_DECLARE_CODECS(generic)
#if defined(__x86_64__)
QUERN_DECLARE_CODECS(avx2)
QUERN_DECLARE_CODECS(avx512)
#elif defined(__aarch64__)
QUERN_DECLARE_CODECS(neon)
#endif

#define QUERN_REGISTER_DECODERS(table, level)                  \
  do {                                                         \
    (table)->decode[QUERN_F16] = quern_decode_f16_##level;     \
    (table)->decode[QUERN_BF16] = quern_decode_bf16_##level;   \
    (table)->decode[QUERN_F64] = quern_decode_f64_##level;     \
    (table)->decode[QUERN_Q4_0] = quern_decode_q4_0_##level;   \
    (table)->decode[QUERN_Q4_1] = quern_decode_q4_1_##level;   \
    (table)->decode[QUERN_Q5_0] = quern_decode_q5_0_##level;   \
    (table)->decode[QUERN_Q5_1] = quern_decode_q5_1_##level;   \
    (table)->decode[QUERN_Q8_0] = quern_decode_q8_0_##level;   \
    (table)->decode[QUERN_Q4_K] = quern_decode_q4_K_##level;   \
    (table)->decode[QUERN_Q5_K] = quern_decode_q5_K_##level;   \
    (table)->decode[QUERN_Q6_K] = quern_decode_q6_K_##level;   \
  } while (0)

#define QUERN_REGISTER_FLOAT_ENCODERS(table, level)            \
  do {                                                         \
    (table)->encode[QUERN_F16] = quern_encode_f16_##level;     \
    (table)->encode[QUERN_BF16] = quern_encode_bf16_##level;   \
  } while (0)

#define QUERN_REGISTER_BLOCK_ENCODERS(table, level)            \
  do {                                                         \
    (table)->encode[QUERN_Q4_0] = quern_encode_q4_0_##level;   \
    (table)->encode[QUERN_Q4_1] = quern_encode_q4_1_##level;   \
    (table)->encode[QUERN_Q5_0] = quern_encode_q5_0_##level;   \
    (table)->encode[QUERN_Q5_1] = quern_encode_q5_1_##level;   \
    (table)->encode[QUERN_Q8_0] = quern_encode_q8_0_##level;   \
    (table)->encode[QUERN_Q4_K] = quern_encode_q4_K_##level;   \
    (table)->encode[QUERN_Q5_K] = quern_encode_q5_K_##level;   \
    (table)->encode[QUERN_Q6_K] = quern_encode_q6_K_##level;   \
  } while (0)

#endif
