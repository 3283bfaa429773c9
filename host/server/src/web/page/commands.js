// Calls.

/** When a link on which nothing came is asked for a sign of life, and how long it has to give one, in milliseconds. */
const SILENCE = 10000;
const PATIENCE = 5000;

/** JSON-RPC over a link. */
class Commands {
  /** `on` as for a link, but event(topic, data) instead of message. */
  constructor(key, on) {
    this.calls = new Map();
    this.last = 0;
    this.heard = Date.now();
    this.link = new Link('command', key, {
      ...on,
      message: (text) => this.receive(JSON.parse(text), on),
      lost: () => {
        this.fail({ message: 'The connection was lost; whether it was done is not known' });
        on.lost();
      },
    });
    this.watch = setInterval(() => this.check(), PATIENCE);
  }

  receive(message, on) {
    this.heard = Date.now();
    if (message.method === 'event') return on.event(message.params.topic, message.params.data);
    const call = this.calls.get(message.id);
    if (!call) return;
    this.calls.delete(message.id);
    if (message.error) call.reject(message.error);
    else call.resolve(message.result);
  }

  call(method, params = {}) {
    return new Promise((resolve, reject) => {
      const id = (this.last += 1);
      const request = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      if (!this.link.send(request)) return reject({ message: 'Not connected: nothing was sent', unsent: true });
      this.calls.set(id, { resolve, reject });
    });
  }

  fail(error) {
    for (const call of this.calls.values()) call.reject(error);
    this.calls.clear();
  }

  check() {
    if (!this.link.accepted) return;
    const silence = Date.now() - this.heard;
    if (silence > SILENCE + PATIENCE) this.giveUp();
    else if (silence > SILENCE) this.call('host.info').catch(() => {});
  }

  giveUp() {
    if (this.link.accepted) this.link.giveUp();
  }

  close() {
    clearInterval(this.watch);
    this.link.close();
  }
}
