// An orthogonal turn that spreads what stands out over its neighbours. Private to this target.
//
// Keys of some models have a few dimensions a hundred times the others, and the scale of a block is as
// coarse as its largest element. Turned by the Hadamard matrix, all elements are of a size. Queries
// turned likewise have the same products with the keys; outputs are turned back by turning once more.
//
// Source: the rotations of QuaRot, arXiv 2404.00456.
#ifndef QUERN_SCALAR_HADAMARD_H
#define QUERN_SCALAR_HADAMARD_H

#include <math.h>
#include <stddef.h>

/// Multiplies each stretch of n values with the Hadamard matrix over sqrt(n), which is its own inverse.
/// n is the largest power of two that divides `count`.
static inline __attribute__((always_inline, unused)) void quern_hadamard(float *x, size_t count) {
  const size_t n = count & (~count + 1);
  for (size_t step = 1; step < n; step *= 2)
    for (size_t i = 0; i < count; i += 2 * step)
      for (size_t j = i; j < i + step; j++) {
        const float a = x[j], b = x[j + step];
        x[j] = a + b;
        x[j + step] = a - b;
      }
  const float factor = 1.0f / sqrtf((float)n);
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

#endif
