#include "../codecs.h"

void quern_fill_codecs_generic(quern_kernel_table *table) {
  QUERN_REGISTER_DECODER(f32, QUERN_F32, generic)
  QUERN_REGISTER_ENCODER(f32, QUERN_F32, generic)
  QUERN_REGISTER_ENCODER(f64, QUERN_F64, generic)
  QUERN_REGISTER_CODECS(generic)
}
