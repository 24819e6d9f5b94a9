// Digits of grid vectors on sixteen lanes of AVX-512; lanes/lanes.h says what each function means.
// Include at the end of lanes.h. Private.
#ifndef QUERN_AVX512_DIGITS_H
#define QUERN_AVX512_DIGITS_H

enum { LANES_DIGIT_ZERO = 0x4bc00000 };  // the bits of 1.5 * 2^24

LANES_INLINE lanes_int lanes_load_int(const uint32_t *p) { return _mm512_loadu_si512(p); }
LANES_INLINE void lanes_store_int(uint32_t *p, lanes_int a) { _mm512_storeu_si512(p, a); }
LANES_INLINE lanes_int lanes_load_bytes(const uint8_t *p) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}
LANES_INLINE unsigned lanes_changes(lanes_int before, lanes_int a) {
  return _mm512_cmpneq_epi32_mask(a, _mm512_alignr_epi32(a, before, 15));
}
LANES_INLINE lanes_int lanes_replaced(lanes_int a, unsigned bits, int b) {
  return _mm512_mask_set1_epi32(a, (__mmask16)bits, b);
}
LANES_INLINE lanes_int lanes_raised(lanes_int a, lanes_mask m, int b) {
  return _mm512_mask_add_epi32(a, m, a, _mm512_set1_epi32(b));
}
LANES_INLINE lanes_int lanes_shifted_in(lanes_int a, int bits, lanes_int b) {
  return _mm512_add_epi32(_mm512_slli_epi32(a, (unsigned)bits), b);
}
LANES_INLINE lanes_int lanes_half_digits(lanes a, int high) {
  const __m512i bits = _mm512_castps_si512(_mm512_add_ps(a, _mm512_set1_ps(25165824.f)));
  return _mm512_max_epi32(_mm512_min_epi32(bits, _mm512_set1_epi32(LANES_DIGIT_ZERO + high)),
                          _mm512_set1_epi32(LANES_DIGIT_ZERO));
}
LANES_INLINE lanes lanes_quad(const float *table, lanes_int index) {
  return _mm512_permutevar_ps(_mm512_broadcast_f32x4(_mm_loadu_ps(table)), index);
}
LANES_INLINE lanes lanes_masked(lanes a, unsigned bits) {
  return _mm512_maskz_mov_ps((__mmask16)bits, a);
}
LANES_INLINE lanes lanes_line(lanes scale, lanes slope, lanes offset) {
  return _mm512_fmsub_ps(scale, slope, offset);
}
LANES_INLINE float lanes_total(lanes a) { return _mm512_reduce_add_ps(a); }

// A table has sixteen entries for each pair of digits of two bits, eight for each of three bits.
LANES_INLINE void lanes_make_table(int bits, const float *factors, const float *levels, float *table) {
  if (bits == 3) {
    for (int i = 0; i < 4; i++)
      _mm256_storeu_ps(table + 8 * i,
                       _mm256_mul_ps(_mm256_set1_ps(factors[i]), _mm256_loadu_ps(levels)));
    return;
  }
  const __m512i spread = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  const __m512 low = _mm512_broadcast_f32x4(_mm_loadu_ps(levels));
  const __m512 high = _mm512_permutexvar_ps(spread, low);
  for (int i = 0; i < 8; i += 2)
    _mm512_storeu_ps(table + 8 * i,
                     _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(factors[i]), low),
                                   _mm512_mul_ps(_mm512_set1_ps(factors[i + 1]), high)));
}
LANES_INLINE lanes lanes_look_up(int bits, const float *table, int i, lanes_int codes) {
  if (bits == 3) return lanes_pick8(table + 8 * i, lanes_right(codes, 3 * i));
  return _mm512_permutexvar_ps(lanes_right(codes, 4 * i), _mm512_loadu_ps(table + 16 * i));
}
LANES_INLINE lanes lanes_sum_table(int bits, const float *table, lanes_int codes) {
  const lanes first = lanes_add(lanes_look_up(bits, table, 0, codes),
                                lanes_look_up(bits, table, 1, codes));
  return lanes_add(first, lanes_add(lanes_look_up(bits, table, 2, codes),
                                    lanes_look_up(bits, table, 3, codes)));
}

#endif
