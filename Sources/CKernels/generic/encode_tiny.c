// Encoders of one-bit, ternary and FP4 blocks: the definition.
#include "../codecs.h"
#include "../scalar/encode_tiny.h"

#define ENCODER(type, elements)                                                                  \
  void quern_encode_##type##_generic(const float *input, void *blocks, size_t rows,              \
                                     size_t columns, const float *importance) {                  \
    (void)importance;                                                                            \
    quern_block_##type *block = blocks;                                                          \
    for (size_t i = 0; i < rows * columns; i += (elements)) quern_encode_block_##type(input + i, block++); \
  }

ENCODER(q1_0, 128)
ENCODER(q2_0, 64)
ENCODER(tq1_0, 256)
ENCODER(tq2_0, 256)
ENCODER(mxfp4, 32)
ENCODER(nvfp4, 64)
