// What clients of type `plugin-name` may do: look, stop, and move a mount that is not on its way.
#include "permission_policy.h"

typedef permission_policy_string_t string_t;
typedef exports_slewgate_plugin_policy_decision_t decision_t;

// It has no settings.
bool exports_slewgate_plugin_policy_configure(string_t *settings, string_t *error) {
  (void)error;
  permission_policy_string_free(settings);
  return true;
}

static void allow(decision_t *decision) { decision->tag = EXPORTS_SLEWGATE_PLUGIN_POLICY_DECISION_ALLOW; }

// With the reason that the client reads.
static void deny(decision_t *decision, const char *why) {
  decision->tag = EXPORTS_SLEWGATE_PLUGIN_POLICY_DECISION_DENY;
  permission_policy_string_dup(&decision->val.deny, why);
}

// What nobody has seen may be on its way.
static uint8_t moving(void) {
  slewgate_plugin_situation_reading_t reading;
  if (!slewgate_plugin_situation_observed(&reading)) {
    return SLEWGATE_PLUGIN_TYPES_MOVING_UNKNOWN;
  }
  uint8_t moving = reading.observation.moving;
  slewgate_plugin_situation_reading_free(&reading);
  return moving;
}

static void authorize_move(decision_t *decision) {
  switch (moving()) {
  case SLEWGATE_PLUGIN_TYPES_MOVING_STILL:
  case SLEWGATE_PLUGIN_TYPES_MOVING_TRACKING:
    allow(decision);
    break;
  case SLEWGATE_PLUGIN_TYPES_MOVING_MOVING:
    deny(decision, "the mount is on its way; wait until it stands");
    break;
  default:
    deny(decision, "it is not known whether the mount stands");
  }
}

void exports_slewgate_plugin_policy_authorize(exports_slewgate_plugin_policy_client_t *client,
                                              exports_slewgate_plugin_policy_action_t *action, decision_t *decision) {
  switch (action->effect) {
  case SLEWGATE_PLUGIN_TYPES_EFFECT_OBSERVE:
  case SLEWGATE_PLUGIN_TYPES_EFFECT_STOP:
    allow(decision);
    break;
  case SLEWGATE_PLUGIN_TYPES_EFFECT_MOVE:
    authorize_move(decision);
    break;
  default:
    deny(decision, "a visitor may look and move");
  }
  exports_slewgate_plugin_policy_client_free(client);
  exports_slewgate_plugin_policy_action_free(action);
}
