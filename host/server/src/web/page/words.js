'use strict';
/*
 * The page's script in the order of its files: words for people, a link to the host, calls, the picture, jogs, what is shown,
 * STOP, the desk, which brings them together, and who calls whom. Whatever the host says is shown as text, never as markup.
 */

// Words for people.

const byId = (id) => document.getElementById(id);

/** How long a status may be old, in milliseconds, before it is shown as such. */
const STALE = 3000;

/** Codes after which trying again helps nobody: the sentence is shown where one logs in. */
const FINAL = {
  4000: 'The host could not read what this page said. Reload the page.',
  4001: 'Authentication failed: the token is not valid. It may be mistyped, revoked, expired or bound to another network.',
  4002: 'The host takes no client id like the one of this page. Reload the page.',
  4004: 'The host could not read what this page said. Reload the page.',
  4005: 'An administrator has ended this connection.',
};

/** The others: the page tries again by itself. */
const PASSING = {
  1001: 'The host is shutting down.',
  1009: 'The host took a message of this page for too long.',
  1013: 'This device read too slowly and was disconnected.',
  4003: 'The host heard no token in time.',
  4008: 'Rate limit exceeded: too many connections or requests from here.',
  4009: 'Another page is connected with the same client id.',
};

const LOST = 'The connection is lost.';
const UNREACHABLE = 'The host does not answer.';
const NOT_LET_IN = 'The host is there and gave no connection: it has too many, or does not know this page by its address.';

const TRACKING = { sidereal: 'Stars', solar: 'Sun', lunar: 'Moon', off: 'Off' };
const ORDERS = { park: 'Park', unpark: 'Unpark', home: 'Home' };
const ENDS = {
  done: 'done',
  stop: 'stopped',
  lease: 'ended: it was not repeated in time',
  session_closed: 'ended with the connection',
  superseded: 'replaced by a newer one',
  at_most: 'ended: it took too long',
  orphaned: 'ended: its plugin is gone',
  control_lost: 'ended: another client took control',
  limit: 'stopped at a limit',
  unseen: 'stopped: the mount does not tell where it points',
  runaway: 'stopped: the mount moved unasked',
  does_not_stop: 'the mount does not stop',
  failed: 'failed',
};

/** What became of a call, as a sentence. */
function sentence(error) {
  const data = error.data || {};
  if (error.code === -32002) return `Too many requests: try again in ${Math.ceil((data.retry_after_ms || 1000) / 1000)} s.`;
  const reason = data.reason && !String(error.message).includes(data.reason) ? `: ${data.reason}` : '';
  if (data.holder) return `${data.holder} (${data.client_id}) is in control, until a minute after its last motion.`;
  const incident = data.incident ? ` (incident ${data.incident})` : '';
  const outcome = data.outcome === 'indeterminate' ? ' Whether it was done is not known.' : '';
  return `${error.message}${reason}${incident}.${outcome}`;
}

const pad = (number, digits = 2) => String(number).padStart(digits, '0');

/** A number of hours or degrees in sixtieths, rounded in the last place before it is taken apart. */
function sixtieths(value, decimals, wrap) {
  const scale = 10 ** decimals;
  let units = Math.round(Math.abs(value) * 3600 * scale);
  if (wrap) units %= wrap * 3600 * scale;
  const seconds = units % (60 * scale);
  const minutes = Math.floor(units / (60 * scale)) % 60;
  const whole = Math.floor(units / (3600 * scale));
  const text = (seconds / scale).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, '0');
  return [pad(whole), pad(minutes), text];
}

function hours(value, decimals = 1) {
  const [h, m, s] = sixtieths(value, decimals, 24);
  return `${h}h ${m}m ${s}s`;
}

function degrees(value) {
  const [d, m, s] = sixtieths(value, 0);
  return `${value < 0 ? '\u2212' : '+'}${d}° ${m}′ ${s}″`;
}

/** What somebody wrote for an angle, in hours or degrees: a number, or sixtieths with whatever between them. */
function angle(text) {
  const plain = text.trim().replace(/[\u2212\u2013]/g, '-').replace(/,/g, '.');
  const parts = plain.replace(/^[+-]/, '').split(/[\s:hmsd°'′"″]+/i).filter((part) => part !== '');
  const fits = (part, at) => /^\d+(\.\d*)?$/.test(part) && (at === 0 || Number(part) < 60);
  if (parts.length < 1 || parts.length > 3 || !parts.every(fits)) return NaN;
  const size = parts.reduceRight((below, part) => Number(part) + below / 60, 0);
  return plain.startsWith('-') ? -size : size;
}

/** Where to go, in hours and degrees, or what is wrong with it. */
function target(ra, dec) {
  const [hour, degree] = [angle(ra), angle(dec)];
  if (!(hour >= 0 && hour < 24)) return { wrong: 'Right ascension is in hours, from 0 to 24, such as 18:36:56.3.' };
  if (!(Math.abs(degree) <= 90)) return { wrong: 'Declination is in degrees, from -90 to +90, such as +38:47:01.' };
  return { ra: hour, dec: degree };
}
