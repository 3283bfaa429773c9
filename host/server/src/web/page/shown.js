// What is shown.

/** News that stay on the page. */
const NEWS = 6;

function show(id, shown) {
  byId(id).hidden = !shown;
}

function element(name, text, set = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  return Object.assign(made, set);
}

/** The newest line is also where everybody looks, above STOP; it is read out once. */
function news(text, warns = false) {
  const item = document.createElement('li');
  item.append(element('time', new Date().toTimeString().slice(0, 8)), element('span', text));
  item.classList.toggle('warn', warns);
  byId('latest').replaceChildren(...[...item.children].map((part) => part.cloneNode(true)));
  byId('latest').classList.toggle('warn', warns);
  const list = byId('news');
  list.prepend(item);
  while (list.children.length > NEWS) list.lastChild.remove();
}

/** Fills a list of choices, and keeps what was chosen. */
function choices(id, values, wanted) {
  const select = byId(id);
  const chosen = values.includes(select.value) ? select.value : wanted;
  select.replaceChildren(...values.map((value) => element('option', value, { value })));
  select.value = values.includes(chosen) ? chosen : values[0];
}

const orUnknown = (value, text) => (value === null || value === undefined ? 'not known' : text(value));
const yesOrNo = (value) => orUnknown(value, (known) => (known ? 'yes' : 'no'));

/** What a status says, by name and text. */
function readings(status) {
  const j2000 = status.j2000 || {};
  const fixed = (value) => orUnknown(value, (known) => `${known.toFixed(2)}°`);
  return [
    ['RA J2000', orUnknown(j2000.ra, hours), 'large'],
    ['Dec J2000', orUnknown(j2000.dec, degrees), 'large'],
    ['RA JNow', orUnknown(status.ra, hours)],
    ['Dec JNow', orUnknown(status.dec, degrees)],
    ['Altitude', fixed(status.altitude)],
    ['Azimuth', fixed(status.azimuth)],
    ['Tracking', orUnknown(status.tracking, (mode) => TRACKING[mode] || mode)],
    ['Slewing', yesOrNo(status.slewing)],
    ['Parked', yesOrNo(status.parked)],
    ['Side of pier', orUnknown(status.pier_side, String)],
    ['Sidereal time', orUnknown(status.sidereal_time, (time) => hours(time, 0))],
  ];
}

/** The newest status and its age, which goes on while nothing comes. */
class StatusPanel {
  constructor() {
    this.clear();
  }

  clear() {
    this.status = null;
    this.draw();
  }

  set(status) {
    this.status = status;
    this.came = Date.now();
    this.draw();
    for (const button of byId('tracking').children) {
      button.setAttribute('aria-pressed', String(button.value === status.tracking));
    }
  }

  draw() {
    const rows = this.status ? readings(this.status) : [];
    const fields = rows.flatMap(([name, text, kind = '']) => [element('dt', name), element('dd', text, { className: kind })]);
    byId('values').replaceChildren(...fields);
    show('no-state', !this.status);
    byId('state').classList.remove('stale');
    if (!this.status) return;
    this.age = element('dd', '', { className: 'age', title: `as of ${this.status.as_of}` });
    byId('values').append(element('dt', 'Age of this'), this.age);
    this.tick();
  }

  tick() {
    if (!this.status) return;
    const age = Date.now() - this.came + (this.status.age_ms || 0);
    const stale = age > STALE;
    byId('state').classList.toggle('stale', stale);
    this.age.textContent = stale ? `${Math.round(age / 1000)} s old: not as it is now` : `${(age / 1000).toFixed(1)} s`;
  }
}
