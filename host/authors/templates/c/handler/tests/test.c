// The handler against a script: what it sends, and what it makes of the answer. The script takes the place of what it imports.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_handler.h"
#include "json.h"
#include "memory.h"

typedef exports_slewgate_plugin_handler_failure_t failure_t;
typedef exports_slewgate_plugin_handler_attachment_t attachment_t;
typedef exports_slewgate_plugin_handler_observation_t observation_t;
typedef command_handler_string_t string_t;

// ---- The script: one exchange, and what happens to it.

// What is to be sent next, NULL for nothing; what comes back, NULL for silence.
static const char *expected, *answer;
static int failures;
// Lines that were not given back.
static int lines_open;

static void check(bool right, const char *what) {
  if (!right) {
    printf("FAILED: %s\n", what);
    failures++;
  }
}

static void script(const char *request, const char *reply) {
  expected = request;
  answer = reply;
}

void command_handler_string_dup(string_t *copy, const char *text) {
  copy->len = strlen(text);
  // As the bindings have it, a text of no length is no block.
  copy->ptr = copy->len > 0 ? malloc(copy->len + 1) : (uint8_t *)"";
  memcpy(copy->ptr, text, copy->len + (copy->len > 0));
}

bool slewgate_plugin_serial_static_line_open(string_t *role, slewgate_plugin_serial_own_line_t *line,
                                             slewgate_plugin_serial_error_code_t *error) {
  (void)error;
  lines_open++;
  check(role->len == 4 && memcmp(role->ptr, "port", 4) == 0, "the role is `port`");
  line->__handle = 1;
  return true;
}

slewgate_plugin_serial_borrow_line_t slewgate_plugin_serial_borrow_line(slewgate_plugin_serial_own_line_t line) {
  return (slewgate_plugin_serial_borrow_line_t){line.__handle};
}

bool slewgate_plugin_serial_method_line_exchange(slewgate_plugin_serial_borrow_line_t line,
                                                 slewgate_plugin_serial_exchange_t *exchange,
                                                 command_handler_list_u8_t *reply,
                                                 slewgate_plugin_serial_error_code_t *error) {
  (void)line;
  bool right = expected != NULL && exchange->request.len == strlen(expected) &&
               memcmp(exchange->request.ptr, expected, exchange->request.len) == 0;
  check(right, expected != NULL ? expected : "nothing is sent");
  expected = NULL;
  if (answer == NULL) {
    *error = (slewgate_plugin_serial_error_code_t){.tag = SLEWGATE_PLUGIN_SERIAL_ERROR_CODE_TIMEOUT};
    return false;
  }
  string_t copy;
  command_handler_string_dup(&copy, answer);
  *reply = (command_handler_list_u8_t){copy.ptr, copy.len};
  return true;
}

void slewgate_plugin_serial_line_drop_own(slewgate_plugin_serial_own_line_t line) {
  (void)line;
  lines_open--;
}

// What the bindings free.

static void free_bytes(uint8_t *bytes, size_t length) {
  if (length > 0) {
    free(bytes);
  }
}

void command_handler_string_free(string_t *text) { free_bytes(text->ptr, text->len); }

void command_handler_list_u8_free(command_handler_list_u8_t *bytes) { free_bytes(bytes->ptr, bytes->len); }

void exports_slewgate_plugin_handler_client_free(exports_slewgate_plugin_handler_client_t *client) {
  command_handler_string_free(&client->session);
  command_handler_string_free(&client->id);
  command_handler_string_free(&client->client_type);
  command_handler_string_free(&client->name);
}

void exports_slewgate_plugin_handler_request_free(exports_slewgate_plugin_handler_request_t *request) {
  command_handler_string_free(&request->verb);
  command_handler_string_free(&request->params);
}

// All texts are in the same place of the union, and the silence of a line has none here.
void exports_slewgate_plugin_handler_failure_free(failure_t *failure) {
  if (failure->tag != EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_LINE) {
    command_handler_string_free(&failure->val.internal);
  }
}

// ---- The tests.

static string_t string(const char *text) {
  string_t copy;
  command_handler_string_dup(&copy, text);
  return copy;
}

// Whether the settings are taken; where they are not, the reason begins so.
static bool configure(const char *settings, const char *reason) {
  string_t given = string(settings), error;
  bool taken = exports_slewgate_plugin_handler_configure(&given, &error);
  if (!taken) {
    check(strncmp((const char *)error.ptr, reason, strlen(reason)) == 0, reason);
    command_handler_string_free(&error);
  }
  return taken;
}

// What comes of a call: its result or the text of its failure, and which it is.
struct outcome {
  bool done;
  uint8_t failure;
  char text[200];
};

static struct outcome outcome(bool done, string_t *result, failure_t *failure) {
  struct outcome outcome = {.done = done, .failure = done ? 0 : failure->tag};
  if (done || failure->tag != EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_LINE) {
    snprintf(outcome.text, sizeof outcome.text, "%s", (char *)(done ? result : &failure->val.internal)->ptr);
  }
  done ? command_handler_string_free(result) : exports_slewgate_plugin_handler_failure_free(failure);
  return outcome;
}

static struct outcome call(const char *verb, const char *params) {
  exports_slewgate_plugin_handler_client_t client = {string("1"), string("test"), string("telescope"), string("Test")};
  exports_slewgate_plugin_handler_request_t request = {string(verb), string(params)};
  string_t result;
  failure_t failure;
  bool done = exports_slewgate_plugin_handler_handle(&client, &request, &result, &failure);
  return outcome(done, &result, &failure);
}

static struct outcome sample(void) {
  observation_t observation;
  failure_t failure;
  bool done = exports_slewgate_plugin_handler_sample(&observation, &failure);
  return outcome(done, &observation.data, &failure);
}

static struct outcome attach(void) {
  attachment_t attachment;
  failure_t failure;
  bool done = exports_slewgate_plugin_handler_attach(&attachment, &failure);
  return outcome(done, &attachment.model, &failure);
}

static bool is(struct outcome outcome, const char *text) { return strcmp(outcome.text, text) == 0; }

static bool fails(struct outcome outcome, uint8_t failure) { return !outcome.done && outcome.failure == failure; }

static void the_power_is_sent_as_it_was_asked_for(void) {
  configure("{}", "");
  script("P40\n", "OK\n");
  struct outcome set = call("set", "{ \"percent\" : 40 }");
  check(set.done && is(set, "{\"percent\":40}"), __func__);
  check(expected == NULL, "it is sent");
}

static void the_status_is_what_the_heater_says(void) {
  script("P?\n", "P15\n");
  struct outcome status = call("status", "{}");
  check(status.done && is(status, "{\"percent\":15}"), __func__);
}

static void the_heater_is_found(void) {
  script("P?\n", "P15\n");
  struct outcome attached = attach();
  check(attached.done && is(attached, "dew heater"), __func__);
}

static void more_than_the_settings_allow_is_refused_and_not_sent(void) {
  check(configure("{\"max_percent\":60}", ""), "the settings are read");
  script(NULL, NULL);
  struct outcome refused = call("set", "{\"percent\":61}");
  check(fails(refused, EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_INVALID_PARAMS) &&
            is(refused, "percent: 61 is not within 0 to 60"),
        __func__);
}

static void a_heater_without_power_refuses(void) {
  configure("{}", "");
  script("P40\n", "LOW\n");
  check(fails(call("set", "{\"percent\":40}"), EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_REFUSED), __func__);
}

static void an_answer_that_is_none_is_told_as_it_came(void) {
  const char *said[] = {"P\n", "P101\n", "P4O\n", "OK\n", "P1000\n"};
  for (size_t at = 0; at < sizeof said / sizeof *said; at++) {
    script("P?\n", said[at]);
    check(fails(sample(), EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_HARDWARE), said[at]);
  }
  script("P?\n", "P\a\n");
  check(is(sample(), "the heater said P\\x07\\x0a"), __func__);
}

static void silence_is_passed_on(void) {
  script("P?\n", NULL);
  check(fails(attach(), EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_LINE), __func__);
}

static void settings_that_make_no_sense_are_refused(void) {
  check(!configure("{\"max_percent\":101}", "max_percent: "), "101");
  check(!configure("{\"max_percent\":\"all\"}", "max_percent: "), "all");
  check(!configure("{\"max_percent\":4e1}", "max_percent: "), "4e1");
}

static void a_setting_that_is_misspelt_is_refused_and_named(void) {
  check(!configure("{\"max_percnt\":5}", "there is no setting max_percnt;"), "misspelt");
  check(!configure("{\"max_percent\":5,\"colour\":\"red\"}", "there is no setting colour;"), "one more");
  check(!configure("{\"heater\":{\"max_percent\":5}}", "there is no setting heater;"), "one within another");
}

static void each_member_of_json_is_found_and_none_within_another(void) {
  const struct {
    const char *json;
    int members;
    bool is_number;
    unsigned number;
  } cases[] = {
      {"{\"a\":7}", 1, true, 7},
      {" { \"b\" : 1 , \"a\" :\n7 } ", 2, true, 7},
      {"{\"b\":{\"a\":5,\"c\":[1,{}]},\"a\":7}", 2, true, 7},
      {"{\"b\":\"\\\",\\\"a\\\":5}\",\"a\":7}", 2, true, 7},
      {"{\"b\":[\"]\",\"\\\\\"],\"a\":7}", 2, true, 7},
      {"{\"a\":-7}", 1, false, 0},
      {"{\"a\":7.0}", 1, false, 0},
      {"{\"a\":1234567890}", 1, false, 0},
      {"{\"a\":}", 1, false, 0},
      {"{\"aa\":7}", 1, false, 0},
      {"{}", 0, false, 0},
      {"[\"a\",7]", 0, false, 0},
      {"{\"a\"", 0, false, 0},
      {"{\"a\\", 0, false, 0},
      {"", 0, false, 0},
  };
  for (size_t which = 0; which < sizeof cases / sizeof *cases; which++) {
    const char *json = cases[which].json;
    unsigned number = 0;
    int members = 0;
    bool is_number = false;
    struct json_member member;
    for (size_t at = 0; json_next((const uint8_t *)json, strlen(json), &at, &member); members++) {
      is_number = json_is(&member, "a") && json_number(&member, &number);
    }
    check(members == cases[which].members && is_number == cases[which].is_number, json);
    check(!is_number || number == cases[which].number, json);
  }
}

// Each test, and whether it left anything.
static void run(void (*test)(void), const char *name) {
  test();
  if (memory_in_use != 0 || lines_open != 0) {
    printf("%s: %d blocks of memory and %d lines are not given back\n", name, memory_in_use, lines_open);
    failures++;
  }
  memory_in_use = lines_open = 0;
}

#define RUN(test) run(test, #test)

int main(void) {
  RUN(the_power_is_sent_as_it_was_asked_for);
  RUN(the_status_is_what_the_heater_says);
  RUN(the_heater_is_found);
  RUN(more_than_the_settings_allow_is_refused_and_not_sent);
  RUN(a_heater_without_power_refuses);
  RUN(an_answer_that_is_none_is_told_as_it_came);
  RUN(silence_is_passed_on);
  RUN(settings_that_make_no_sense_are_refused);
  RUN(a_setting_that_is_misspelt_is_refused_and_named);
  RUN(each_member_of_json_is_found_and_none_within_another);
  puts(failures == 0 ? "all tests passed" : "some tests failed");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
