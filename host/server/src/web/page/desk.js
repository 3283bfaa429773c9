// The desk.

/** The stream that is shown first. */
const MAIN = 'main';

/** Parts of methods that make a table a mount's; so does a status that tells where something points. Others, such as a focuser, may be stopped too. */
const OF_A_MOUNT = ['goto', 'jog', 'track', 'park'];

/**
 * What may be called, as long as the host has not said it: STOP of the mount that the usual configuration has. One that is
 * refused harms nobody; one that is not on the page could.
 */
const UNTIL_TOLD = new Map([['mount.stop', {}]]);

/** Names that are the host's own. */
const HOSTS = ['rpc', 'host', 'events', 'control', 'liveview', 'plugins', 'catalog'];

/** How long the host may take to hear that control is given up before one has left, in milliseconds. */
const LEAVING = 1000;

/** One login: both links, what may be done, and what the buttons do. */
class Desk {
  constructor(key) {
    this.key = key;
    this.methods = UNTIL_TOLD;
    this.table = null;
    this.turn = 0;
    this.holders = {};
    this.panel = new StatusPanel();
    this.stopButton = new StopButton();
    this.jogs = new Jogs({
      begin: (direction) => this.call('jog', { direction, rate: byId('rate').value, lease_ms: LEASE }),
      end: (direction) => this.call('stop', { direction }).catch((error) => news(sentence(error), true)),
      shown: (direction, held) => padButton(direction).classList.toggle('held', held),
      failed: (error) => news(sentence(error), true),
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
    byId('token').blur();
    this.say(`Connected as ${answer.name} (${answer.client_type})`);
    this.online(true);
    this.offer();
    show('login', false);
    show('desk', true);
    show('leave', true);
    byId('token').value = '';
    // A picture that stopped coming without a word came over a way that was lost with the other one.
    if (!this.view || this.view.count().age > STALE) this.look(this.view?.stream || MAIN);
    await this.learn();
  }

  /** What this client may call. Only that is offered; what was offered stays until the host has said otherwise. */
  async learn() {
    const turn = this.newTurn();
    try {
      const document = await this.commands.call('rpc.discover');
      this.methods = new Map(document.methods.map((method) => [method.name, method]));
    } catch (error) {
      // Without a connection there is nothing to repeat: the next one begins with this.
      this.tell(error);
      return this.again(turn, error, () => this.learn());
    }
    const tables = this.tables();
    choices('table', tables, tables[0]);
    show('tables', tables.length > 1);
    await this.choose(byId('table').value || null);
  }

  tables() {
    const of = (is) => {
      const methods = [...this.methods].map(([name, method]) => [...name.split('.'), method]);
      const fit = methods.filter(([table, verb, method]) => is(verb, method) && !HOSTS.includes(table));
      return [...new Set(fit.map(([table]) => table))];
    };
    const points = (method) => 'ra' in (method.result?.schema?.properties || {});
    const mounts = of((verb, method) => OF_A_MOUNT.includes(verb) || (verb === 'status' && points(method)));
    return mounts.length ? mounts : of((verb) => verb === 'stop');
  }

  async choose(table) {
    const turn = this.newTurn();
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
        await this.commands.call('events.subscribe', { topics: ['plugins', 'alarms', 'control', ...(table ? topics(table) : [])] });
      }
    } catch (error) {
      this.tell(error);
      this.again(turn, error, () => this.choose(table));
    }
  }

  /** Of learning and choosing the newest counts: what an older one would repeat is not wanted any more. */
  newTurn() {
    this.turn += 1;
    return this.turn;
  }

  /** What was over the rate limit, and nobody asked for, is done when the host says so. */
  again(turn, error, act) {
    const wait = error.data?.retry_after_ms;
    if (wait) setTimeout(() => desk === this && turn === this.turn && act(), wait);
  }

  /** What went wrong with something that nobody asked for; that the connection is lost was said. */
  tell(error) {
    if (error.code) news(sentence(error), true);
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
    this.drawControl();
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
      news(`${text}: ${sentence(error)}`, true);
      if (error.code === -32601 || error.code === -32001) this.learn();
    }
  }

  async goTo() {
    const { wrong = '', ra, dec } = target(byId('ra').value, byId('dec').value);
    byId('goto-error').textContent = wrong;
    if (wrong) return;
    try {
      await this.call('goto', { ra, dec, frame: 'J2000' });
      // Whoever sent it off with Enter may now stop it with Space.
      if (byId('goto').contains(document.activeElement)) document.activeElement.blur();
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
    const began = Date.now();
    const replies = this.stops().map((method) => {
      const name = method.split('.')[0];
      const reply = this.commands.call(method);
      reply.then(
        () => news(`STOP: ${name} was told`),
        (error) => news(`STOP of ${name} failed: ${sentence(error)}`, true),
      );
      return reply;
    });
    this.stopButton.pressed(replies, () => this.unanswered(began));
  }

  /** Where the host is heard, its line is what is slow, and the answer is still to come. */
  unanswered(began) {
    news('STOP: the host has not answered', true);
    if (this.commands.heard < began) this.commands.giveUp();
  }

  event(topic, data) {
    if (topic === `${this.table}.status`) this.panel.set(data);
    else if (topic === `${this.table}.motion`) this.motion(data);
    else if (topic === 'control' && !data.missed) this.control(data);
    else if (topic === 'alarms' && !data.missed) (data.alarms || [data]).forEach((alarm) => this.alarm(alarm));
    else if (topic === 'plugins' && 'what' in data && data.what !== 'step') {
      news(`Plugin ${data.plugin.name}: ${data.what}`, data.what === 'failed');
      this.learn();
    }
  }

  /** Those from before the login are told with their time: what they say may be over. */
  alarm({ plugin, what, at }) {
    const then = Date.now() - Date.parse(at) > STALE ? ` (${at.slice(0, 16).replace('T', ' ')} UTC)` : '';
    news(`Alarm of ${plugin}${then}: ${what}`, true);
  }

  /** Who moves the mount: all others are refused. */
  control({ holders, plugin, holder }) {
    if (holders) this.holders = holders;
    else this.holders[plugin] = holder;
    this.drawControl();
  }

  drawControl() {
    const holder = this.holders[this.table];
    const mine = holder?.client_id === this.key.client;
    byId('holder').textContent = mine ? 'You' : holder ? `${holder.name} (${holder.client_id})` : 'Nobody: the first to move the mount is';
    show('controlled', this.table !== null && this.methods.has('control.take'));
    show('take', Boolean(holder) && !mine);
  }

  /** From a client of the same token it is taken without force; from others where the policy allows that. */
  async takeControl() {
    const take = (params) => this.commands.call('control.take', { plugin: this.table, ...params });
    try {
      await take({}).catch((error) => (error.code === -32005 ? take({ force: true }) : Promise.reject(error)));
      news('You are in control');
    } catch (error) {
      news(`Take control: ${sentence(error)}`, true);
    }
  }

  /** Whoever leaves keeps nobody waiting. The host answers while the connection is there. */
  async releaseControl() {
    const mine = Object.entries(this.holders).filter(([, holder]) => holder?.client_id === this.key.client);
    await Promise.allSettled(mine.map(([plugin]) => this.commands.call('control.release', { plugin })));
  }

  motion({ kind, label, client, happening, why, error }) {
    const quiet = kind === 'jog' && (happening === 'began' || why === 'stop' || why === 'session_closed');
    if (!happening || happening === 'at_rest' || quiet) return;
    const by = client && client !== this.who.name ? ` by ${client}` : '';
    const became = happening === 'began' ? 'began' : ENDS[why] || why;
    news(`${label || kind}${by} ${became}${error ? `: ${error}` : ''}`, Boolean(error));
  }

  lost() {
    this.jogs.dropAll();
    this.online(false);
    news('The connection was lost', true);
  }

  /** Whether anything reaches the host. STOP can be pressed all the same: it says so. */
  online(is) {
    document.body.classList.toggle('offline', !is);
    byId('controls').disabled = !is;
    this.stopButton.connected(is);
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
    const released = new Promise((answered) => setTimeout(answered, LEAVING));
    Promise.race([this.releaseControl(), released]).then(() => this.commands.close());
    this.view?.close();
    this.panel.clear();
  }
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
