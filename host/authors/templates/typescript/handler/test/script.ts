// A line that answers from a list: what it expects, in which order, and what it answers.

import assert from 'node:assert/strict';
import type { ErrorCode, Exchange } from 'slewgate:plugin/serial@0.1.0';

/** A request, and its reply or what the line says then. */
export type Step = [request: string, reply: string | { error: ErrorCode }];

/** Opens such a line. Call `done` in the end. */
export function script(...steps: Step[]) {
  let opened = 0;
  const exchange = ({ request }: Exchange) => {
    const step = steps.shift();
    assert.equal(String.fromCharCode(...request), step?.[0] ?? 'nothing');
    const reply = step![1];
    if (typeof reply !== 'string') throw Object.assign(new Error(), { payload: reply.error });
    return Uint8Array.from(reply, (character) => character.charCodeAt(0));
  };
  const open = (role: string) => {
    assert.equal(role, 'port');
    opened += 1;
    return { exchange, [Symbol.dispose]: () => void (opened -= 1) };
  };
  const done = () => {
    assert.deepEqual(steps, []);
    assert.equal(opened, 0, 'lines are given back');
  };
  return Object.assign(open, { done });
}
