// One whole number out of a JSON object, and no more than that: for more, take a library for JSON.
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>

enum json { JSON_ABSENT, JSON_NUMBER, JSON_OTHER };

// The value of `name` in an object of one level that is valid JSON, which the host sees to. JSON_OTHER: it is not written as a
// whole number of at most nine digits, such as 40; 4e1 is not.
enum json json_number(const uint8_t *json, size_t length, const char *name, unsigned *number);

#endif
