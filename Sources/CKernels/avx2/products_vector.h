// What the files products_vector*.c put into the table of AVX2. Private to this folder.
#ifndef QUERN_AVX2_PRODUCTS_VECTOR_H
#define QUERN_AVX2_PRODUCTS_VECTOR_H

#include "../include/CKernels.h"

void quern_fill_block_vectors_avx2(quern_product_table *products);
void quern_fill_super_block_vectors_avx2(quern_product_table *products);
void quern_fill_low_vectors_avx2(quern_product_table *products);
void quern_fill_grid_vectors_avx2(quern_product_table *products);

#endif
