#include "../codecs.h"

#if defined(__x86_64__)
void quern_fill_codecs_avx512(quern_kernel_table *table) {
  QUERN_REGISTER_CODECS(avx512)
}
#endif
