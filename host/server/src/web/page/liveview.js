// The picture.

/** The time over which frames are counted, in milliseconds. */
const COUNTED = 5000;

/** One stream of the live view: the newest frame, and how many came and were passed over. */
class LiveView {
  constructor(key, stream, on) {
    Object.assign(this, { stream, on, arrivals: [], dropped: 0, waiting: null, drawing: false, url: null });
    this.link = new Link('liveview', key, {
      accepted: () => this.link.send(JSON.stringify({ watch: stream })),
      message: (data) => (typeof data === 'string' ? this.hear(JSON.parse(data)) : this.frame(data)),
      lost: () => Object.assign(this, { arrivals: [], dropped: 0 }),
      refused: (why) => on.silent(why),
      waiting: (why) => on.silent(`${why} Trying again.`),
    });
  }

  hear(word) {
    if ('dropped' in word) this.dropped += word.dropped;
    if ('waiting' in word) {
      this.on.streams(word.streams);
      this.on.silent(word.streams.length ? `Nobody sends pictures as ${word.waiting}` : 'Nobody sends pictures now');
    }
    if ('error' in word) this.refuse(word);
  }

  /** A policy's no stays until the page is told otherwise. */
  refuse({ error, reason }) {
    this.on.silent(reason ? `${error}: ${reason}` : error);
    this.link.close();
  }

  frame(blob) {
    const now = Date.now();
    this.arrivals.push(now);
    // The browser may be slower than the network: the newest frame wins here too.
    if (this.waiting) this.dropped += 1;
    this.waiting = blob;
    if (!this.drawing) this.draw();
  }

  async draw() {
    this.drawing = true;
    while (this.waiting) {
      const url = URL.createObjectURL(this.waiting.slice(0, this.waiting.size, 'image/jpeg'));
      this.waiting = null;
      const shown = await this.on.draw(url);
      URL.revokeObjectURL(shown ? this.url : url);
      if (shown) this.url = url;
    }
    this.drawing = false;
  }

  /** Frames a second, frames passed over, and the age of the newest. */
  count() {
    const now = Date.now();
    const newest = this.arrivals[this.arrivals.length - 1];
    this.arrivals = this.arrivals.filter((at) => now - at < COUNTED);
    const rate = this.arrivals.length / (COUNTED / 1000);
    if (newest && !this.arrivals.length) this.arrivals.push(newest);
    return { rate, dropped: this.dropped, age: newest ? now - newest : null };
  }

  close() {
    this.link.close();
    if (this.url) URL.revokeObjectURL(this.url);
  }
}
