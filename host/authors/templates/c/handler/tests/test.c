// The handler against a script: what it sends, and what it makes of the answer. The script takes the place of what it imports.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_handler.h"
#include "json.h"

typedef exports_slewgate_plugin_handler_failure_t failure_t;
typedef command_handler_string_t string_t;

// ---- The script: one exchange, and what happens to it.

// What is to be sent next, NULL for nothing; what comes back, NULL for silence.
static const char *expected, *answer;
static int failures;

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
  copy->ptr = malloc(copy->len + 1);
  memcpy(copy->ptr, text, copy->len + 1);
}

bool slewgate_plugin_serial_static_line_open(string_t *role, slewgate_plugin_serial_own_line_t *line,
                                             slewgate_plugin_serial_error_code_t *error) {
  (void)error;
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

// A test is over before memory is.
void slewgate_plugin_serial_line_drop_own(slewgate_plugin_serial_own_line_t line) { (void)line; }
void command_handler_string_free(string_t *text) { (void)text; }
void command_handler_list_u8_free(command_handler_list_u8_t *bytes) { (void)bytes; }
void exports_slewgate_plugin_handler_client_free(exports_slewgate_plugin_handler_client_t *client) { (void)client; }
void exports_slewgate_plugin_handler_request_free(exports_slewgate_plugin_handler_request_t *request) { (void)request; }

// ---- The tests.

static string_t string(const char *text) {
  string_t copy;
  command_handler_string_dup(&copy, text);
  return copy;
}

static bool configure(const char *settings) {
  string_t given = string(settings), error;
  return exports_slewgate_plugin_handler_configure(&given, &error);
}

static bool call(const char *verb, const char *params, string_t *result, failure_t *failure) {
  exports_slewgate_plugin_handler_client_t client = {0};
  exports_slewgate_plugin_handler_request_t request = {string(verb), string(params)};
  return exports_slewgate_plugin_handler_handle(&client, &request, result, failure);
}

static bool is(const string_t *text, const char *other) { return strcmp((const char *)text->ptr, other) == 0; }

static void the_power_is_sent_as_it_was_asked_for(void) {
  string_t result;
  failure_t failure;
  configure("{}");
  script("P40\n", "OK\n");
  check(call("set", "{ \"percent\" : 40 }", &result, &failure) && is(&result, "{\"percent\":40}"), __func__);
  check(expected == NULL, "it is sent");
}

static void the_status_is_what_the_heater_says(void) {
  string_t result;
  failure_t failure;
  script("P?\n", "P15\n");
  check(call("status", "{}", &result, &failure) && is(&result, "{\"percent\":15}"), __func__);
}

static void more_than_the_settings_allow_is_refused_and_not_sent(void) {
  string_t result;
  failure_t failure;
  check(configure("{\"max_percent\":60}"), "the settings are read");
  script(NULL, NULL);
  bool done = call("set", "{\"percent\":61}", &result, &failure);
  check(!done && failure.tag == EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_INVALID_PARAMS &&
            is(&failure.val.invalid_params, "percent: 61 is not within 0 to 60"),
        __func__);
}

static void a_heater_without_power_refuses(void) {
  string_t result;
  failure_t failure;
  configure("{}");
  script("P40\n", "LOW\n");
  bool done = call("set", "{\"percent\":40}", &result, &failure);
  check(!done && failure.tag == EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_REFUSED, __func__);
}

static void an_answer_that_is_none_is_told_as_it_came(void) {
  const char *said[] = {"P\n", "P101\n", "P4O\n", "OK\n", "P1000\n"};
  for (size_t at = 0; at < sizeof said / sizeof *said; at++) {
    exports_slewgate_plugin_handler_observation_t observation;
    failure_t failure;
    script("P?\n", said[at]);
    bool done = exports_slewgate_plugin_handler_sample(&observation, &failure);
    check(!done && failure.tag == EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_HARDWARE, said[at]);
  }
  exports_slewgate_plugin_handler_observation_t observation;
  failure_t failure;
  script("P?\n", "P\a\n");
  exports_slewgate_plugin_handler_sample(&observation, &failure);
  check(is(&failure.val.hardware, "the heater said P\\x07\\x0a"), __func__);
}

static void silence_is_passed_on(void) {
  exports_slewgate_plugin_handler_attachment_t attachment;
  failure_t failure;
  script("P?\n", NULL);
  bool done = exports_slewgate_plugin_handler_attach(&attachment, &failure);
  check(!done && failure.tag == EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_LINE &&
            failure.val.line.tag == SLEWGATE_PLUGIN_SERIAL_ERROR_CODE_TIMEOUT,
        __func__);
}

static void settings_that_make_no_sense_are_refused(void) {
  check(!configure("{\"max_percent\":101}"), "101");
  check(!configure("{\"max_percent\":\"all\"}"), "all");
  check(!configure("{\"max_percent\":4e1}"), "4e1");
}

static void one_number_is_found_in_json(void) {
  const struct {
    const char *json;
    enum json found;
    unsigned number;
  } cases[] = {
      {"{\"a\":7}", JSON_NUMBER, 7},      {"{\"b\":1,\"a\" :\n7 }", JSON_NUMBER, 7}, {"{}", JSON_ABSENT, 0},
      {"{\"aa\":7}", JSON_ABSENT, 0},     {"{\"b\":\"a\"}", JSON_ABSENT, 0},         {"{\"a\":-7}", JSON_OTHER, 0},
      {"{\"a\":7.0}", JSON_OTHER, 0},     {"{\"a\":7", JSON_OTHER, 0},               {"{\"a\"", JSON_ABSENT, 0},
      {"{\"a\":1234567890}", JSON_OTHER, 0},
  };
  for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
    unsigned number;
    const char *json = cases[at].json;
    enum json found = json_number((const uint8_t *)json, strlen(json), "a", &number);
    check(found == cases[at].found && (found != JSON_NUMBER || number == cases[at].number), json);
  }
}

int main(void) {
  the_power_is_sent_as_it_was_asked_for();
  the_status_is_what_the_heater_says();
  more_than_the_settings_allow_is_refused_and_not_sent();
  a_heater_without_power_refuses();
  an_answer_that_is_none_is_told_as_it_came();
  silence_is_passed_on();
  settings_that_make_no_sense_are_refused();
  one_number_is_found_in_json();
  puts(failures == 0 ? "all tests passed" : "some tests failed");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
