// What each level adds to its table: codecs (encode, decode), products (dot products and the
// other arithmetic of inference) and ceilings (the loops that speeds are set beside). Private to this
// target.
#ifndef QUERN_LEVELS_H
#define QUERN_LEVELS_H

#include "CKernels.h"

void quern_fill_codecs_generic(quern_kernel_table *table);
void quern_fill_products_generic(quern_kernel_table *table);
void quern_fill_ceilings_generic(quern_kernel_table *table);

#if defined(__x86_64__)
void quern_fill_codecs_avx2(quern_kernel_table *table);
void quern_fill_products_avx2(quern_kernel_table *table);
void quern_fill_ceilings_avx2(quern_kernel_table *table);
void quern_fill_codecs_avx512(quern_kernel_table *table);
void quern_fill_products_avx512(quern_kernel_table *table);
void quern_fill_ceilings_avx512(quern_kernel_table *table);
#elif defined(__aarch64__)
void quern_fill_codecs_neon(quern_kernel_table *table);
void quern_fill_products_neon(quern_kernel_table *table);
void quern_fill_ceilings_neon(quern_kernel_table *table);
#endif

#endif
