// The desk.

/** The stream that is shown first. */
const MAIN = 'main';

/** Parts of methods that make a table a mount's. */
const OF_A_MOUNT = ['status', 'goto', 'jog', 'track', 'park', 'stop'];

/** Names that are the host's own. */
const HOSTS = ['rpc', 'host', 'events', 'control', 'liveview', 'plugins', 'catalog'];

/** One login: both links, what may be done, and what the buttons do. */
class Desk {
  constructor(key) {
    this.key = key;
    this.methods = new Map();
    this.table = null;
    this.panel = new StatusPanel();
    this.jogs = new Jogs({
      begin: (direction) => this.call('jog', { direction, rate: byId('rate').value, lease_ms: LEASE }),
      end: (direction) => this.call('stop', { direction }).catch((error) => news(sentence(error))),
      shown: (direction, held) => padButton(direction).classList.toggle('held', held),
      failed: (error) => news(sentence(error)),
    });
    this.commands = new Commands(key, {
      accepted: (answer) => this.accepted(answer),
      event: (topic, data) => this.event(topic, data),
      lost: () => this.lost(),
      refused: (why) => leave(why),
      waiting: (why, wait) => this.say(`${why} Trying again in ${Math.max(1, Math.round(wait / 1000))} s.`, true),
    });
    this.clock = setInterval(() => this.tick(), 500);
  }

  say(text, warns = false) {
    const link = byId('link');
    link.textContent = text;
    link.classList.toggle('warn', warns);
    if (byId('desk').hidden) byId('refusal').textContent = warns ? text : '';
  }

  async accepted(answer) {
    this.who = answer;
    this.say(`Connected as ${answer.name} (${answer.client_type})`);
    online(true);
    show('login', false);
    show('desk', true);
    show('leave', true);
    byId('token').value = '';
    if (!this.view) this.look(MAIN);
    await this.learn();
  }

  /** What this client may call. Only that is offered. */
  async learn() {
    try {
      const document = await this.commands.call('rpc.discover');
      this.methods = new Map(document.methods.map((method) => [method.name, method]));
    } catch (error) {
      this.tell(error);
      // Without a connection nothing is known; the next one begins with this.
      if (!error.code) return;
      this.again(error, () => this.learn());
      this.methods = new Map();
    }
    const tables = this.tables();
    choices('table', tables, tables[0]);
    show('tables', tables.length > 1);
    await this.choose(byId('table').value || null);
  }

  tables() {
    const all = [...this.methods.keys()].map((name) => name.split('.'));
    const mounts = all.filter(([table, verb]) => OF_A_MOUNT.includes(verb) && !HOSTS.includes(table));
    return [...new Set(mounts.map(([table]) => table))];
  }

  async choose(table) {
    const before = this.table;
    if (table !== before) {
      this.jogs.releaseAll();
      this.panel.clear();
    }
    this.table = table;
    this.offer();
    const topics = (of) => [`${of}.status`, `${of}.motion`];
    try {
      if (before && before !== table) await this.commands.call('events.unsubscribe', { topics: topics(before) });
      if (this.methods.has('events.subscribe')) {
        await this.commands.call('events.subscribe', { topics: ['plugins', ...(table ? topics(table) : [])] });
      }
    } catch (error) {
      this.tell(error);
      this.again(error, () => this.choose(table));
    }
  }

  /** What was over the rate limit, and nobody asked for, is done when the host says so. */
  again(error, act) {
    const wait = error.data?.retry_after_ms;
    if (wait) setTimeout(() => desk === this && act(), wait);
  }

  /** What went wrong with something that nobody asked for; that the connection is lost was said. */
  tell(error) {
    if (error.code) news(sentence(error));
  }

  method(verb) {
    return this.methods.get(`${this.table}.${verb}`);
  }

  /** What a method takes for one of its params, where it lists that. */
  listed(verb, param) {
    const schema = this.method(verb)?.['x-params-schema'];
    return schema?.properties?.[param]?.enum || [];
  }

  offer() {
    const can = (verb) => this.methods.has(`${this.table}.${verb}`);
    const stops = this.stops().length > 0;
    show('jogging', can('jog'));
    show('going', can('goto'));
    choices('rate', this.listed('jog', 'rate'), 'center');
    const modes = can('track') ? this.listed('track', 'mode') : [];
    byId('tracking').replaceChildren(...modes.map((mode) => this.button(TRACKING[mode] || mode, 'track', { mode }, mode)));
    const orders = Object.keys(ORDERS).filter(can);
    byId('orders').replaceChildren(...orders.map((verb) => this.button(ORDERS[verb], verb, {})));
    show('doing', modes.length + orders.length > 0);
    show('stopbar', stops);
    document.body.classList.toggle('stoppable', stops);
    const moves = ['jog', 'goto', 'track', ...Object.keys(ORDERS)].some(can);
    show('looking', this.table !== null && !moves && !stops);
    if (this.panel.status) this.panel.set(this.panel.status);
  }

  button(text, verb, params, value = '') {
    const made = element('button', text, { type: 'button', value });
    if (verb === 'track') made.setAttribute('aria-pressed', 'false');
    made.addEventListener('click', () => this.order(text, verb, params));
    return made;
  }

  call(verb, params) {
    return this.commands.call(`${this.table}.${verb}`, params);
  }

  async order(text, verb, params) {
    try {
      await this.call(verb, params);
      if (verb === 'track') news(`Tracking: ${text}`);
    } catch (error) {
      news(`${text}: ${sentence(error)}`);
      if (error.code === -32601 || error.code === -32001) this.learn();
    }
  }

  async goTo() {
    const { wrong = '', ra, dec } = target(byId('ra').value, byId('dec').value);
    byId('goto-error').textContent = wrong;
    if (wrong) return;
    try {
      await this.call('goto', { ra, dec, frame: 'J2000' });
    } catch (error) {
      byId('goto-error').textContent = sentence(error);
    }
  }

  stops() {
    return [...this.methods.keys()].filter((name) => name.endsWith('.stop') && !HOSTS.includes(name.split('.')[0]));
  }

  /** Everything that this client may stop. */
  stop() {
    this.jogs.dropAll();
    for (const method of this.stops()) {
      const name = method.split('.')[0];
      this.commands.call(method).then(
        () => news(`STOP: ${name} was told`),
        (error) => news(`STOP of ${name} failed: ${sentence(error)}`),
      );
    }
  }

  event(topic, data) {
    if (topic === `${this.table}.status`) this.panel.set(data);
    else if (topic === `${this.table}.motion`) this.motion(data);
    else if (topic === 'plugins' && 'what' in data) {
      news(`Plugin ${data.plugin.name}: ${data.what}`);
      this.learn();
    }
  }

  motion({ kind, label, client, happening, why, error }) {
    const quiet = kind === 'jog' && (happening === 'began' || why === 'stop' || why === 'session_closed');
    if (!happening || quiet) return;
    const by = client && client !== this.who.name ? ` by ${client}` : '';
    const became = happening === 'began' ? 'began' : ENDS[why] || why;
    news(`${label || kind}${by} ${became}${error ? `: ${error}` : ''}`);
  }

  lost() {
    this.jogs.dropAll();
    online(false);
    news('The connection was lost');
  }

  look(stream) {
    this.view?.close();
    const here = () => this.view === view;
    const view = new LiveView(this.key, stream, {
      silent: (why) => here() && this.noPicture(why),
      streams: (names) => here() && this.streams(names, stream),
      draw: (url) => (here() ? draw(url) : false),
    });
    this.view = view;
    this.noPicture('Waiting for a picture');
  }

  noPicture(why) {
    byId('no-picture').textContent = why;
    show('no-picture', true);
  }

  streams(names, chosen) {
    const all = [...new Set([chosen, ...names])].sort();
    choices('stream', all, chosen);
    byId('stream').value = chosen;
    show('streams', all.length > 1);
  }

  tick() {
    this.panel.tick();
    const { rate, dropped, age } = this.view ? this.view.count() : { age: null };
    const old = age !== null && age > STALE ? `, newest ${Math.round(age / 1000)} s old` : '';
    byId('frames').textContent = age === null ? '' : `${rate.toFixed(1)} frames/s, ${dropped} dropped${old}`;
  }

  close() {
    this.jogs.releaseAll();
    clearInterval(this.clock);
    this.commands.close();
    this.view?.close();
    this.panel.clear();
  }
}

/** Whether anything reaches the host. */
function online(is) {
  document.body.classList.toggle('offline', !is);
  byId('stop-hint').textContent = is ? 'Escape or Space' : 'Not connected: nothing reaches the host';
}

/** True once the picture is shown. */
function draw(url) {
  const picture = byId('picture');
  return new Promise((resolve) => {
    picture.onload = () => {
      show('picture', true);
      show('no-picture', false);
      resolve(true);
    };
    picture.onerror = () => resolve(false);
    picture.src = url;
  });
}
