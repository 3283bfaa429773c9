// The handler against a script: what it sends, in which order, and what it makes of the answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heater } from '../src/heater.js';
import { script } from './script.js';

const CLIENT = { session: '1', id: 'test', clientType: 'telescope', name: 'Test' };

function call(open, verb, params, settings = '{}') {
  const handler = heater(open);
  handler.configure(settings);
  const result = handler.handle(CLIENT, { verb, params });
  open.done();
  return result;
}

test('the power is sent as it was asked for', () => {
  assert.equal(call(script(['P40\n', 'OK\n']), 'set', '{"percent":40}'), '{"percent":40}');
});

test('the status is what the heater says', () => {
  assert.equal(call(script(['P?\n', 'P15\n']), 'status', '{}'), '{"percent":15}');
});

test('more than the settings allow is refused and not sent', () => {
  const refused = { tag: 'invalid-params', val: 'percent: 61 is not within 0 to 60' };
  assert.throws(() => call(script(), 'set', '{"percent":61}', '{"max_percent":60}'), refused);
});

test('a heater without power refuses', () => {
  assert.throws(() => call(script(['P40\n', 'LOW\n']), 'set', '{"percent":40}'), { tag: 'refused' });
});

test('an answer that is none is told as it came', () => {
  for (const said of ['P\n', 'P101\n', 'P4O\n', 'OK\n', '\0\n']) {
    const nonsense = { tag: 'hardware', val: `the heater said ${JSON.stringify(said)}` };
    assert.throws(() => heater(script(['P?\n', said])).sample(), nonsense);
  }
});

test('silence is passed on', () => {
  const error = { tag: 'timeout', val: new Uint8Array() };
  assert.throws(() => heater(script(['P?\n', { error }])).attach(), { tag: 'line', val: error });
});

test('settings that make no sense are refused', () => {
  for (const settings of ['{"max":60}', '{"max_percent":101}', '{"max_percent":"all"}']) {
    assert.throws(() => heater(script()).configure(settings), (why) => why.includes('max'));
  }
});
