// The encoders of IQ4_NL and IQ4_XS on sixteen lanes, sixteen blocks (or sub-blocks) of 32 at a time.
// Include after a level's lanes.h. Private.
#include "../codecs.h"
#include "../scalar/pack.h"
#include "../scalar/uneven.h"
#include "extremes.h"
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

#ifdef LANES_PICK32
// Values within 135 of 0 fall into 27 bins of width 10 around 0, 10, -10 ..., none of which has more than
// one middle, nor one so near its ends that rounding into the bins matters. By the bin modulo 32: its
// middle, and the level that it starts with, which after the middle is the next bin's.
static const float lanes_iq4_bin_middles[32] = {
    -4.5f, 7, 19, 31.5f, INFINITY, 45.5f, 61, INFINITY, 79, INFINITY, 101, INFINITY, INFINITY,
    INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, -115.5f, INFINITY,
    INFINITY, -93.5f, INFINITY, -74, -57, INFINITY, -42, -28.5f, -16, INFINITY,
};
static const float lanes_iq4_bin_levels[32] = {
    -10, 1, 13, 25, 38, 38, 53, 69, 69, 89, 89, 113, 113, 113, 113, 113, -127, -127, -127, -127,
    -127, -104, -104, -104, -83, -83, -65, -49, -49, -35, -22, -10,
};

LANES_INLINE lanes lanes_nearest_iq4(lanes value) {
  const lanes_int bin = lanes_nearest_bits(lanes_mul(value, lanes_all(0.1f)));
  const lanes middle = lanes_pick32(lanes_iq4_bin_middles, bin);
  return lanes_pick32(lanes_iq4_bin_levels, lanes_after(bin, lanes_at_most(middle, value)));
}
#else
LANES_INLINE lanes lanes_nearest_iq4(lanes value) {
  lanes_mask left;
  const lanes_int leaf = lanes_iq4_leaf(value, &left);
  return lanes_select(left, lanes_pick8(lanes_iq4_left, leaf), lanes_pick8(lanes_iq4_right, leaf));
}
#endif

LANES_INLINE void lanes_store_iq4_codes(const float *x, float inverse, uint8_t codes[32]) {
  for (int i = 0; i < 32; i += LANES) {
    lanes_mask left;
    const lanes_int leaf =
        lanes_iq4_leaf(lanes_mul(lanes_all(inverse), lanes_load(x + i)), &left);
    lanes_store_bytes(codes + i, lanes_branch(leaf, left));
  }
}

// Tries `trials` candidates from `candidate` on: -8 has the extreme at 127, others at their number less
// 127. All quotients are within 135 of 0.
LANES_INLINE void lanes_try_iq4(const float *x, const float *weights, lanes extreme, int candidate,
                                int trials, lanes *scale, lanes *best) {
  const lanes zero = lanes_all(0);
  lanes inverse[LANES_TRIALS], sum_xl[LANES_TRIALS], sum_ll[LANES_TRIALS];
  for (int t = 0; t < trials; t++) {
    inverse[t] = candidate == -8 ? lanes_div(lanes_all(1), lanes_div(extreme, lanes_all(127)))
                                 : lanes_div(lanes_all((float)(candidate + t - 127)), extreme);
    sum_xl[t] = sum_ll[t] = zero;
  }
  for (int i = 0; i < 32 * LANES; i += LANES) {
    const lanes value = lanes_load(x + i), weight = lanes_load(weights + i);
    for (int t = 0; t < trials; t++) {
      const lanes l = lanes_nearest_iq4(lanes_mul(inverse[t], value)), wl = lanes_mul(weight, l);
      sum_xl[t] = lanes_add(sum_xl[t], lanes_mul(wl, value));
      sum_ll[t] = lanes_add(sum_ll[t], lanes_mul(wl, l));
    }
  }
  for (int t = 0; t < trials; t++) {
    lanes_mask better = lanes_less(zero, sum_ll[t]);
    const lanes ratio = lanes_div(sum_xl[t], sum_ll[t]);
    if (candidate == -8) {
      *scale = lanes_select(better, ratio, zero);
      *best = lanes_mul(*scale, sum_xl[t]);
      return;
    }
    better = lanes_and(better, lanes_less(lanes_mul(*best, sum_ll[t]),
                                          lanes_mul(sum_xl[t], sum_xl[t])));
    *scale = lanes_select(better, ratio, *scale);
    *best = lanes_select(better, lanes_mul(ratio, sum_xl[t]), *best);
  }
}

// quern_search_iq4 for sixteen transposed blocks.
LANES_INLINE lanes lanes_search_iq4(const float *x, const float *weights) {
  lanes magnitude, scale, best;
  const lanes extreme = lanes_extremes(32, x, &magnitude);
  lanes_try_iq4(x, weights, extreme, -8, 1, &scale, &best);
  int candidate = -7;
  for (; candidate + LANES_TRIALS - 1 <= 7; candidate += LANES_TRIALS)
    lanes_try_iq4(x, weights, extreme, candidate, LANES_TRIALS, &scale, &best);
  for (; candidate <= 7; candidate++)
    lanes_try_iq4(x, weights, extreme, candidate, 1, &scale, &best);
  return lanes_select(lanes_less(magnitude, lanes_all(QUERN_LEAST_MAGNITUDE)), lanes_all(0), scale);
}

// The scales of sixteen blocks; `importance` in element order or null. Beside it stand the mean squares
// of two super-blocks, whose sums are in `pair`, or of each block where that is null.
LANES_INLINE lanes lanes_scales_iq4(const float values[512], const float *importance,
                                    const float *pair) {
  LANES_ALIGNED float x[32 * LANES], weights[32 * LANES];
  lanes_transpose_32(values, x);
  if (!importance) {
    for (int i = 0; i < 32 * LANES; i += LANES)
      lanes_store(weights + i, lanes_mul(lanes_load(x + i), lanes_load(x + i)));
    return lanes_search_iq4(x, weights);
  }
  lanes squares = lanes_all(0);
  for (int i = 0; !pair && i < 32 * LANES; i += LANES)
    squares = lanes_add(squares, lanes_mul(lanes_load(x + i), lanes_load(x + i)));
  if (pair) squares = lanes_spread_pair(pair);
  const lanes spread = lanes_mul(squares, lanes_all(pair ? 2.f / 256 : 2.f / 32));
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
                                                     NULL)
                                  : lanes_scales_iq4(values, NULL, NULL));
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
  float squares[LANES] = {0};
  quern_block_iq4_XS *block = blocks;
  for (size_t i = 0; i < count; i += 512, block += 2) {
    if (importance && i % (256 * LANES) == 0)
      lanes_sums_of_squares(input + i, 256, lanes_super_blocks_left(count - i), 256, squares);
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
                                                      squares + i / 256 % LANES)
                                   : lanes_scales_iq4(values, NULL, NULL));
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
