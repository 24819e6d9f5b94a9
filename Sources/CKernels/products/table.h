// What a level that includes the templates puts into its table.
#ifndef QUERN_PRODUCTS_TABLE_H
#define QUERN_PRODUCTS_TABLE_H

#include "attention.h"
#include "float_panel.h"
#include "integer_panel.h"
#include "layer_norm.h"
#include "rows.h"
#include "turns.h"

static void fill_batch_products(quern_product_table *products) {
  for (int id = 0; id < QUERN_TYPE_COUNT; id++) {
    products->batch[id] = batch_decoded;
    products->activation[id] = QUERN_ACTIVATION_FLOAT;
  }
#define INTEGER(name, id, sub, has_minimum) \
  products->batch[id] = batch_##name;       \
  products->activation[id] = QUERN_ACTIVATION_INT8;
  INTEGER_TYPES(INTEGER)
#undef INTEGER
  products->batch[0] = batch_f32;
  products->batch[1] = batch_f16;
  products->batch[30] = batch_bf16;
  products->pack[QUERN_ACTIVATION_FLOAT] = pack_floats;
  products->pack[QUERN_ACTIVATION_INT8] = pack_integers;
  size_t scratch = ATTENTION_BYTES;
  if (scratch < INTEGER_PANEL_BYTES) scratch = INTEGER_PANEL_BYTES;
  if (scratch < FLOAT_PANEL_BYTES) scratch = FLOAT_PANEL_BYTES;
  products->scratch_bytes = scratch;
}

static void fill_float_vectors(quern_product_table *products) {
  for (int id = 0; id < QUERN_TYPE_COUNT; id++)
    if (products->activation[id] == QUERN_ACTIVATION_FLOAT) products->vector[id] = vector_decoded;
  products->vector[0] = vector_f32;
  products->vector[1] = vector_f16;
  products->vector[30] = vector_bf16;
}

static void fill_row_operations(quern_product_table *products) {
  products->rms_norm = rms_norm;
  products->layer_norm = layer_norm;
  products->gelu = gelu_row;
  products->add = add_rows;
  products->silu_multiply = silu_multiply;
  products->gelu_multiply = gelu_multiply;
  products->clamped_swish_multiply = clamped_swish_multiply;
  products->softcap = softcap_row;
  products->rotate_neighbours = rotate_neighbours;
  products->rotate_halves = rotate_halves;
  products->fill_turns = fill_turns;
  products->attention = attention;
}

#endif
