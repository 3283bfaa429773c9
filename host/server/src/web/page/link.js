// A link to the host.

/** The first wait before another attempt, and the longest, in milliseconds. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;

/** A WebSocket that shows the token, and comes back by itself when it is lost. */
class Link {
  /** `on`: accepted(answer), message(data), lost(), refused(sentence), waiting(sentence, milliseconds). */
  constructor(path, key, on) {
    Object.assign(this, { path, key, on, attempts: 0, over: false, accepted: false });
    this.open();
  }

  open() {
    const address = new URL(this.path, location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address);
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      socket.send(JSON.stringify({ token: this.key.token, client_id: this.key.client }));
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.ended(event.code, event.reason, opened);
  }

  receive(data) {
    if (this.accepted) return this.on.message(data);
    const answer = JSON.parse(data);
    // The close frame that follows a refusal says why.
    if (answer.type !== 'auth_ok') return;
    this.accepted = true;
    this.attempts = 0;
    this.on.accepted(answer);
  }

  /** False: it is not there to take anything. */
  send(message) {
    const open = this.accepted && this.socket.readyState === WebSocket.OPEN;
    if (open) this.socket.send(message);
    return open;
  }

  async ended(code, reason, opened) {
    if (this.over) return;
    if (this.accepted) this.on.lost();
    this.accepted = false;
    if (code in FINAL) {
      this.close();
      return this.on.refused(FINAL[code]);
    }
    const wait = Math.min(FIRST_WAIT * 2 ** this.attempts, LONGEST_WAIT) * (0.75 + Math.random() / 2);
    this.attempts += 1;
    this.timer = setTimeout(() => this.open(), wait);
    const why = opened ? PASSING[code] || reason || LOST : await unreachable();
    if (!this.over) this.on.waiting(why, wait);
  }

  /** For a link on which nothing comes any more, though nobody has closed it. */
  giveUp() {
    this.forget();
    this.ended(1006, '', true);
  }

  /** For good. */
  close() {
    this.over = true;
    clearTimeout(this.timer);
    this.forget();
  }

  forget() {
    const { socket } = this;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** Why a WebSocket could not be opened: browsers do not say. */
async function unreachable() {
  try {
    await fetch('healthz', { signal: AbortSignal.timeout(3000) });
    return NOT_LET_IN;
  } catch {
    return UNREACHABLE;
  }
}
