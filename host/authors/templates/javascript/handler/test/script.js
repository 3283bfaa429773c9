// A line that answers from a list: what it expects, in which order, and what it answers.

import assert from 'node:assert/strict';

/**
 * Opens such a line. `steps` are `[request, reply]`, where a reply is a text, or `{ error }` with what the line says then, such as
 * `{ tag: 'timeout', val: new Uint8Array() }`. Call `done` in the end.
 */
export function script(...steps) {
  let opened = 0;
  const exchange = ({ request }) => {
    const [expected, reply] = steps.shift() ?? ['nothing'];
    assert.equal(String.fromCharCode(...request), expected);
    if (reply.error !== undefined) throw Object.assign(new Error(), { payload: reply.error });
    return Uint8Array.from(reply, (character) => character.charCodeAt(0));
  };
  const open = (role) => {
    assert.equal(role, 'port');
    opened += 1;
    return { exchange, [Symbol.dispose]: () => (opened -= 1) };
  };
  open.done = () => {
    assert.deepEqual(steps, []);
    assert.equal(opened, 0, 'lines are given back');
  };
  return open;
}
