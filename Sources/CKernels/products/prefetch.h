// How products of one token ask for the weights that they will read.
//
// Hardware follows a stream within a page of 4 KiB only; asking three pages ahead hides the start of each.
#ifndef QUERN_PRODUCTS_PREFETCH_H
#define QUERN_PRODUCTS_PREFETCH_H

enum { PREFETCH_BYTES = 12288 };  // ahead of the block at work

/// Brings the cache line that far ahead of `p` to the second-level cache; it may lie anywhere.
#define PREFETCH_AHEAD(p) __builtin_prefetch((const char *)(p) + PREFETCH_BYTES, 0, 2)

#endif
