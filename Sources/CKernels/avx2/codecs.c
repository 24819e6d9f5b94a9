#include "../codecs.h"

#if defined(__x86_64__)
void quern_fill_codecs_avx2(quern_kernel_table *table) {
  QUERN_REGISTER_DECODERS(table, avx2);
  QUERN_REGISTER_FLOAT_ENCODERS(table, avx2);
  QUERN_REGISTER_BLOCK_ENCODERS(table, avx2);
}
#endif
