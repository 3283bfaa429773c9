// As much of a C library as a plugin needs that computes little. With all of one a component has some 10 KB more.
//
// Memory is taken from the end of the heap, and all of it is free again when nothing is in use, which is so between calls: free what a
// call brings, and keep in globals what has to last.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 65536u
#define ALIGNMENT 16u

// Where the linker has put the end of everything else.
extern unsigned char __heap_base;

static uintptr_t end;
static size_t in_use;

// Before each block: its size, so that it can be moved.
struct header {
  _Alignas(ALIGNMENT) size_t size;
};

void *malloc(size_t size) {
  if (in_use == 0) {
    end = ((uintptr_t)&__heap_base + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
  }
  size_t there = (size_t)__builtin_wasm_memory_size(0) * PAGE;
  if (size > SIZE_MAX - PAGE - end - sizeof(struct header)) {
    return NULL;
  }
  uintptr_t after = (end + sizeof(struct header) + size + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
  if (after > there && __builtin_wasm_memory_grow(0, (after - there + PAGE - 1) / PAGE) == SIZE_MAX) {
    return NULL;
  }
  struct header *header = (struct header *)end;
  header->size = size;
  end = after;
  in_use++;
  return header + 1;
}

void free(void *block) {
  if (block != NULL) {
    in_use--;
  }
}

void *realloc(void *block, size_t size) {
  void *moved = malloc(size);
  if (block != NULL && moved != NULL) {
    size_t before = ((struct header *)block - 1)->size;
    memcpy(moved, block, before < size ? before : size);
    free(block);
  }
  return moved;
}

_Noreturn void abort(void) { __builtin_trap(); }

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
  for (size_t at = 0; at < length; at++) {
    ((unsigned char *)to)[at] = ((const unsigned char *)from)[at];
  }
  return to;
}

void *memset(void *to, int byte, size_t length) {
  for (size_t at = 0; at < length; at++) {
    ((unsigned char *)to)[at] = (unsigned char)byte;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t length) {
  for (size_t at = 0; at < length; at++) {
    int difference = ((const unsigned char *)a)[at] - ((const unsigned char *)b)[at];
    if (difference != 0) {
      return difference;
    }
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') {
    length++;
  }
  return length;
}
