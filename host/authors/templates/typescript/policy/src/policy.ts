// Ties the rules to the contract, which only a component has: all else is tested without it.

import * as situation from 'slewgate:plugin/situation@0.1.0';
import { visitor } from './visitor.js';

export const policy = visitor(situation);
