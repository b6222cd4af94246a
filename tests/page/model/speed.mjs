// How fast the model is: nanoseconds an event to append, and milliseconds to ask.
//
//     node tests/page/model/speed.mjs [EVENTS]

import {
  Moments, Names, Recording, tellTurn, whyRan,
} from '../../../inspector/page/model/index.js';
import { encode } from './encode.mjs';
import { likely } from './likely.mjs';

const count = Number(process.argv[2] ?? 1_000_000);
const CHUNK = 10_000;

/** The least of three rounds, in milliseconds of the processor: others may use it meanwhile. */
function least(f) {
  let best = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const begin = process.cpuUsage();
    f();
    const { user, system } = process.cpuUsage(begin);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

function timed(what, f) {
  console.log(`${what}: ${least(f).toFixed(2)} ms`);
}

/** The events themselves are not kept: the garbage collector would look at them all the time. */
function encoded(shape) {
  const { events, turnNow } = likely(7, count, shape);
  return [encode(events), turnNow];
}

function appendAll(recording, bytes, turnNow) {
  const events = bytes.length / 32;
  for (let first = 0; first < events; first += CHUNK) {
    const part = bytes.subarray(32 * first, 32 * Math.min(first + CHUNK, events));
    recording.append({ first, lost: 0, turnNow, bytes: part });
  }
  return recording;
}

function measure(bytes, turnNow) {
  const held = bytes.length / 32;
  const perEvent = (eventsMax) => {
    const ms = least(() => appendAll(new Recording({ eventsMax }), bytes, turnNow));
    return `${((ms * 1e6) / held).toFixed(0)} ns an event`;
  };
  console.log(`append, all held: ${perEvent(held)}`);
  console.log(`append, a full ring: ${perEvent(1 << 16)}`);

  const recording = appendAll(new Recording({ eventsMax: held }), bytes, turnNow);
  let moments;
  timed('the frames of all', () => { moments = new Moments(recording); });
  const span = recording.endNs - recording.beginNs;
  const instants = Array.from({ length: 200 }, (_, nth) => recording.beginNs + (span * nth) / 200);
  const took = instants.map((ns) => least(() => moments.at(ns))).sort((one, two) => one - two);
  console.log(`a moment: ${took[100].toFixed(2)} ms, at most ${took[199].toFixed(2)} ms`);

  const [from, to] = [recording.beginNs + span * 0.5, recording.beginNs + span * 0.501];
  let visited = 0;
  timed('runs and wakes of a thousandth', () => {
    visited = 0;
    recording.eachRun(from, to, () => { visited += 1; });
    recording.eachWake(from, to, () => { visited += 1; });
  });
  console.log(`(${visited} of them)`);
  const names = new Names();
  const turns = recording.turnCount;
  timed('100 turns told', () => {
    for (let index = turns - 100; index < turns; index += 1) tellTurn(recording, names, index);
  });
  timed('phase times of 1,000 turns', () => {
    for (let index = turns - 1_000; index < turns; index += 1) recording.phaseTimes(index);
  });
  timed('why a task ran', () => whyRan(recording, names, '#3.3'));
}

for (const [what, shape] of [
  ['20 tasks', {}], ['2,000 tasks', { tasks: 2_000, batch: 40 }],
]) {
  const [bytes, turnNow] = encoded(shape);
  console.log(`-- ${what}: ${bytes.length / 32} events, ${turnNow} turns`);
  measure(bytes, turnNow);
}
