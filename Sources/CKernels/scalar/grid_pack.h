// From the sub-blocks that a grid search found to the bytes of an IQ2 or IQ3 super-block. Private.
//
// Source: the ends of quantize_row_iq2_xxs_impl, _iq2_xs_impl, _iq2_s_impl, _iq3_xxs_impl and
// _iq3_s_impl in ggml-quants.c as shipped with llama-cpp-python 0.3.36.
#ifndef QUERN_SCALAR_GRID_PACK_H
#define QUERN_SCALAR_GRID_PACK_H

#include "grid_search.h"

// The number in the file of a vector that is on the grid.
QUERN_INLINE uint32_t quern_point_number(const quern_grid *grid, uint16_t code) {
  return quern_grid_entry_of(grid, code).first;
}

// The stored scales of a super-block: its sub-blocks have d * (2 * code + 1).
typedef struct {
  bool any;  // false: all are zero
  quern_half d;
  uint8_t codes[16];
} quern_grid_scales;

QUERN_INLINE quern_grid_scales quern_store_grid_scales(const quern_grid_search *search,
                                                       const quern_grid_found *found) {
  const int count = 256 / search->elements;
  quern_grid_scales stored = {0};
  float max = 0;
  for (int j = 0; j < count; j++) max = max > found[j].scale ? max : found[j].scale;
  if (max == 0) return stored;
  const float d = max / 31, inverse = 1 / d;
  stored.any = true;
  stored.d = quern_scale_from_float(d * search->stored_share);
  for (int j = 0; j < count; j++)
    stored.codes[j] =
        (uint8_t)quern_clamped(quern_nearest(0.5f * (inverse * found[j].scale - 1)), 0, 15);
  return stored;
}

// The codes of `count` sub-blocks, two a byte.
QUERN_INLINE void quern_pack_grid_scales(const quern_grid_scales *scales, int count,
                                         uint8_t *bytes) {
  for (int i = 0; i < count / 2; i++)
    bytes[i] = (uint8_t)(scales->codes[2 * i] | scales->codes[2 * i + 1] << 4);
}

// Seven signs for each of four vectors of eight (the eighth follows, as their number is even), and a
// scale on top.
QUERN_INLINE uint32_t quern_pack_even_signs(const uint8_t signs[4], uint8_t scale) {
  return (signs[0] & 127u) | (signs[1] & 127u) << 7 | (signs[2] & 127u) << 14 |
         (signs[3] & 127u) << 21 | (uint32_t)scale << 28;
}

QUERN_INLINE void quern_pack_iq2_XXS(const quern_grid *grid, const quern_grid_found found[8],
                                     quern_block_iq2_XXS *block) {
  const quern_grid_scales scales = quern_store_grid_scales(&quern_search_iq2_XXS, found);
  memset(block, 0, sizeof *block);
  if (!scales.any) return;
  block->d = scales.d;
  for (int sub = 0; sub < 8; sub++) {
    uint32_t numbers = 0, signs = (uint32_t)scales.codes[sub] << 28;
    if (found[sub].present) {
      for (int k = 0; k < 4; k++)
        numbers |= quern_point_number(grid, found[sub].codes[k]) << 8 * k;
      signs = quern_pack_even_signs(found[sub].signs, scales.codes[sub]);
    }
    const uint32_t words[2] = {numbers, signs};
    for (int k = 0; k < 4; k++) block->qs[4 * sub + k] = (uint16_t)(words[k >> 1] >> 16 * (k & 1));
  }
}

QUERN_INLINE void quern_pack_iq2_XS(const quern_grid *grid, const quern_grid_found found[16],
                                    quern_block_iq2_XS *block) {
  const quern_grid_scales scales = quern_store_grid_scales(&quern_search_iq2_XS, found);
  memset(block, 0, sizeof *block);
  if (!scales.any) return;
  block->d = scales.d;
  for (int i = 0; i < 32; i++) {
    const quern_grid_found *sub = &found[i >> 1];
    if (!sub->present) continue;
    block->qs[i] = (uint16_t)(quern_point_number(grid, sub->codes[i & 1]) |
                              (sub->signs[i & 1] & 127u) << 9);
  }
  quern_pack_grid_scales(&scales, 16, block->scales);
}

// Vectors are stored even where all scales are zero.
QUERN_INLINE void quern_pack_iq2_S(const quern_grid *grid, const quern_grid_found found[16],
                                   quern_block_iq2_S *block) {
  const quern_grid_scales scales = quern_store_grid_scales(&quern_search_iq2_S, found);
  memset(block, 0, sizeof *block);
  block->d = scales.d;
  for (int i = 0; i < 32; i++) {
    const quern_grid_found *sub = &found[i >> 1];
    if (!sub->present) continue;
    const uint32_t number = quern_point_number(grid, sub->codes[i & 1]);
    block->qs[i] = (uint8_t)number;
    block->qs[32 + i] = sub->signs[i & 1];
    block->qh[i >> 2] |= (uint8_t)(number >> 8 << 2 * (i & 3));
  }
  quern_pack_grid_scales(&scales, 16, block->scales);
}

QUERN_INLINE void quern_pack_iq3_XXS(const quern_grid *grid, const quern_grid_found found[8],
                                     quern_block_iq3_XXS *block) {
  const quern_grid_scales scales = quern_store_grid_scales(&quern_search_iq3_XXS, found);
  memset(block, 0, sizeof *block);
  if (!scales.any) return;
  block->d = scales.d;
  for (int sub = 0; sub < 8; sub++) {
    uint32_t signs = (uint32_t)scales.codes[sub] << 28;
    if (found[sub].present) {
      for (int k = 0; k < 8; k++)
        block->qs[8 * sub + k] = (uint8_t)quern_point_number(grid, found[sub].codes[k]);
      signs = quern_pack_even_signs(found[sub].signs, scales.codes[sub]);
    }
    for (int k = 0; k < 4; k++) block->qs[64 + 4 * sub + k] = (uint8_t)(signs >> 8 * k);
  }
}

// Vectors are stored even where all scales are zero. Sub-blocks without any element leave no gap: as the
// reference writes them, the vectors and signs of those that follow move up, their ninth bits do not.
QUERN_INLINE void quern_pack_iq3_S(const quern_grid *grid, const quern_grid_found found[8],
                                   quern_block_iq3_S *block) {
  const quern_grid_scales scales = quern_store_grid_scales(&quern_search_iq3_S, found);
  memset(block, 0, sizeof *block);
  block->d = scales.d;
  int place = 0;
  for (int sub = 0; sub < 8; sub++) {
    if (!found[sub].present) continue;
    for (int k = 0; k < 8; k++) {
      const uint32_t number = quern_point_number(grid, found[sub].codes[k]);
      block->qs[8 * place + k] = (uint8_t)number;
      block->qh[sub] |= (uint8_t)(number >> 8 << k);
    }
    memcpy(block->signs + 4 * place++, found[sub].signs, 4);
  }
  quern_pack_grid_scales(&scales, 8, block->scales);
}

#endif
