// Jogs.

/** How long a jog lives without being repeated, and how often it is, in milliseconds. */
const LEASE = 1000;
const RENEW = 400;

/** The buttons that are held. The host ends a jog whose page is gone or hangs: it is not repeated any more. */
class Jogs {
  /** `begin(direction)` and `end(direction)` call the host; `shown(direction, held)`; `failed(error)`. */
  constructor(on) {
    this.on = on;
    this.held = new Map();
  }

  press(direction) {
    if (this.held.has(direction)) return;
    const repeat = async () => {
      try {
        await this.on.begin(direction);
      } catch (error) {
        if (this.drop(direction, timer)) this.on.failed(error);
      }
    };
    const timer = setInterval(repeat, RENEW);
    this.held.set(direction, timer);
    this.on.shown(direction, true);
    repeat();
  }

  release(direction) {
    if (this.drop(direction, this.held.get(direction))) this.on.end(direction);
  }

  releaseAll() {
    for (const direction of [...this.held.keys()]) this.release(direction);
  }

  /** Lets go without a word to the host, which ends them otherwise. */
  dropAll() {
    for (const [direction, timer] of [...this.held]) this.drop(direction, timer);
  }

  /** False: it is not held any more, or anew. */
  drop(direction, timer) {
    if (timer === undefined || this.held.get(direction) !== timer) return false;
    clearInterval(timer);
    this.held.delete(direction);
    this.on.shown(direction, false);
    return true;
  }
}
