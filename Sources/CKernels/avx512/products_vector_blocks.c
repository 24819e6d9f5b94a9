// Products of blocks of 32 with one token, for AVX-512 VNNI.
#include "../levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "products_vector.h"

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),       \
    apply_to = function)

#include "vector_blocks.h"

/// Low and then high nibbles of both; the high ones come 16 times as large, which saves a shift.
INLINE __m512i unshifted_nibbles(const uint8_t *a, const uint8_t *b) {
  const __m512i places =
      _mm512_setr_epi64(LOW_NIBBLES, LOW_NIBBLES, HIGH_NIBBLES, HIGH_NIBBLES, LOW_NIBBLES,
                        LOW_NIBBLES, HIGH_NIBBLES, HIGH_NIBBLES);
  return _mm512_and_si512(twice_each(a, b), places);
}
INLINE __m512 unshifted_lanes(void) {
  const float high = 1.0f / 16;
  return _mm512_setr_ps(1, 1, 1, 1, high, high, high, high, 1, 1, 1, 1, high, high, high, high);
}
/// Adds 16 where the fifth bits of two blocks are set.
INLINE __m512i add_fifth_bits(__m512i weights, const uint8_t *a, const uint8_t *b) {
  const __mmask64 bits = (uint64_t)load_u32(b) << 32 | load_u32(a);
  return _mm512_mask_add_epi8(weights, bits, weights, opaque(_mm512_set1_epi8(16)));
}

WEIGHTS_OF_PAIR(q4_0, unshifted_nibbles(a->qs, b->qs))
WEIGHTS_OF_PAIR(q4_1, unshifted_nibbles(a->qs, b->qs))
WEIGHTS_OF_PAIR(q5_0, add_fifth_bits(shifted_nibbles(a->qs, b->qs), a->qh, b->qh))
WEIGHTS_OF_PAIR(q5_1, add_fifth_bits(shifted_nibbles(a->qs, b->qs), a->qh, b->qh))
WEIGHTS_OF_PAIR(iq4_NL, iq4_levels(shifted_nibbles(a->qs, b->qs)))
WEIGHTS_OF_PAIR(q8_0, _mm512_xor_si512(
    _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)a->qs)),
                       _mm256_loadu_si256((const __m256i *)b->qs), 1),
    _mm512_set1_epi8((char)128)))

SCALES_FROM_TWO(q4_0, 9, 0)
SCALES_FROM_TWO(q4_1, 10, 1)
SCALES_FROM_THREE(q5_0, 11, 0)
SCALES_FROM_THREE(q5_1, 12, 1)
SCALES_FROM_TWO(iq4_NL, 9, 0)

INLINE block_group group_q8_0(size_t count) { return group_of(count, count, 17, 0, 1); }
INLINE __m512 scales_q8_0(const quern_block_q8_0 *blocks, block_group group) {
#define SCALE(i) (short)((i) < group.count ? blocks[i].d : 0)
  const __m128i words = _mm_setr_epi16(SCALE(0), SCALE(1), SCALE(2), SCALE(3), SCALE(4), SCALE(5),
                                       SCALE(6), SCALE(7));
#undef SCALE
  return _mm512_broadcast_f32x8(_mm256_cvtph_ps(words));
}

BLOCK_GROUPS(q4_0, 1, 8, unshifted_lanes())
BLOCK_GROUPS(q4_1, 1, 0, unshifted_lanes())
BLOCK_GROUPS(q5_0, 1, 16, every_lane())
BLOCK_GROUPS(q5_1, 1, 0, every_lane())
BLOCK_GROUPS(q8_0, 1, 128, every_lane())
BLOCK_GROUPS(iq4_NL, 1, 128, every_lane())

#pragma clang attribute pop

void quern_fill_block_vectors_avx512(quern_product_table *products) {
  products->vector[2] = vector_q4_0;
  products->vector[3] = vector_q4_1;
  products->vector[6] = vector_q5_0;
  products->vector[7] = vector_q5_1;
  products->vector[8] = vector_q8_0;
  products->vector[20] = vector_iq4_NL;
}
#endif
