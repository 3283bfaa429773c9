// A dew heater on a serial line. `P40\n` sets its power in percent, and is answered by `OK\n`, or by `LOW\n` where its supply is too
// weak to heat. `P?\n` asks for the power, and is answered by `P40\n`.
#include <stdlib.h>
#include <string.h>

#include "command_handler.h"
#include "heater.h"
#include "json.h"
#include "text.h"

#define INVALID_PARAMS EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_INVALID_PARAMS
#define INTERNAL EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_INTERNAL

typedef exports_slewgate_plugin_handler_command_t command_t;
typedef exports_slewgate_plugin_handler_observation_t observation_t;
typedef command_handler_string_t string_t;

static const char SET[] =
    "{\"type\":\"object\",\"required\":[\"percent\"],\"additionalProperties\":false,"
    "\"properties\":{\"percent\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":100}}}";
static const char NOTHING[] = "{\"type\":\"object\",\"additionalProperties\":false}";
static const char POWER[] =
    "{\"type\":\"object\",\"required\":[\"percent\"],\"properties\":{\"percent\":{\"type\":\"integer\"}}}";

// From the settings: more than this no client may set.
static unsigned max_percent;

static bool refuse_unknown(const struct json_member *setting, string_t *error) {
  struct text why = {0};
  text_add(&why, "there is no setting ");
  text_add_bytes(&why, setting->name, setting->name_length < 60 ? setting->name_length : 60);
  text_add(&why, "; there is max_percent");
  command_handler_string_dup(error, why.bytes);
  return false;
}

static bool take_settings(const string_t *settings, string_t *error) {
  max_percent = 100;
  struct json_member setting;
  for (size_t at = 0; json_next(settings->ptr, settings->len, &at, &setting);) {
    if (!json_is(&setting, "max_percent")) {
      return refuse_unknown(&setting, error);
    }
    if (!json_number(&setting, &max_percent) || max_percent > 100) {
      command_handler_string_dup(error, "max_percent: it takes a whole number from 0 to 100");
      return false;
    }
  }
  return true;
}

bool exports_slewgate_plugin_handler_configure(string_t *settings, string_t *error) {
  bool taken = take_settings(settings, error);
  command_handler_string_free(settings);
  return taken;
}

static void describe(command_t *command, const char *name, const char *summary, uint8_t effect, const char *params,
                     const char *example) {
  command_handler_string_dup(&command->name, name);
  command_handler_string_dup(&command->summary, summary);
  command->effect = effect;
  command_handler_string_dup(&command->params_schema, params);
  command_handler_string_dup(&command->result_schema, POWER);
  command_handler_string_dup(&command->example, example);
}

void exports_slewgate_plugin_handler_describe(exports_slewgate_plugin_handler_description_t *description) {
  command_t *commands = malloc(2 * sizeof *commands);
  if (commands == NULL) {
    abort();
  }
  describe(&commands[0], "set", "Set the power of the dew heater.", SLEWGATE_PLUGIN_TYPES_EFFECT_CONFIGURE, SET,
           "{\"percent\":40}");
  describe(&commands[1], "status", "The power of the dew heater.", SLEWGATE_PLUGIN_TYPES_EFFECT_OBSERVE, NOTHING, "{}");
  description->commands.ptr = commands;
  description->commands.len = 2;
  description->sample_every.is_some = true;
  description->sample_every.val = 5000;
}

bool exports_slewgate_plugin_handler_attach(exports_slewgate_plugin_handler_attachment_t *attachment,
                                            failure_t *failure) {
  unsigned percent;
  if (!heater_power(&percent, failure)) {
    return false;
  }
  // It lacks nothing; and as nothing of it moves, nothing has to be stopped.
  memset(attachment, 0, sizeof *attachment);
  command_handler_string_dup(&attachment->model, "dew heater");
  return true;
}

static void power_as_json(unsigned percent, string_t *json) {
  struct text text = {0};
  text_add(&text, "{\"percent\":");
  text_add_number(&text, percent);
  text_add(&text, "}");
  command_handler_string_dup(json, text.bytes);
}

static bool set(const string_t *params, string_t *result, failure_t *failure) {
  unsigned percent;
  size_t at = 0;
  struct json_member param;
  // The schema lets one param alone pass.
  if (!json_next(params->ptr, params->len, &at, &param) || !json_is(&param, "percent") || !json_number(&param, &percent)) {
    return fail(failure, INVALID_PARAMS, "percent: write it as a whole number, such as 40");
  }
  if (percent > max_percent) {
    struct text why = {0};
    text_add(&why, "percent: ");
    text_add_number(&why, percent);
    text_add(&why, " is not within 0 to ");
    text_add_number(&why, max_percent);
    return fail(failure, INVALID_PARAMS, why.bytes);
  }
  if (!heater_set_power(percent, failure)) {
    return false;
  }
  power_as_json(percent, result);
  return true;
}

static bool status(string_t *result, failure_t *failure) {
  unsigned percent;
  if (!heater_power(&percent, failure)) {
    return false;
  }
  power_as_json(percent, result);
  return true;
}

static bool is(const string_t *text, const char *other) {
  return text->len == strlen(other) && memcmp(text->ptr, other, text->len) == 0;
}

bool exports_slewgate_plugin_handler_handle(exports_slewgate_plugin_handler_client_t *client,
                                            exports_slewgate_plugin_handler_request_t *request, string_t *result,
                                            failure_t *failure) {
  bool done;
  if (is(&request->verb, "set")) {
    done = set(&request->params, result, failure);
  } else if (is(&request->verb, "status")) {
    done = status(result, failure);
  } else {
    done = fail(failure, INTERNAL, "`describe` names no such command");
  }
  exports_slewgate_plugin_handler_client_free(client);
  exports_slewgate_plugin_handler_request_free(request);
  return done;
}

bool exports_slewgate_plugin_handler_sample(observation_t *observation, failure_t *failure) {
  memset(observation, 0, sizeof *observation);
  observation->moving = SLEWGATE_PLUGIN_TYPES_MOVING_STILL;
  return status(&observation->data, failure);
}

// Nothing of it moves.
bool exports_slewgate_plugin_handler_advance(uint32_t motion, uint8_t occasion, command_handler_list_u8_t *note,
                                             exports_slewgate_plugin_handler_progress_t *progress, failure_t *failure) {
  (void)motion, (void)occasion, (void)failure;
  command_handler_list_u8_free(note);
  progress->tag = EXPORTS_SLEWGATE_PLUGIN_HANDLER_PROGRESS_DONE;
  return true;
}
