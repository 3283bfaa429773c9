// Who calls whom.

let desk = null;

/** Unique for this page, so that it comes back as itself, also when it is loaded again; browsers make UUIDs on secure pages only. */
function clientId() {
  const [{ type } = {}] = performance.getEntriesByType('navigation');
  const before = type === 'reload' && history.state?.client;
  if (before) return before;
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const id = `page-${[...bytes].map((byte) => pad(byte.toString(16))).join('')}`;
  history.replaceState({ client: id }, '');
  return id;
}

function leave(why = '') {
  desk?.close();
  desk = null;
  for (const id of ['desk', 'leave', 'tables', 'stopbar', 'picture', 'streams', 'looking', 'controlled']) show(id, false);
  show('login', true);
  document.body.classList.remove('stoppable');
  for (const id of ['news', 'latest']) byId(id).replaceChildren();
  byId('link').textContent = 'Not logged in';
  byId('link').classList.remove('warn');
  byId('refusal').textContent = why;
  byId('token').focus();
}

const padButton = (direction) => document.querySelector(`#pad [data-direction="${direction}"]`);

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = byId('token').value.trim();
  if (!token) return;
  desk?.close();
  byId('refusal').textContent = '';
  desk = new Desk({ token, client: clientId() });
  desk.say('Connecting');
});

byId('leave').addEventListener('click', () => leave());
byId('take').addEventListener('click', () => desk?.takeControl());
byId('table').addEventListener('change', (event) => desk?.choose(event.target.value));
byId('stream').addEventListener('change', (event) => desk?.look(event.target.value));
byId('goto').addEventListener('submit', (event) => {
  event.preventDefault();
  desk?.goTo();
});

for (const button of document.querySelectorAll('#pad button')) {
  const { direction } = button.dataset;
  const release = () => desk?.jogs.release(direction);
  button.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    desk?.jogs.press(direction);
  });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur']) button.addEventListener(end, release);
  button.addEventListener('contextmenu', (event) => event.preventDefault());
  button.addEventListener('keydown', (event) => event.key === 'Enter' && !event.repeat && desk?.jogs.press(direction));
  button.addEventListener('keyup', (event) => event.key === 'Enter' && release());
}

// The stop acts when it is touched, not when it is let go.
byId('stop').addEventListener('pointerdown', () => desk?.stop());
byId('stop').addEventListener('click', (event) => event.detail === 0 && desk?.stop());

/** East is left, as in a picture of the sky with north above. */
const ARROWS = { ArrowUp: 'north', ArrowDown: 'south', ArrowLeft: 'east', ArrowRight: 'west' };
const takesArrows = (target) => isText(target) || target instanceof HTMLSelectElement;
const canJog = () => !byId('jogging').hidden && !byId('controls').disabled;

// In the capturing phase: no button that has the focus takes Space for a click on itself.
document.addEventListener('keydown', (event) => {
  if (!desk || event.ctrlKey || event.altKey || event.metaKey) return;
  const stops = event.key === 'Escape' || (event.key === ' ' && !isText(event.target));
  if (stops && !byId('stopbar').hidden) {
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) desk.stop();
  } else if (event.key in ARROWS && !takesArrows(event.target) && canJog()) {
    event.preventDefault();
    if (!event.repeat) desk.jogs.press(ARROWS[event.key]);
  }
}, true);
document.addEventListener('keyup', (event) => {
  if (event.key === ' ' && desk && !byId('stopbar').hidden && !isText(event.target)) event.preventDefault();
  if (event.key in ARROWS) desk?.jogs.release(ARROWS[event.key]);
}, true);

// A rate that was chosen is there for the arrow keys to move with. Not while they choose it: the next one would move.
let arrowInRate = false;
byId('rate').addEventListener('keydown', (event) => { arrowInRate = event.key in ARROWS; });
byId('rate').addEventListener('keyup', () => { arrowInRate = false; });
byId('rate').addEventListener('change', (event) => arrowInRate || event.target.blur());

for (const moved of ['focusin', 'focusout']) document.addEventListener(moved, () => desk?.stopButton.draw());

// Whoever cannot see the page cannot let go of a button in it.
window.addEventListener('blur', () => desk?.jogs.releaseAll());
window.addEventListener('pagehide', () => desk?.jogs.releaseAll());
document.addEventListener('visibilitychange', () => document.hidden && desk?.jogs.releaseAll());

byId('token').focus();
