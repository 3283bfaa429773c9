// Counts what is allocated: a test fails that leaves anything, as a plugin would that runs for months. The Makefile puts this before
// each source.
#ifndef MEMORY_H
#define MEMORY_H

#include <stdlib.h>

// Blocks that are not free again.
extern int memory_in_use;

void *counted_malloc(size_t size);
void *counted_realloc(void *block, size_t size);
void counted_free(void *block);

#define malloc counted_malloc
#define realloc counted_realloc
#define free counted_free

#endif
