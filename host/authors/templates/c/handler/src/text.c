#include "text.h"

static void add(struct text *text, char byte) {
  if (text->length + 1 < sizeof text->bytes) {
    text->bytes[text->length++] = byte;
    text->bytes[text->length] = '\0';
  }
}

void text_add(struct text *text, const char *more) {
  while (*more != '\0') {
    add(text, *more++);
  }
}

void text_add_number(struct text *text, unsigned number) {
  if (number >= 10) {
    text_add_number(text, number / 10);
  }
  add(text, (char)('0' + number % 10));
}

void text_add_bytes(struct text *text, const uint8_t *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  for (size_t at = 0; at < length; at++) {
    if (bytes[at] >= ' ' && bytes[at] <= '~') {
      add(text, (char)bytes[at]);
    } else {
      text_add(text, "\\x");
      add(text, digits[bytes[at] >> 4]);
      add(text, digits[bytes[at] & 15]);
    }
  }
}
