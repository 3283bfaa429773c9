#include "json.h"

#include <stdbool.h>
#include <string.h>

static bool is_space(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

static size_t skip_spaces(const uint8_t *json, size_t length, size_t at) {
  while (at < length && is_space(json[at])) {
    at++;
  }
  return at;
}

// Behind `"name" :`, or `length` where that is not at `at`.
static size_t behind_name(const uint8_t *json, size_t length, size_t at, const char *name) {
  size_t name_length = strlen(name);
  if (length - at < name_length + 2 || json[at] != '"' || memcmp(json + at + 1, name, name_length) != 0 ||
      json[at + 1 + name_length] != '"') {
    return length;
  }
  at = skip_spaces(json, length, at + name_length + 2);
  return at < length && json[at] == ':' ? skip_spaces(json, length, at + 1) : length;
}

static enum json read_number(const uint8_t *json, size_t length, size_t at, unsigned *number) {
  size_t first = at;
  *number = 0;
  while (at < length && at - first < 9 && json[at] >= '0' && json[at] <= '9') {
    *number = *number * 10 + (unsigned)(json[at++] - '0');
  }
  bool ends = at < length && (is_space(json[at]) || json[at] == ',' || json[at] == '}');
  return at > first && ends ? JSON_NUMBER : JSON_OTHER;
}

enum json json_number(const uint8_t *json, size_t length, const char *name, unsigned *number) {
  for (size_t at = 0; at < length; at++) {
    size_t value = behind_name(json, length, at, name);
    if (value < length) {
      return read_number(json, length, value, number);
    }
  }
  return JSON_ABSENT;
}
