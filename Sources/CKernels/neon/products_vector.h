// What the files products_vector*.c put into the table of NEON. Private to this folder.
#ifndef QUERN_NEON_PRODUCTS_VECTOR_H
#define QUERN_NEON_PRODUCTS_VECTOR_H

#include "../include/CKernels.h"

void quern_fill_block_vectors_neon(quern_product_table *products);
void quern_fill_super_block_vectors_neon(quern_product_table *products);

#endif
