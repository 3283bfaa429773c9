#include "memory.h"

#undef malloc
#undef realloc
#undef free

int memory_in_use;

void *counted_malloc(size_t size) {
  memory_in_use++;
  return malloc(size);
}

void *counted_realloc(void *block, size_t size) {
  memory_in_use += block == NULL;
  return realloc(block, size);
}

void counted_free(void *block) {
  memory_in_use -= block != NULL;
  free(block);
}
