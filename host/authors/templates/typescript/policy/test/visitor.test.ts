// The policy in moments of which the test decides what is known.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Effect, Moving } from 'slewgate:plugin/types@0.1.0';
import { visitor } from '../src/visitor.js';

const CLIENT = { session: '1', id: 'test', clientType: 'plugin-name', name: 'Test' };

/** Whether something is allowed while the mount is seen so; undefined: nobody looked. */
function allowed(moving: Moving | undefined, effect: Effect): boolean {
  const seen = moving && { observation: { moving, data: '{}' }, age: 0 };
  const decision = visitor({ observed: () => seen }).authorize(CLIENT, { method: 'mount.test', effect, params: '{}' });
  assert.ok(decision.tag === 'allow' || decision.val.length > 0, 'a denial has a reason');
  return decision.tag === 'allow';
}

test('a mount is moved only where it is known to stand or to track', () => {
  const cases: [Moving | undefined, boolean][] = [
    ['still', true],
    ['tracking', true],
    ['moving', false],
    ['unknown', false],
    [undefined, false],
  ];
  for (const [moving, may] of cases) {
    assert.equal(allowed(moving, 'move'), may, moving);
  }
});

test('looking and stopping are always allowed, and settings never', () => {
  for (const moving of [undefined, 'moving', 'still'] as const) {
    assert.ok(allowed(moving, 'observe') && allowed(moving, 'stop'));
    assert.ok(!allowed(moving, 'configure') && !allowed(moving, 'administer'));
  }
});
