// What the heater understands: bytes out and bytes in.
#ifndef HEATER_H
#define HEATER_H

#include "command_handler.h"

typedef exports_slewgate_plugin_handler_failure_t failure_t;

// A failure with a text; `tag` is one of EXPORTS_SLEWGATE_PLUGIN_HANDLER_FAILURE_….
bool fail(failure_t *failure, uint8_t tag, const char *why);

// Sets the power in percent.
bool heater_set_power(unsigned percent, failure_t *failure);

// Asks for the power in percent.
bool heater_power(unsigned *percent, failure_t *failure);

#endif
