// Tables by digit for levels whose registers hold one entry of eight at a time. Include after `lanes_quad` is
// defined. Private.
#ifndef QUERN_LANES_DIGIT_TABLES_H
#define QUERN_LANES_DIGIT_TABLES_H

// A table has four or eight entries for each digit.
LANES_INLINE void lanes_make_table(int bits, const float *factors, const float *levels, float *table) {
  const int digits = bits == 2 ? 8 : 4, entries = bits == 2 ? 4 : 8;
  for (int i = 0; i < digits; i++)
    for (int l = 0; l < entries; l++) table[entries * i + l] = factors[i] * levels[l];
}
LANES_INLINE lanes lanes_sum_table(int bits, const float *table, lanes_int codes) {
  lanes sum = bits == 2 ? lanes_quad(table, codes) : lanes_pick8(table, codes);
  for (int i = 1; i < (bits == 2 ? 8 : 4); i++) {
    const lanes_int index = lanes_right(codes, bits * i);
    sum = lanes_add(sum, bits == 2 ? lanes_quad(table + 4 * i, index) : lanes_pick8(table + 8 * i, index));
  }
  return sum;
}

#endif
