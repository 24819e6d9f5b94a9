// Instantiates the encoders of plain floats for one level; see level_decoders.h for what to define.
#include <stddef.h>

#include "../codecs.h"
#include "floats.h"

#define QUERN_ENCODER_(type, level) quern_encode_##type##_##level
#define QUERN_ENCODER(type, level) QUERN_ENCODER_(type, level)

QUERN_TARGET void QUERN_ENCODER(f16, QUERN_LEVEL)(const float *restrict input,
                                                  void *restrict blocks, size_t rows,
                                                  size_t columns, const float *importance) {
  (void)importance;
  quern_unaligned_16 *values = blocks;
  for (size_t i = 0; i < rows * columns; i++) values[i] = quern_half_from_float(input[i]);
}

QUERN_TARGET void QUERN_ENCODER(bf16, QUERN_LEVEL)(const float *restrict input,
                                                   void *restrict blocks, size_t rows,
                                                   size_t columns, const float *importance) {
  (void)importance;
  quern_unaligned_16 *values = blocks;
  for (size_t i = 0; i < rows * columns; i++) values[i] = quern_bfloat_from_float(input[i]);
}
