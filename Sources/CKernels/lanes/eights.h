// The functions of scalar/eights.h on octets. Include after a level's lanes.h and before the decoders.
// Private.
#ifndef QUERN_EIGHTS_H
#define QUERN_EIGHTS_H

LANES_INLINE void quern_decode_affine(uint64_t codes, float step, float offset, float *output) {
  const octet product = octet_mul(octet_all(step), octet_from_bytes(codes));
  octet_store(output, octet_sub(product, octet_all(offset)));
}

LANES_INLINE void quern_decode_points(uint64_t elements, float step, unsigned signs,
                                      float *output) {
  const octet product = octet_mul(octet_all(step), octet_from_bytes(elements));
  octet_store(output, octet_flip(product, signs));
}

LANES_INLINE void quern_decode_moved(uint64_t elements, float step, float shift, float *output) {
  const octet moved = octet_add(octet_from_bytes(elements), octet_all(shift));
  octet_store(output, octet_mul(octet_all(step), moved));
}

LANES_INLINE void quern_decode_levels(uint64_t codes, const int8_t levels[16], float step,
                                      float *output) {
  octet_store(output, octet_mul(octet_all(step), octet_look_up(levels, codes)));
}

LANES_INLINE void quern_decode_quarters(unsigned codes, const float values[4], float *output) {
  const float twice[8] = {values[0], values[1], values[2], values[3],
                          values[0], values[1], values[2], values[3]};
  octet_store(output, octet_pick4(octet_load(twice), octet_spread(codes, 2)));
}

#endif
