// File: a recording as it is kept: a Chrome trace with one more key, which holds the events
// whole.
//
// Twin of what `glassloop trace` writes. What is read is not trusted: each part is looked at, and
// what is not as it should be gives an error that says what was expected and what came.

import { BYTES, PHASES, itemOf, wordsOfItem } from './event.js';
import { Names } from './names.js';
import { Recording } from './recording.js';

const VERSION = 1;
/** So much of what came is shown in an error. */
const SHOWN_MAX = 60;

/**
 * Reads a file's text.
 * @returns {{recording: Recording, names: Names, row: object|null,
 *   process: {pid: number|null, program: string}, loop: object|null, underWay: object|null}}
 */
export function readFile(text) {
  const file = parsed(text);
  const held = expect(file, 'glassloop', isObject, 'a recording with the key `glassloop`');
  expect(held, 'version', (version) => version === VERSION, `version ${VERSION}`);
  const bytes = bytesOf(expect(held, 'words', isText, '`words`, the events in base64'));
  const recording = new Recording({ eventsMax: Math.max(1, bytes.length / BYTES) });
  recording.append({
    first: expect(held, 'first', isCount, '`first`, the number of the first event'),
    lost: optional(held, 'lost', isCount, '`lost`, a count', 0),
    torn: optional(held, 'torn', isCount, '`torn`, a count', 0),
    turnNow: optional(held, 'turn', isCount, '`turn`, the number of a turn', 0),
    bytes,
  });
  const told = optional(held, 'under_way', isObject, '`under_way`, an object', null);
  const underWay = underWayOf(told);
  recording.setNow({
    underWay,
    nowNs: optional(held, 'now_ns', isCount, '`now_ns`, a time', 0),
    isOff: optional(held, 'off', (off) => typeof off === 'boolean', '`off`, true or false', false),
  });
  const row = optional(held, 'state', isObject, '`state`, an object', null);
  return {
    recording,
    names: namesOf(held, row),
    row,
    process: {
      pid: optional(held, 'pid', isCount, '`pid`, a number', null),
      program: optional(held, 'program', isText, '`program`, a name', ''),
    },
    loop: optional(held, 'loop', isObject, '`loop`, an object', null),
    underWay,
  };
}

/** Writes the same form, without the slices that a trace viewer draws. */
export function writeFile({ recording, names, row = null, process = null, loop = null }) {
  const { underWay } = recording;
  const glassloop = {
    version: VERSION,
    program: process?.program ?? '',
    pid: process?.pid ?? null,
    loop: loop ?? row?.loop ?? null,
    first: recording.first,
    lost: recording.lost,
    torn: recording.torn,
    turn: recording.turnNow,
    words: base64Of(recording.events.bytes()),
    places: Object.fromEntries(names.places),
    under_way: underWay && {
      item_bits: bitsOf(underWay.item), phase: underWay.phase, turn: underWay.turn,
    },
    now_ns: recording.nowNs,
    off: recording.isOff,
    state: row,
  };
  return JSON.stringify({ traceEvents: [], displayTimeUnit: 'ns', glassloop });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`expected a recording, a file in JSON; came ${shown(text)}`);
  }
}

function shown(value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? 'nothing';
  if (text === '') return 'nothing';
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}...`;
}

/** A value of an object that must be there and be right. */
function expect(object, key, isRight, what) {
  const value = isObject(object) ? object[key] : undefined;
  if (isRight(value)) return value;
  throw new Error(`expected ${what}; came ${shown(isObject(object) ? value : object)}`);
}

/** One that may be missing. */
function optional(object, key, isRight, what, otherwise) {
  const value = object[key];
  return value === undefined || value === null ? otherwise : expect(object, key, isRight, what);
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value) {
  return typeof value === 'string';
}

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function bytesOf(words) {
  let text;
  try {
    text = atob(words);
  } catch {
    throw new Error(`expected \`words\` in base64; came ${shown(words)}`);
  }
  if (text.length % BYTES !== 0) {
    throw new Error(`expected events of ${BYTES} bytes each; came ${text.length} bytes`);
  }
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

function base64Of(bytes) {
  // Divisible by three, so that the parts can be joined.
  const part = 3 << 13;
  let text = '';
  for (let at = 0; at < bytes.length; at += part) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + part)));
  }
  return text;
}

function namesOf(held, row) {
  const names = new Names();
  try {
    if (row) names.addState(row);
  } catch {
    throw new Error('expected `state` to be the row of a loop; came something else');
  }
  names.addPlaces(optional(held, 'places', isObject, '`places`, by their numbers', {}));
  return names;
}

function underWayOf(told) {
  if (!told) return null;
  const isBits = (bits) => isText(bits) && /^(0x)?[0-9a-f]{1,16}$/i.test(bits);
  const bits = expect(told, 'item_bits', isBits, '`item_bits`, 16 hexadecimal digits')
    .replace(/^0x/i, '').padStart(16, '0');
  const [high, low] = [bits.slice(0, 8), bits.slice(8)].map((half) => Number.parseInt(half, 16));
  const isPhase = (phase) => PHASES.slice(1).includes(phase);
  return {
    item: itemOf(low, high),
    phase: optional(told, 'phase', isPhase, '`phase`, one of the eight', null),
    turn: expect(told, 'turn', isCount, '`turn`, the number of a turn'),
  };
}

function bitsOf(item) {
  const [low, high] = wordsOfItem(item);
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
}
