// The encoders of IQ4_NL and IQ4_XS on sixteen lanes, sixteen blocks (or sub-blocks) of 32 at a time.
// Include after a level's lanes.h. Private.
#include "../codecs.h"
#include "../scalar/pack.h"
#include "../scalar/uneven.h"
#include "super_blocks.h"

// quern_iq4_middles as a tree, and the levels left and right of its leaves.
static const float lanes_iq4_third[8] = {-93.5f, -28.5f, 19, 79, -93.5f, -28.5f, 19, 79};
static const float lanes_iq4_fourth[8] = {-115.5f, -74, -42, -16, 7, 31.5f, 61, 101};
static const float lanes_iq4_left[8] = {-127, -83, -49, -22, 1, 25, 53, 89};
static const float lanes_iq4_right[8] = {-104, -65, -35, -10, 13, 38, 69, 113};

// The leaf that a value belongs to, and whether it is left of the leaf's middle.
LANES_INLINE lanes_int lanes_iq4_leaf(lanes value, lanes_mask *left) {
  lanes_mask below = lanes_less(value, lanes_all(-4.5f));
  const lanes second = lanes_select(below, lanes_all(-57), lanes_all(45.5f));
  lanes_int index = lanes_branch(lanes_all_int(0), below);
  index = lanes_branch(index, lanes_less(value, second));
  index = lanes_branch(index, lanes_less(value, lanes_pick8(lanes_iq4_third, index)));
  *left = lanes_less(value, lanes_pick8(lanes_iq4_fourth, index));
  return index;
}

LANES_INLINE lanes lanes_nearest_iq4(lanes value) {
  lanes_mask left;
  const lanes_int leaf = lanes_iq4_leaf(value, &left);
  return lanes_select(left, lanes_pick8(lanes_iq4_left, leaf), lanes_pick8(lanes_iq4_right, leaf));
}

LANES_INLINE void lanes_store_iq4_codes(const float *x, float inverse, uint8_t codes[32]) {
  for (int i = 0; i < 32; i += LANES) {
    lanes_mask left;
    const lanes_int leaf =
        lanes_iq4_leaf(lanes_mul(lanes_all(inverse), lanes_load(x + i)), &left);
    lanes_store_bytes(codes + i, lanes_branch(leaf, left));
  }
}

// quern_search_iq4 for sixteen transposed blocks.
LANES_INLINE lanes lanes_search_iq4(const float *x, const float *weights) {
  const lanes zero = lanes_all(0);
  lanes extreme = zero, magnitude = zero;
  for (int i = 0; i < 32; i++) {
    const lanes value = lanes_load(x + LANES * i), m = lanes_abs(value);
    const lanes_mask larger = lanes_less(magnitude, m);
    extreme = lanes_select(larger, value, extreme);
    magnitude = lanes_select(larger, m, magnitude);
  }
  lanes scale = zero, best = zero;
  for (int candidate = -8; candidate <= 7; candidate++) {
    const lanes inverse = candidate == -8
                              ? lanes_div(lanes_all(1), lanes_div(extreme, lanes_all(127)))
                              : lanes_div(lanes_all((float)(candidate - 127)), extreme);
    lanes sum_xl = zero, sum_ll = zero;
    for (int i = 0; i < 32; i++) {
      const lanes value = lanes_load(x + LANES * i);
      const lanes l = lanes_nearest_iq4(lanes_mul(inverse, value));
      const lanes wl = lanes_mul(lanes_load(weights + LANES * i), l);
      sum_xl = lanes_add(sum_xl, lanes_mul(wl, value));
      sum_ll = lanes_add(sum_ll, lanes_mul(wl, l));
    }
    lanes_mask better = lanes_less(zero, sum_ll);
    const lanes ratio = lanes_div(sum_xl, sum_ll);
    if (candidate == -8) {
      scale = lanes_select(better, ratio, zero);
      best = lanes_mul(scale, sum_xl);
      continue;
    }
    better = lanes_and(better,
                       lanes_less(lanes_mul(best, sum_ll), lanes_mul(sum_xl, sum_xl)));
    scale = lanes_select(better, ratio, scale);
    best = lanes_select(better, lanes_mul(ratio, sum_xl), best);
  }
  return lanes_select(lanes_less(magnitude, lanes_all(QUERN_LEAST_MAGNITUDE)), zero, scale);
}

// The scales of sixteen blocks; `importance` in element order or null, `super_blocks` says that the mean
// squares beside it are those of super-blocks.
LANES_INLINE lanes lanes_scales_iq4(const float values[512], const float *importance,
                                    bool super_blocks) {
  LANES_ALIGNED float x[32 * LANES], weights[32 * LANES];
  lanes_transpose_32(values, x);
  if (!importance) {
    for (int i = 0; i < 32 * LANES; i += LANES)
      lanes_store(weights + i, lanes_mul(lanes_load(x + i), lanes_load(x + i)));
    return lanes_search_iq4(x, weights);
  }
  lanes squares = lanes_all(0);
  for (int i = 0; !super_blocks && i < 32 * LANES; i += LANES)
    squares = lanes_add(squares, lanes_mul(lanes_load(x + i), lanes_load(x + i)));
  if (super_blocks) squares = lanes_pair_squares(values);
  const lanes spread = lanes_mul(squares, lanes_all(super_blocks ? 2.f / 256 : 2.f / 32));
  lanes_transpose_32(importance, weights);
  lanes_weigh_32(x, spread, weights);
  return lanes_search_iq4(x, weights);
}

QUERN_TARGET void LANES_ENCODER(iq4_NL)(const float *input, void *blocks, size_t rows,
                                        size_t columns, const float *importance) {
  const size_t count = rows * columns;
  quern_block_iq4_NL *block = blocks;
  for (size_t i = 0; i < count; i += 512, block += LANES) {
    const size_t present = count - i < 512 ? count - i : 512;
    LANES_ALIGNED float room[512], weights[512], scale[LANES];
    const float *values = lanes_filled(input + i, present, 512, room);
    if (!lanes_finite(values, 512)) {
      for (size_t j = 0; j < present; j += 32)
        quern_encode_iq4_NL_generic(input + i + j, block + j / 32, 1, 32,
                                    importance ? importance + (i + j) % columns : NULL);
      continue;
    }
    lanes_store(scale, importance ? lanes_scales_iq4(values,
                                                     lanes_importance(importance, i, columns, 32,
                                                                      512, weights),
                                                     false)
                                  : lanes_scales_iq4(values, NULL, false));
    for (size_t b = 0; b < present / 32; b++) {
      uint8_t codes[32];
      lanes_store_iq4_codes(values + 32 * b, scale[b] != 0 ? 1 / scale[b] : 0, codes);
      block[b].d = quern_scale_from_float(scale[b]);
      quern_pack_nibbles(codes, block[b].qs);
    }
  }
}

QUERN_TARGET void LANES_ENCODER(iq4_XS)(const float *input, void *blocks, size_t rows,
                                        size_t columns, const float *importance) {
  const size_t count = rows * columns;
  quern_block_iq4_XS *block = blocks;
  for (size_t i = 0; i < count; i += 512, block += 2) {
    const size_t present = count - i < 512 ? count - i : 512;
    LANES_ALIGNED float room[512], weights[512], scales[LANES];
    const float *values = lanes_filled(input + i, present, 512, room);
    if (!lanes_finite(values, 512)) {
      LANES_GENERIC_SUPER_BLOCKS(iq4_XS)
      continue;
    }
    lanes_store(scales, importance ? lanes_scales_iq4(values,
                                                      lanes_importance(importance, i, columns, 256,
                                                                       512, weights),
                                                      true)
                                   : lanes_scales_iq4(values, NULL, true));
    for (size_t b = 0; b < present / 256; b++) {
      float inverses[8];
      quern_store_scales_iq4_XS(scales + 8 * b, block + b, inverses);
      for (int sub = 0; sub < 8; sub++) {
        uint8_t codes[32];
        lanes_store_iq4_codes(values + 256 * b + 32 * (size_t)sub, inverses[sub], codes);
        quern_pack_nibbles(codes, block[b].qs + 16 * sub);
      }
    }
  }
}
