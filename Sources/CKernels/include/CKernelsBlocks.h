/// The ggml block types as they lie in a file: little-endian, packed, in the order drawn here.
///
/// Every size is asserted as the sum of the block's parts. `quern_half` holds the bits of an IEEE
/// binary16 number.
///
/// Source: the block structs of ggml-common.h as shipped with llama-cpp-python 0.3.36.
#ifndef QUERN_CKERNELS_BLOCKS_H
#define QUERN_CKERNELS_BLOCKS_H

#include <stdint.h>

typedef uint16_t quern_half;

enum { QUERN_SUPER_BLOCK = 256 };  // elements of a K, IQ or TQ super-block

// Packed, so that blocks may start at any byte of a mapped file.
#define QUERN_BLOCK(name, bytes, ...)                                    \
  typedef struct __attribute__((packed)) { __VA_ARGS__ } quern_block_##name; \
  _Static_assert(sizeof(quern_block_##name) == (bytes), "size of " #name)

// 32 elements
QUERN_BLOCK(q4_0, 2 + 16, quern_half d; uint8_t qs[16];);
QUERN_BLOCK(q4_1, 2 + 2 + 16, quern_half d; quern_half m; uint8_t qs[16];);
QUERN_BLOCK(q5_0, 2 + 4 + 16, quern_half d; uint8_t qh[4]; uint8_t qs[16];);
QUERN_BLOCK(q5_1, 2 + 2 + 4 + 16, quern_half d; quern_half m; uint8_t qh[4]; uint8_t qs[16];);
QUERN_BLOCK(q8_0, 2 + 32, quern_half d; int8_t qs[32];);
QUERN_BLOCK(q8_1, 2 + 2 + 32, quern_half d; quern_half s; int8_t qs[32];);
QUERN_BLOCK(iq4_NL, 2 + 16, quern_half d; uint8_t qs[16];);
QUERN_BLOCK(mxfp4, 1 + 16, uint8_t e; uint8_t qs[16];);

// 64 and 128 elements
QUERN_BLOCK(nvfp4, 4 + 32, uint8_t d[4]; uint8_t qs[32];);
QUERN_BLOCK(q2_0, 2 + 16, quern_half d; uint8_t qs[16];);
QUERN_BLOCK(q1_0, 2 + 16, quern_half d; uint8_t qs[16];);

// 256 elements
QUERN_BLOCK(q2_K, 16 + 64 + 2 + 2,
            uint8_t scales[16]; uint8_t qs[64]; quern_half d; quern_half dmin;);
QUERN_BLOCK(q3_K, 32 + 64 + 12 + 2,
            uint8_t hmask[32]; uint8_t qs[64]; uint8_t scales[12]; quern_half d;);
QUERN_BLOCK(q4_K, 2 + 2 + 12 + 128,
            quern_half d; quern_half dmin; uint8_t scales[12]; uint8_t qs[128];);
QUERN_BLOCK(q5_K, 2 + 2 + 12 + 32 + 128,
            quern_half d; quern_half dmin; uint8_t scales[12]; uint8_t qh[32]; uint8_t qs[128];);
QUERN_BLOCK(q6_K, 128 + 64 + 16 + 2,
            uint8_t ql[128]; uint8_t qh[64]; int8_t scales[16]; quern_half d;);
QUERN_BLOCK(q8_K, 4 + 256 + 32, float d; int8_t qs[256]; int16_t bsums[16];);
QUERN_BLOCK(iq1_S, 2 + 32 + 16, quern_half d; uint8_t qs[32]; uint16_t qh[8];);
QUERN_BLOCK(iq1_M, 32 + 16 + 8, uint8_t qs[32]; uint8_t qh[16]; uint8_t scales[8];);
QUERN_BLOCK(iq2_XXS, 2 + 64, quern_half d; uint16_t qs[32];);
QUERN_BLOCK(iq2_XS, 2 + 64 + 8, quern_half d; uint16_t qs[32]; uint8_t scales[8];);
QUERN_BLOCK(iq2_S, 2 + 64 + 8 + 8,
            quern_half d; uint8_t qs[64]; uint8_t qh[8]; uint8_t scales[8];);
QUERN_BLOCK(iq3_XXS, 2 + 96, quern_half d; uint8_t qs[96];);
QUERN_BLOCK(iq3_S, 2 + 64 + 8 + 32 + 4,
            quern_half d; uint8_t qs[64]; uint8_t qh[8]; uint8_t signs[32]; uint8_t scales[4];);
QUERN_BLOCK(iq4_XS, 2 + 2 + 4 + 128,
            quern_half d; uint16_t scales_h; uint8_t scales_l[4]; uint8_t qs[128];);
QUERN_BLOCK(tq1_0, 48 + 4 + 2, uint8_t qs[48]; uint8_t qh[4]; quern_half d;);
QUERN_BLOCK(tq2_0, 64 + 2, uint8_t qs[64]; quern_half d;);

#undef QUERN_BLOCK

#endif
