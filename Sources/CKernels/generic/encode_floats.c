#define QUERN_LEVEL generic
#define QUERN_TARGET
#include "../scalar/encode_floats.h"

void quern_encode_f32_generic(const float *input, void *blocks, size_t rows, size_t columns,
                              const float *importance) {
  (void)importance;
  memcpy(blocks, input, rows * columns * sizeof(float));
}

void quern_encode_f64_generic(const float *input, void *blocks, size_t rows, size_t columns,
                              const float *importance) {
  (void)importance;
  quern_unaligned_double *values = blocks;
  for (size_t i = 0; i < rows * columns; i++) values[i] = (double)input[i];
}

void quern_decode_f32_generic(const void *blocks, float *output, size_t count) {
  memcpy(output, blocks, count * sizeof(float));
}
