// The members of a JSON object, and those of them that are whole numbers. For more, take a library for JSON.
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One member of an object: its name without the quotes, and its value as it is written.
struct json_member {
  const uint8_t *name, *value;
  size_t name_length, value_length;
};

// The next member of an object that is valid JSON, which the host sees to. `at` begins with 0. False: there is none any more.
bool json_next(const uint8_t *json, size_t length, size_t *at, struct json_member *member);

// Whether it is called so. A name is compared as it is written: one with an escape in it is another.
bool json_is(const struct json_member *member, const char *name);

// Its value. False: it is not written as a whole number of at most nine digits, such as 40; 4e1 is not.
bool json_number(const struct json_member *member, unsigned *number);

#endif
