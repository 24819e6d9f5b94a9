#include "../codecs.h"

#if defined(__x86_64__)
void quern_fill_codecs_avx512(quern_kernel_table *table) {
  QUERN_REGISTER_DECODERS(table, avx512);
  QUERN_REGISTER_FLOAT_ENCODERS(table, avx512);
  QUERN_REGISTER_BLOCK_ENCODERS(table, avx512);
}
#endif
