// Uses the web page as people do, in Chromium, and ends with an error where something is not as promised.
// SLEWGATE_PAGE has {url, tokens: {observer, telescope}, screenshots, only: the names of some steps}; tests/tests/browser.rs starts the host and this.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const { url, tokens, screenshots, browser: program, only } = JSON.parse(process.env.SLEWGATE_PAGE);

/** How long what must come may take, in milliseconds. */
const PATIENCE = 10_000;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What the browser complained of. */
const complaints = [];

const STEPS = [
  refusedToken, observer, crowded, crowdedSlew, operator, twoTabs, closedTab, stops, silence, keys, loss, phone, forcedColours,
];

async function main() {
  const profile = await mkdtemp(path.join(tmpdir(), 'slewgate-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program,
    args: FLAGS,
    viewport: { width: 1280, height: 860 },
  });
  context.setDefaultTimeout(PATIENCE);
  context.on('page', listen);
  try {
    for (const step of STEPS.filter((step) => !only || only.includes(step.name))) {
      const began = Date.now();
      await step(context);
      console.log(`${step.name}: ${Date.now() - began} ms`);
    }
    assert.deepEqual(complaints, [], 'the browser complained');
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

function listen(page) {
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
}

// ---- Steps ---------------------------------------------------------------------------------------------------------

async function refusedToken(context) {
  const page = await opened(context);
  await logIn(page, 'no-token-of-this-host-at-all-000000000000');
  await page.getByText('Authentication failed: the token is not valid.').waitFor();
  assert.ok(await page.getByLabel('Token').isVisible(), 'one can try again');
  await picture(page, 'refused');
  await page.close();
}

async function observer(context) {
  const page = await loggedIn(context, 'observer');
  await page.getByText('You may look').waitFor();
  await page.locator('#picture').waitFor();
  await until('numbers', async () => /h \d\dm/.test(await value(page, 'RA J2000')));
  for (const control of ['#jogging', '#going', '#doing', '#stopbar']) {
    assert.ok(!(await page.locator(control).isVisible()), `${control} is offered to an observer`);
  }
  await page.keyboard.press('Escape');
  await until('a frame rate', async () => /[1-9].* frames\/s/.test(await page.locator('#frames').textContent()));
  await picture(page, 'observer');
  await page.getByRole('button', { name: 'Log out' }).click();
  assert.equal(await page.getByLabel('Token').inputValue(), '', 'the token is gone');
  await page.close();
}

/** What the host says to a request over the rate limit. */
const refusal = (id) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: { code: -32002, message: 'Rate limit exceeded', data: { retry_after_ms: 300, limit: 60 } },
  });

/** The limit is used up by others when the page subscribes: it does so again when it may, without a word from anybody. */
async function crowded(context) {
  const page = await context.newPage();
  let refusals = 1;
  await page.routeWebSocket(/\/command$/, (way) => {
    const host = way.connectToServer();
    way.onMessage((message) => {
      const { id, method } = JSON.parse(message);
      if (method !== 'events.subscribe' || refusals === 0) return host.send(message);
      refusals -= 1;
      way.send(refusal(id));
    });
  });
  await page.goto(url);
  await logIn(page, tokens.observer);
  await page.locator('#news', { hasText: 'Too many requests' }).waitFor();
  await until('a status', async () => /h \d\dm/.test(await value(page, 'RA J2000')));
  assert.equal(refusals, 0);
  await page.close();
}

/** The limit is used up when the page asks what it may do: at the login, and again while the telescope moves. */
async function crowdedSlew(context) {
  const page = await context.newPage();
  const stop = page.getByRole('button', { name: 'STOP' });
  let [refusing, refused, tell] = [true, 0, null];
  await page.routeWebSocket(/\/command$/, (way) => {
    const host = way.connectToServer();
    tell = (data) => way.send(JSON.stringify({ jsonrpc: '2.0', method: 'event', params: { topic: 'plugins', seq: 9, data } }));
    way.onMessage((message) => {
      const { id, method } = JSON.parse(message);
      if (method !== 'rpc.discover' || !refusing) return host.send(message);
      refused += 1;
      way.send(refusal(id));
    });
  });
  await page.goto(url);
  await logIn(page, tokens.telescope);
  await until('a second refusal', () => refused >= 2);
  assert.ok(await stop.isVisible(), 'who may not ask may stop');
  await stop.click();
  await page.locator('#news', { hasText: 'mount was told' }).waitFor();
  refusing = false;
  await page.locator('#jogging').waitFor();
  await until('a status', async () => (await value(page, 'Slewing')) !== '');
  await inControl(page);

  await goTo(page, '18:36:56.3', (await declination(page)) > 45 ? '+10:00:00' : '+80:00:00');
  await until('a slew', async () => (await value(page, 'Slewing')) === 'yes');
  [refusing, refused] = [true, 0];
  tell({ what: 'replaced', plugin: { name: 'mount' } });
  await until('a second refusal', () => refused >= 2);
  for (const control of ['#stop', '#jogging', '#going', '#values']) {
    assert.ok(await page.locator(control).isVisible(), `${control} went away`);
  }
  assert.match(await page.locator('#latest').textContent(), /Too many requests/);
  await page.keyboard.press('Escape');
  await page.locator('#latest', { hasText: /mount was told|stopped/ }).waitFor();
  await rests(page);
  assert.ok(refused >= 2, 'the page goes on asking');
  await page.close();
}

async function operator(context) {
  const page = await loggedIn(context, 'telescope');
  const [before, started] = [await shown(page), await declination(page)];
  await goTo(page, '18:36:56.3', '+38:47:01');
  await until('a slew', async () => (await value(page, 'Slewing')) === 'yes');
  await picture(page, 'slewing');
  await until('the target', async () => (await value(page, 'Slewing')) === 'no', 60_000);
  assert.match(await value(page, 'RA J2000'), /^18h 3[67]m/);
  assert.match(await value(page, 'Dec J2000'), /^\+38° 4\d′/);
  assert.notEqual(await declination(page), started);
  await until('another picture', async () => (await shown(page)) !== before);
  await picture(page, 'arrived');

  for (const [ra, dec, words] of [
    ['25:00:00', '+38:47:01', 'Right ascension is in hours'],
    ['18:36:56.3', '+98', 'Declination is in degrees'],
    ['18:36:56.3', '-80:00:00', 'horizon'],
  ]) {
    await goTo(page, ra, dec);
    await page.locator('#goto-error', { hasText: words }).waitFor();
  }

  const at = await declination(page);
  await page.getByLabel('Rate').selectOption('slew');
  await hold(page, 'North');
  await until('a jog north', async () => (await declination(page)) > at + 0.5);
  await picture(page, 'jogging');
  await page.mouse.up();
  await rests(page);
  await page.close();
}

/** Who does not control the mount is told who does, and takes control where that is allowed; who logs out gives it up. */
async function twoTabs(context) {
  const [one, other] = [await loggedIn(context, 'telescope'), await loggedIn(context, 'telescope')];
  await other.getByRole('button', { name: 'Stars' }).click();
  await other.locator('#latest', { hasText: 'Tracking: Stars' }).waitFor();
  await other.locator('#holder', { hasText: 'You' }).waitFor();
  await one.bringToFront();
  await one.getByRole('button', { name: 'Stars' }).click();
  await one.locator('#latest', { hasText: 'is in control' }).waitFor();
  await picture(one, 'controlled');
  await one.getByRole('button', { name: 'Take control' }).click();
  await one.locator('#holder', { hasText: 'You' }).waitFor();
  await one.getByRole('button', { name: 'Stars' }).click();
  await one.locator('#latest', { hasText: 'Tracking: Stars' }).waitFor();
  await one.getByRole('button', { name: 'Log out' }).click();
  await other.locator('#holder', { hasText: 'Nobody' }).waitFor();
  await one.close();
  await other.close();
}

async function closedTab(context) {
  const watching = await loggedIn(context, 'observer');
  const page = await loggedIn(context, 'telescope');
  await page.bringToFront();
  await page.getByLabel('Rate').selectOption('slew');
  await hold(page, 'South');
  const at = await declination(page);
  await until('a jog south', async () => (await declination(page)) < at - 0.3);
  await page.close();
  await rests(watching);
  await watching.close();
}

/** The news from now on, each of which the next one replaces. */
function collectNews(page) {
  return page.evaluate(() => {
    window.heard?.observer.disconnect();
    const texts = [];
    const observer = new MutationObserver(() => texts.push(document.querySelector('#latest').textContent));
    observer.observe(document.querySelector('#latest'), { subtree: true, childList: true, characterData: true });
    window.heard = { observer, texts };
  });
}

function news(page) {
  return page.evaluate(() => window.heard.texts);
}

async function stops(context) {
  const page = await loggedIn(context, 'telescope');
  const stop = page.getByRole('button', { name: 'STOP' });
  const hint = page.locator('#stop-hint');
  const byButton = (far) => goTo(page, '18:36:56.3', far);
  const byEnter = async (far) => {
    await page.getByLabel('Right ascension').fill('18:36:56.3');
    await page.getByLabel('Declination').fill(far);
    assert.equal(await hint.textContent(), 'Escape', 'a field takes Space for itself');
    await page.keyboard.press('Enter');
    await until('a field without the focus', async () => (await hint.textContent()) === 'Escape or Space');
  };
  for (const [how, send, press] of [
    ['the button', byButton, () => stop.click()],
    ['Escape', byButton, () => page.keyboard.press('Escape')],
    ['Space, whatever has the focus', byButton, () => page.keyboard.press('Space')],
    ['Space after Enter', byEnter, () => page.keyboard.press('Space')],
    ['Space in the list of rates', byButton, () => page.getByLabel('Rate').press('Space')],
  ]) {
    const far = (await declination(page)) > 45 ? '+10:00:00' : '+80:00:00';
    await send(far);
    await until(`a slew before ${how}`, async () => (await value(page, 'Slewing')) === 'yes');
    await collectNews(page);
    await press();
    const told = async () => (await news(page)).some((text) => /mount was told|stopped/.test(text));
    await until(`the news of ${how}`, told);
    await rests(page);
    const off = Math.abs((await declination(page)) - Number.parseInt(far, 10));
    assert.ok(off > 1, `${how} came too late: ${off} degrees from the target`);
  }
  await picture(page, 'stopped');
  await page.close();
}

/** The connection goes silent when STOP is pressed, and nobody says so. */
async function silence(context) {
  const page = await context.newPage();
  const stop = page.locator('#stop');
  let silent = null;
  await page.routeWebSocket(/\/command$/, (way) => {
    const host = way.connectToServer();
    const passes = () => silent !== way;
    page.once('silence', () => { silent = way; });
    way.onMessage((message) => passes() && host.send(message));
    host.onMessage((message) => passes() && way.send(message));
  });
  await page.goto(url);
  await logIn(page, tokens.telescope);
  await page.locator('#going').waitFor();
  await until('a status', async () => (await value(page, 'Slewing')) !== '');
  await inControl(page);
  await goTo(page, '18:36:56.3', (await declination(page)) > 45 ? '+10:00:00' : '+80:00:00');
  await until('a slew', async () => (await value(page, 'Slewing')) === 'yes');
  page.emit('silence');
  await page.keyboard.press('Escape');
  assert.match(await stop.textContent(), /STOP sent, not confirmed/);
  await page.locator('#stop', { hasText: 'The host has not answered: use the keypad' }).waitFor({ timeout: 4000 });
  assert.ok(await page.locator('#latest.warn').isVisible());
  await picture(page, 'unanswered');
  await page.locator('#stop', { hasText: 'The last STOP was not confirmed: press again' }).waitFor();
  await stop.click();
  await page.locator('#stop', { hasText: 'Escape or Space' }).waitFor();
  await rests(page);
  await page.close();
}

async function keys(context) {
  const page = await loggedIn(context, 'telescope');
  await page.getByLabel('Rate').selectOption('slew');
  await page.getByLabel('Right ascension').focus();
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.locator('#pad .held').count(), 0, 'an arrow in a field is for the field');
  await page.getByRole('button', { name: 'Log out' }).focus();
  const at = await declination(page);
  await page.keyboard.down('ArrowUp');
  await until('a jog by a key', async () => (await declination(page)) > at + 0.3);
  // Another window takes the keys: nobody tells the page that the key was let go.
  await page.evaluate(() => window.dispatchEvent(new Event('blur')));
  await rests(page);
  await page.keyboard.up('ArrowUp');

  // Arrows choose a rate, one after another; only one that was chosen leaves them to the telescope.
  await page.getByLabel('Rate').focus();
  for (const press of [1, 2]) {
    await page.keyboard.press('ArrowUp');
    assert.equal(await page.locator('#pad .held').count(), 0, `arrow ${press} in the list is for the list`);
  }
  assert.equal(await page.getByLabel('Rate').inputValue(), 'center');
  await page.getByLabel('Rate').selectOption('guide');
  assert.ok(!(await page.getByLabel('Rate').evaluate((list) => list === document.activeElement)), 'the list has the focus');
  await page.close();
}

async function loss(context) {
  const way = await wayBetween();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${way.port}/`);
  await logIn(page, tokens.telescope);
  await page.locator('#picture').waitFor();
  await until('a status', async () => (await value(page, 'Slewing')) !== '');
  way.cut();
  await page.getByText(/The connection is lost. Trying again/).first().waitFor();
  assert.match(await page.locator('#stop').textContent(), /nothing reaches the host/);
  for (const control of await page.locator('#pad button, #pad select, #goto input, #goto button, #doing button').all()) {
    assert.ok(await control.isDisabled(), 'what has no effect can be pressed');
  }
  assert.ok(await page.locator('#stop').isEnabled());
  await until('an empty caption', async () => (await page.locator('#frames').textContent()) === '');
  await page.locator('#stop').click();
  assert.match(await page.locator('#stop').textContent(), /nothing was sent: use the keypad/);
  await picture(page, 'lost');
  await page.getByText('Connected as').waitFor();
  await until('a fresh status', async () => /^\d\.\d s$/.test(await value(page, 'Age of this')));
  assert.match(await page.locator('#stop').textContent(), /not confirmed: press again/);
  await page.locator('#stop').click();
  await page.locator('#stop', { hasText: 'Escape or Space' }).waitFor();

  // Now nothing comes, and nobody says that the connection is gone.
  way.freeze();
  await until('an old status', async () => /old: not as it is now/.test(await value(page, 'Age of this')));
  await picture(page, 'stale');
  await page.getByText(/The connection is lost. Trying again/).first().waitFor({ timeout: 3 * PATIENCE });
  await page.getByText('Connected as').waitFor({ timeout: 3 * PATIENCE });
  await until('a fresh status', async () => /^\d\.\d s$/.test(await value(page, 'Age of this')));
  await page.close();
  way.close();
}

/** A way to the host that can be cut, or frozen with all that is on it. */
async function wayBetween() {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: server.address().port,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    freeze: () => sockets.forEach((socket) => socket.unpipe().pause()),
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

async function phone(context) {
  const page = await opened(context);
  await page.setViewportSize({ width: 390, height: 844 });
  const touch = await context.newCDPSession(page);
  await touch.send('Emulation.setTouchEmulationEnabled', { enabled: true });
  await picture(page, 'phone-login');
  await logIn(page, tokens.telescope);
  await page.locator('#picture').waitFor();
  await until('numbers', async () => /h \d\dm/.test(await value(page, 'RA J2000')));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} pixels wider than a phone`);
  assert.ok(await page.getByRole('button', { name: 'STOP' }).isVisible());
  assert.ok(!(await page.locator('#stop-hint').isVisible()), 'a phone has no Escape');
  const tops = await page.evaluate(() =>
    ['view', 'jogging', 'state', 'told'].map((id) => document.getElementById(id).getBoundingClientRect().top));
  assert.deepEqual(tops, [...tops].sort((one, other) => one - other), 'the buttons are not right below the picture');
  await picture(page, 'phone');
  await page.screenshot({ path: path.join(screenshots, 'phone-whole.png'), fullPage: true });
  await page.close();
}

/** Where the system's colours are forced, STOP and what is held are still told apart. */
async function forcedColours(context) {
  const page = await opened(context);
  await page.emulateMedia({ forcedColors: 'active' });
  await logIn(page, tokens.telescope);
  await page.locator('#jogging').waitFor();
  await inControl(page);
  const ground = (selector) => page.locator(selector).evaluate((shown) => getComputedStyle(shown).backgroundColor);
  const border = await page.locator('#stop').evaluate((shown) => getComputedStyle(shown).borderTopStyle);
  assert.equal(border, 'solid');
  const plain = await ground('#pad [data-direction="south"]');
  assert.notEqual(await ground('#stop'), plain);
  await hold(page, 'North');
  await page.locator('#pad .held').waitFor();
  assert.notEqual(await ground('#pad .held'), plain);
  await picture(page, 'forced-colours');
  await page.mouse.up();
  await rests(page);
  await page.close();
}

// ---- What people do and see ----------------------------------------------------------------------------------------

async function opened(context) {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

async function logIn(page, token) {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function loggedIn(context, type) {
  const page = await opened(context);
  await logIn(page, tokens[type]);
  await page.getByText('Connected as').waitFor();
  if (type === 'telescope') await page.getByRole('button', { name: 'STOP' }).waitFor();
  await until('a status', async () => (await value(page, 'Slewing')) !== '');
  if (type === 'telescope') await inControl(page);
  return page;
}

/** A tab that was closed is in control for a while: this one takes its place. */
async function inControl(page) {
  const [holder, take] = [page.locator('#holder'), page.locator('#take')];
  await until('who is in control', async () => (await holder.textContent()) !== '');
  if (await take.isVisible()) {
    await take.click();
    await page.locator('#holder', { hasText: 'You' }).waitFor();
  }
}

async function goTo(page, ra, dec) {
  await page.getByLabel('Right ascension').fill(ra);
  await page.getByLabel('Declination').fill(dec);
  await page.getByRole('button', { name: 'Go to' }).click();
}

async function hold(page, direction) {
  await page.getByRole('button', { name: direction }).hover();
  await page.mouse.down();
}

/** What the status says under a name; nothing while there is none. */
async function value(page, name) {
  return page.evaluate((wanted) => {
    const names = [...document.querySelectorAll('#values dt')];
    return names.find((name) => name.textContent === wanted)?.nextElementSibling.textContent ?? '';
  }, name);
}

async function declination(page) {
  const [, sign, d, m, s] = (await value(page, 'Dec JNow')).match(/([+\u2212])(\d+)° (\d+)′ (\d+)″/);
  return (sign === '+' ? 1 : -1) * (Number(d) + Number(m) / 60 + Number(s) / 3600);
}

/** The picture that is shown, as the hash of its pixels. */
async function shown(page) {
  const pixels = await page.evaluate(() => {
    const image = document.getElementById('picture');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL();
  });
  return createHash('sha256').update(pixels).digest('hex');
}

/** How many readings in a row are to be the same where the mount stands. */
const STANDING = 4;

/** The mount is seen to stand. Readings are told apart by the time that they are of: two may have the same age. */
async function rests(page) {
  let last = [];
  await until('rest', async () => {
    const now = await reading(page);
    if (!now.of || last[0]?.of === now.of) return false;
    last = [now, ...last].slice(0, STANDING);
    return last.length === STANDING && last.every(({ slewing, dec }) => slewing === 'no' && dec === now.dec);
  });
}

/** What one sample says. */
async function reading(page) {
  return page.evaluate(() => {
    const shown = {};
    for (const name of document.querySelectorAll('#values dt')) shown[name.textContent] = name.nextElementSibling;
    const text = (name) => shown[name]?.textContent ?? '';
    return { of: shown['Age of this']?.title, dec: text('Dec JNow'), slewing: text('Slewing') };
  });
}

async function until(what, found, patience = PATIENCE) {
  const deadline = Date.now() + patience;
  while (!(await found())) {
    assert.ok(Date.now() < deadline, `no ${what} within ${patience} ms`);
    await new Promise((later) => setTimeout(later, 100));
  }
}

async function picture(page, name) {
  await page.screenshot({ path: path.join(screenshots, `${name}.png`) });
}

await main();
