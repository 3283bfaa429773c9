#include "json.h"

#include <string.h>

static bool is_space(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

static size_t skip_spaces(const uint8_t *json, size_t length, size_t at) {
  while (at < length && is_space(json[at])) {
    at++;
  }
  return at;
}

// Where the text ends that begins behind its quote at `at`: at its other quote, or at `length` where there is none.
static size_t text_end(const uint8_t *json, size_t length, size_t at) {
  while (at < length && json[at] != '"') {
    at += json[at] == '\\' ? 2 : 1;
  }
  return at < length ? at : length;
}

// Where a value ends: at the comma or the bracket behind it, and not at those that are in it.
static size_t value_end(const uint8_t *json, size_t length, size_t at) {
  for (size_t depth = 0; at < length; at++) {
    uint8_t byte = json[at];
    bool closes = byte == '}' || byte == ']';
    if (depth == 0 && (closes || byte == ',')) {
      return at;
    }
    if (byte == '"') {
      at = text_end(json, length, at + 1);
    } else if (byte == '{' || byte == '[') {
      depth++;
    } else if (closes) {
      depth--;
    }
  }
  return length;
}

bool json_next(const uint8_t *json, size_t length, size_t *at, struct json_member *member) {
  // Before the first member is the bracket, before others is a comma.
  size_t name = skip_spaces(json, length, *at);
  if (name >= length || json[name] != (*at == 0 ? '{' : ',')) {
    return false;
  }
  name = skip_spaces(json, length, name + 1);
  if (name >= length || json[name] != '"') {
    return false;
  }
  size_t end = text_end(json, length, ++name);
  size_t colon = skip_spaces(json, length, end + 1);
  if (colon >= length || json[colon] != ':') {
    return false;
  }
  size_t value = skip_spaces(json, length, colon + 1);
  *at = value_end(json, length, value);
  *member = (struct json_member){
      .name = json + name, .name_length = end - name, .value = json + value, .value_length = *at - value};
  return true;
}

bool json_is(const struct json_member *member, const char *name) {
  return member->name_length == strlen(name) && memcmp(member->name, name, member->name_length) == 0;
}

bool json_number(const struct json_member *member, unsigned *number) {
  size_t at = 0;
  *number = 0;
  while (at < member->value_length && at < 9 && member->value[at] >= '0' && member->value[at] <= '9') {
    *number = *number * 10 + (unsigned)(member->value[at++] - '0');
  }
  return at > 0 && skip_spaces(member->value, member->value_length, at) == member->value_length;
}
