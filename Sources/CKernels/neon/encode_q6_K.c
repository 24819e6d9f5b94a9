#if defined(__aarch64__)
#include "lanes.h"
// The level first: the next header is written in its lanes.
#include "../lanes/encode_q6_K.h"
#endif
