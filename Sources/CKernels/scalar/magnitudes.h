// Instantiates the check of values for one level: see QUERN_LEVEL and QUERN_TARGET in level_decoders.h.
#include <string.h>

#include "../codecs.h"

#define QUERN_MAGNITUDES_(level) quern_largest_magnitude_##level
#define QUERN_MAGNITUDES(level) QUERN_MAGNITUDES_(level)

// Bits of magnitudes have the order of the magnitudes, so integers do without branches.
QUERN_TARGET float QUERN_MAGNITUDES(QUERN_LEVEL)(const float *values, size_t count) {
  uint32_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    bits &= 0x7FFFFFFF;
    largest = largest > bits ? largest : bits;
  }
  float magnitude;
  memcpy(&magnitude, &largest, sizeof magnitude);
  return magnitude;
}
