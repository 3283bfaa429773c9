// What the heater understands: bytes out and bytes in.

const NEWLINE = 0x0a;

/** Sets the power in percent. */
export function setPower(open, percent) {
  const reply = ask(open, `P${percent}\n`);
  if (reply === 'LOW\n') throw { tag: 'refused', val: 'the supply of the heater is too weak' };
  if (reply !== 'OK\n') throw nonsense(reply);
}

/** Asks for the power in percent. */
export function getPower(open) {
  const reply = ask(open, 'P?\n');
  const percent = Number(/^P(\d{1,3})\n$/.exec(reply)?.[1]);
  if (!(percent <= 100)) throw nonsense(reply);
  return percent;
}

/** One exchange on the line that the configuration gives to the role `port`. What the line says goes on as it is. */
function ask(open, request) {
  const exchange = {
    request: new TextEncoder().encode(request),
    reply: { tag: 'until', val: NEWLINE },
    timeout: 1000,
  };
  let line;
  try {
    line = open('port');
    return String.fromCharCode(...line.exchange(exchange));
  } catch (error) {
    throw error.payload === undefined ? error : { tag: 'line', val: error.payload };
  } finally {
    line?.[Symbol.dispose]();
  }
}

const nonsense = (reply) => ({ tag: 'hardware', val: `the heater said ${JSON.stringify(reply)}` });
