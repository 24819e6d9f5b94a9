#include "../codecs.h"

#if defined(__aarch64__)
void quern_fill_codecs_neon(quern_kernel_table *table) {
  QUERN_REGISTER_CODECS(neon)
}
#endif
