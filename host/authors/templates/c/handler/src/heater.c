#include "heater.h"

#include <string.h>

#include "text.h"

#define HARDWARE EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_HARDWARE
#define REFUSED EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_REFUSED
#define LINE EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_LINE

typedef command_handler_list_u8_t bytes_t;

bool fail(failure_t *failure, uint8_t tag, const char *why) {
  failure->tag = tag;
  // All texts are in the same place of the union.
  command_handler_string_dup(&failure->val.internal, why);
  return false;
}

static bool fail_for_line(failure_t *failure, const slewgate_plugin_serial_error_code_t *error) {
  failure->tag = LINE;
  failure->val.line = *error;
  return false;
}

static bool fail_for_nonsense(failure_t *failure, const bytes_t *reply) {
  struct text why = {0};
  text_add(&why, "the heater said ");
  text_add_bytes(&why, reply->ptr, reply->len);
  return fail(failure, HARDWARE, why.bytes);
}

static bool is(const bytes_t *reply, const char *text) {
  return reply->len == strlen(text) && memcmp(reply->ptr, text, reply->len) == 0;
}

// One exchange on the line that the configuration gives to the role `port`. The reply is the caller's to free.
static bool ask(const char *request, bytes_t *reply, failure_t *failure) {
  slewgate_plugin_serial_exchange_t exchange = {
      .request = {(uint8_t *)request, strlen(request)},
      .reply = {.tag = SLEWGATE_PLUGIN_SERIAL_FRAMING_UNTIL, .val = {.until = '\n'}},
      .timeout = 1000,
  };
  command_handler_string_t role = {(uint8_t *)"port", 4};
  slewgate_plugin_serial_own_line_t line;
  slewgate_plugin_serial_error_code_t error;
  if (!slewgate_plugin_serial_static_line_open(&role, &line, &error)) {
    return fail_for_line(failure, &error);
  }
  bool answered =
      slewgate_plugin_serial_method_line_exchange(slewgate_plugin_serial_borrow_line(line), &exchange, reply, &error);
  slewgate_plugin_serial_line_drop_own(line);
  return answered || fail_for_line(failure, &error);
}

bool heater_set_power(unsigned percent, failure_t *failure) {
  struct text order = {0};
  text_add(&order, "P");
  text_add_number(&order, percent);
  text_add(&order, "\n");
  bytes_t reply;
  if (!ask(order.bytes, &reply, failure)) {
    return false;
  }
  bool done = is(&reply, "OK\n");
  if (!done && is(&reply, "LOW\n")) {
    fail(failure, REFUSED, "the supply of the heater is too weak");
  } else if (!done) {
    fail_for_nonsense(failure, &reply);
  }
  command_handler_list_u8_free(&reply);
  return done;
}

// `P40\n`; false for what is none, or more than 100.
static bool read_power(const bytes_t *reply, unsigned *percent) {
  if (reply->len < 3 || reply->len > 5 || reply->ptr[0] != 'P' || reply->ptr[reply->len - 1] != '\n') {
    return false;
  }
  *percent = 0;
  for (size_t at = 1; at < reply->len - 1; at++) {
    if (reply->ptr[at] < '0' || reply->ptr[at] > '9') {
      return false;
    }
    *percent = *percent * 10 + (unsigned)(reply->ptr[at] - '0');
  }
  return *percent <= 100;
}

bool heater_power(unsigned *percent, failure_t *failure) {
  bytes_t reply;
  if (!ask("P?\n", &reply, failure)) {
    return false;
  }
  bool done = read_power(&reply, percent) || fail_for_nonsense(failure, &reply);
  command_handler_list_u8_free(&reply);
  return done;
}
