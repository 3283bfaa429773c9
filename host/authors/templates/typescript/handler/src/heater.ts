// A dew heater on a serial line. `P40\n` sets its power in percent, and is answered by `OK\n`, or by `LOW\n` where its supply is too
// weak to heat. `P?\n` asks for the power, and is answered by `P40\n`.

import type * as contract from 'slewgate:plugin/handler@0.1.0';
import { getPower, setPower, type Open } from './line.js';

interface Power {
  percent: number;
}

const SET = {
  type: 'object',
  required: ['percent'],
  additionalProperties: false,
  properties: { percent: { type: 'integer', minimum: 0, maximum: 100 } },
};
const NOTHING = { type: 'object', additionalProperties: false };
const POWER = { type: 'object', required: ['percent'], properties: { percent: { type: 'integer' } } };

const COMMANDS: contract.Command[] = [
  {
    name: 'set',
    summary: 'Set the power of the dew heater.',
    effect: 'configure',
    paramsSchema: JSON.stringify(SET),
    resultSchema: JSON.stringify(POWER),
    example: '{"percent":40}',
  },
  {
    name: 'status',
    summary: 'The power of the dew heater.',
    effect: 'observe',
    paramsSchema: JSON.stringify(NOTHING),
    resultSchema: JSON.stringify(POWER),
    example: '{}',
  },
];

/** The handler. What is thrown is the error of the contract's function; `open` opens the line of a role. */
export function heater(open: Open): typeof contract {
  let maxPercent = 100;

  const status = () => JSON.stringify({ percent: getPower(open) });

  const set = ({ percent }: Power) => {
    if (percent > maxPercent) {
      const val = `percent: ${percent} is not within 0 to ${maxPercent}`;
      throw { tag: 'invalid-params', val } satisfies contract.Failure;
    }
    setPower(open, percent);
    return JSON.stringify({ percent });
  };

  return {
    configure(settings) {
      const { max_percent = 100, ...others } = JSON.parse(settings);
      const [unknown] = Object.keys(others);
      if (unknown !== undefined) throw `there is no setting ${unknown}; there is max_percent`;
      if (!Number.isInteger(max_percent) || max_percent < 0 || max_percent > 100) {
        throw 'max_percent: it takes a whole number from 0 to 100';
      }
      maxPercent = max_percent;
    },

    describe: () => ({ commands: COMMANDS, sampleEvery: 5000 }),

    attach() {
      getPower(open);
      // Nothing of it moves, so nothing has to be stopped.
      return { model: 'dew heater', lacks: [], stops: [] };
    },

    handle(_client, { verb, params }) {
      if (verb === 'set') return set(JSON.parse(params));
      if (verb === 'status') return status();
      throw { tag: 'internal', val: `describe names no ${verb}` } satisfies contract.Failure;
    },

    sample: () => ({ moving: 'still', data: status() }),

    advance: () => ({ tag: 'done' }),
  };
}
