#include "../codecs.h"

#if defined(__aarch64__)
void quern_fill_codecs_neon(quern_kernel_table *table) {
  QUERN_REGISTER_DECODERS(table, neon);
  QUERN_REGISTER_FLOAT_ENCODERS(table, neon);
  QUERN_REGISTER_BLOCK_ENCODERS(table, neon);
}
#endif
