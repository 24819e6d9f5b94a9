// What the files products_vector*.c put into the table of AVX-512. Private to this folder.
#ifndef QUERN_AVX512_PRODUCTS_VECTOR_H
#define QUERN_AVX512_PRODUCTS_VECTOR_H

#include "../include/CKernels.h"

/// Columns of a token whose bytes find room in a worker's scratch, arranged for all rows of a call; a
/// multiple of every block.
enum { QUERN_MOST_ARRANGED = 32768 };

void quern_fill_integer_vectors_avx512(quern_product_table *products);
void quern_fill_block_vectors_avx512(quern_product_table *products);
void quern_fill_low_vectors_avx512(quern_product_table *products);
void quern_fill_grid_vectors_avx512(quern_product_table *products);
void quern_fill_tiny_vectors_avx512(quern_product_table *products);

#endif
