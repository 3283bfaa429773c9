// Ties the handler to the contract, which only a component has: all else is tested without it.

import { Line } from 'slewgate:plugin/serial@0.1.0';
import { heater } from './heater.js';

export const handler = heater((role) => Line.open(role));
