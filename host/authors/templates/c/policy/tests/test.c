// The policy in moments of which the test decides what is known. What it imports is here.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
  reading->observation.moving = (uint8_t)seen;
  return seen != NOBODY_LOOKED;
}

void permission_policy_string_dup(permission_policy_string_t *copy, const char *text) {
  copy->len = strlen(text);
  copy->ptr = malloc(copy->len + 1);
  memcpy(copy->ptr, text, copy->len + 1);
}

// A test is over before memory is.
void permission_policy_string_free(permission_policy_string_t *text) { (void)text; }
void slewgate_plugin_situation_reading_free(slewgate_plugin_situation_reading_t *reading) { (void)reading; }
void exports_slewgate_plugin_policy_client_free(exports_slewgate_plugin_policy_client_t *client) { (void)client; }
void exports_slewgate_plugin_policy_action_free(exports_slewgate_plugin_policy_action_t *action) { (void)action; }

static bool allowed(int moving, uint8_t effect) {
  exports_slewgate_plugin_policy_client_t client = {0};
  exports_slewgate_plugin_policy_action_t action = {.effect = effect};
  exports_slewgate_plugin_policy_decision_t decision;
  seen = moving;
  exports_slewgate_plugin_policy_authorize(&client, &action, &decision);
  bool denied = decision.tag == EXPORTS_SLEWGATE_PLUGIN_POLICY_DECISION_DENY;
  check(!denied || decision.val.deny.len > 0, "a denial has a reason");
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

int main(void) {
  a_mount_is_moved_only_where_it_is_known_to_stand_or_to_track();
  looking_and_stopping_are_always_allowed_and_settings_never();
  puts(failures == 0 ? "all tests passed" : "some tests failed");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
