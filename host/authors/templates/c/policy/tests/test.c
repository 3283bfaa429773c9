// The policy in moments of which the test decides what is known. What it imports is here.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "permission_policy.h"

// How the mount was seen; NOBODY_LOOKED: not at all.
enum { NOBODY_LOOKED = -1 };
static int seen;
static int failures;

static void check(bool right, const char *what) {
  if (!right) {
    printf("FAILED: %s\n", what);
    failures++;
  }
}

bool slewgate_plugin_situation_observed(slewgate_plugin_situation_reading_t *reading) {
  memset(reading, 0, sizeof *reading);
  if (seen == NOBODY_LOOKED) {
    return false;
  }
  reading->observation.moving = (uint8_t)seen;
  permission_policy_string_dup(&reading->observation.data, "{}");
  return true;
}

void permission_policy_string_dup(permission_policy_string_t *copy, const char *text) {
  copy->len = strlen(text);
  copy->ptr = malloc(copy->len);
  memcpy(copy->ptr, text, copy->len);
}

// What the bindings free. No text here is empty, which would be no block.

void permission_policy_string_free(permission_policy_string_t *text) { free(text->ptr); }

void slewgate_plugin_situation_reading_free(slewgate_plugin_situation_reading_t *reading) {
  permission_policy_string_free(&reading->observation.data);
}

void exports_slewgate_plugin_policy_client_free(exports_slewgate_plugin_policy_client_t *client) {
  permission_policy_string_free(&client->session);
  permission_policy_string_free(&client->id);
  permission_policy_string_free(&client->client_type);
  permission_policy_string_free(&client->name);
}

void exports_slewgate_plugin_policy_action_free(exports_slewgate_plugin_policy_action_t *action) {
  permission_policy_string_free(&action->method);
  permission_policy_string_free(&action->params);
}

// ---- The tests.

static permission_policy_string_t string(const char *text) {
  permission_policy_string_t copy;
  permission_policy_string_dup(&copy, text);
  return copy;
}

static bool allowed(int moving, uint8_t effect) {
  exports_slewgate_plugin_policy_client_t client = {string("1"), string("test"), string("plugin-name"), string("Test")};
  exports_slewgate_plugin_policy_action_t action = {
      .method = string("mount.test"), .effect = effect, .params = string("{}")};
  exports_slewgate_plugin_policy_decision_t decision;
  seen = moving;
  exports_slewgate_plugin_policy_authorize(&client, &action, &decision);
  bool denied = decision.tag == EXPORTS_SLEWGATE_PLUGIN_POLICY_DECISION_DENY;
  if (denied) {
    check(decision.val.deny.len > 0, "a denial has a reason");
    permission_policy_string_free(&decision.val.deny);
  }
  return !denied;
}

static void a_mount_is_moved_only_where_it_is_known_to_stand_or_to_track(void) {
  const uint8_t move = SLEWGATE_PLUGIN_TYPES_EFFECT_MOVE;
  check(allowed(SLEWGATE_PLUGIN_TYPES_MOVING_STILL, move), "still");
  check(allowed(SLEWGATE_PLUGIN_TYPES_MOVING_TRACKING, move), "tracking");
  check(!allowed(SLEWGATE_PLUGIN_TYPES_MOVING_MOVING, move), "moving");
  check(!allowed(SLEWGATE_PLUGIN_TYPES_MOVING_UNKNOWN, move), "unknown");
  check(!allowed(NOBODY_LOOKED, move), "nobody looked");
}

static void looking_and_stopping_are_always_allowed_and_settings_never(void) {
  for (int moving = NOBODY_LOOKED; moving <= SLEWGATE_PLUGIN_TYPES_MOVING_UNKNOWN; moving++) {
    check(allowed(moving, SLEWGATE_PLUGIN_TYPES_EFFECT_OBSERVE), "observe");
    check(allowed(moving, SLEWGATE_PLUGIN_TYPES_EFFECT_STOP), "stop");
    check(!allowed(moving, SLEWGATE_PLUGIN_TYPES_EFFECT_CONFIGURE), "configure");
    check(!allowed(moving, SLEWGATE_PLUGIN_TYPES_EFFECT_ADMINISTER), "administer");
  }
}

static void the_settings_are_taken_and_freed(void) {
  permission_policy_string_t settings = string("{}"), error;
  check(exports_slewgate_plugin_policy_configure(&settings, &error), __func__);
}

// Each test, and whether it left anything.
static void run(void (*test)(void), const char *name) {
  test();
  if (memory_in_use != 0) {
    printf("%s: %d blocks of memory are not given back\n", name, memory_in_use);
    failures++;
  }
  memory_in_use = 0;
}

#define RUN(test) run(test, #test)

int main(void) {
  RUN(a_mount_is_moved_only_where_it_is_known_to_stand_or_to_track);
  RUN(looking_and_stopping_are_always_allowed_and_settings_never);
  RUN(the_settings_are_taken_and_freed);
  puts(failures == 0 ? "all tests passed" : "some tests failed");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
