// What the heater understands: bytes out and bytes in.

import type { Failure } from 'slewgate:plugin/handler@0.1.0';
import type { ErrorCode, Exchange, Line } from 'slewgate:plugin/serial@0.1.0';

/** What is used of an open line. */
type OpenLine = Pick<Line, 'exchange' | typeof Symbol.dispose>;

/** Opens the line of a role. */
export type Open = (role: string) => OpenLine;

const NEWLINE = 0x0a;

/** Sets the power in percent. */
export function setPower(open: Open, percent: number) {
  const reply = ask(open, `P${percent}\n`);
  if (reply === 'LOW\n') {
    throw { tag: 'refused', val: 'the supply of the heater is too weak' } satisfies Failure;
  }
  if (reply !== 'OK\n') throw nonsense(reply);
}

/** Asks for the power in percent. */
export function getPower(open: Open): number {
  const reply = ask(open, 'P?\n');
  const percent = Number(/^P(\d{1,3})\n$/.exec(reply)?.[1]);
  if (!(percent <= 100)) throw nonsense(reply);
  return percent;
}

/** One exchange on the line that the configuration gives to the role `port`. What the line says goes on as it is. */
function ask(open: Open, request: string): string {
  const exchange: Exchange = {
    request: new TextEncoder().encode(request),
    reply: { tag: 'until', val: NEWLINE },
    timeout: 1000,
  };
  let line: OpenLine | undefined;
  try {
    line = open('port');
    return String.fromCharCode(...line.exchange(exchange));
  } catch (error) {
    const { payload } = error as { payload?: ErrorCode };
    throw payload === undefined ? error : ({ tag: 'line', val: payload } satisfies Failure);
  } finally {
    line?.[Symbol.dispose]();
  }
}

const nonsense = (reply: string): Failure => ({
  tag: 'hardware',
  val: `the heater said ${JSON.stringify(reply)}`,
});
