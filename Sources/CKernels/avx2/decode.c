#if defined(__x86_64__)
#include "lanes.h"
// The level first: the next headers are compiled for its instruction set.
#include "../lanes/eights.h"
#include "../scalar/encode_floats.h"
#include "../scalar/level_decoders.h"
#include "../scalar/magnitudes.h"
#endif
