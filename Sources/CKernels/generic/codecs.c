#include "../codecs.h"

void quern_fill_codecs_generic(quern_kernel_table *table) {
  table->decode[QUERN_F32] = quern_decode_f32_generic;
  table->encode[QUERN_F32] = quern_encode_f32_generic;
  table->encode[QUERN_F64] = quern_encode_f64_generic;
  QUERN_REGISTER_DECODERS(table, generic);
  QUERN_REGISTER_FLOAT_ENCODERS(table, generic);
  QUERN_REGISTER_BLOCK_ENCODERS(table, generic);
}
