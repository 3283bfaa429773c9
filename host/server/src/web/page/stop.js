// The STOP button.

/** How long the host has to answer a STOP, in milliseconds. */
const STOP_PATIENCE = 2000;

/** What the button says while the newest STOP is not known to be done. */
const SENT = 'STOP sent, not confirmed';
const UNANSWERED = 'The host has not answered: use the keypad';
const NOT_SENT = 'Not connected, nothing was sent: use the keypad';
const NOT_DONE = 'STOP failed: use the keypad';
const PRESS_AGAIN = 'The last STOP was not confirmed: press again';

const OFFLINE = 'Not connected: nothing reaches the host';

/** Fields take Space for themselves. */
const isText = (target) => target instanceof HTMLInputElement;

/** Whoever presses STOP looks at the button: so it says what became of it. */
class StopButton {
  constructor() {
    Object.assign(this, { doubt: '', online: false });
    this.draw();
  }

  /** The replies to a STOP; `unanswered()` is called where they do not come in time. */
  async pressed(replies, unanswered) {
    this.say(SENT);
    const late = setTimeout(() => {
      this.say(UNANSWERED);
      unanswered();
    }, STOP_PATIENCE);
    const ends = await Promise.allSettled(replies);
    clearTimeout(late);
    this.say(ends.map((end) => this.doubtOf(end)).find((doubt) => doubt) || '');
  }

  doubtOf({ status, reason }) {
    if (status === 'fulfilled') return '';
    if (reason.code) return NOT_DONE;
    return reason.unsent ? NOT_SENT : UNANSWERED;
  }

  connected(is) {
    this.online = is;
    // What was sent over the connection before is not sent again: by now it may stop what somebody else began.
    this.say(is && this.doubt && this.doubt !== NOT_DONE ? PRESS_AGAIN : this.doubt);
  }

  say(doubt) {
    this.doubt = doubt;
    this.draw();
  }

  draw() {
    const text = this.doubt || (this.online ? '' : OFFLINE);
    const hint = byId('stop-hint');
    hint.textContent = text || (isText(document.activeElement) ? 'Escape' : 'Escape or Space');
    hint.classList.toggle('keys', !text);
    byId('stop').classList.toggle('doubt', this.doubt !== '');
  }
}
