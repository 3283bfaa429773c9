// Short texts without a C library's printf.
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

// What does not fit is cut.
struct text {
  char bytes[128];
  size_t length;
};

void text_add(struct text *text, const char *more);
void text_add_number(struct text *text, unsigned number);
// Bytes that are not printable are shown as \x0a.
void text_add_bytes(struct text *text, const uint8_t *bytes, size_t length);

#endif
