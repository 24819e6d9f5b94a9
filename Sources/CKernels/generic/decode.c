#define QUERN_LEVEL generic
#define QUERN_TARGET
#include "../scalar/level_decoders.h"
#include "../scalar/magnitudes.h"
