/*
How fast the model is: nanoseconds an event to append, and milliseconds to ask.

    node tests/page/model/speed.mjs [EVENTS]
*/

import { Moments, Names, Recording, tellTurn, whyRan } from '../../../inspector/page/model/index.js';
import { encode } from './encode.mjs';
import { likely } from './likely.mjs';

const count = Number(process.argv[2] ?? 1_000_000);
const CHUNK = 10_000;

function timed(what, f) {
  const begin = performance.now();
  const told = f();
  console.log(`${what}: ${(performance.now() - begin).toFixed(3)} ms`);
  return told;
}

/** The events themselves are not kept: the garbage collector would look at them all the time. */
function encoded(shape) {
  const { events, turnNow } = likely(7, count, shape);
  return [encode(events), turnNow];
}

function appendAll(recording, bytes, turnNow) {
  const begin = performance.now();
  const events = bytes.length / 32;
  for (let first = 0; first < events; first += CHUNK) {
    const part = bytes.subarray(32 * first, 32 * Math.min(first + CHUNK, events));
    recording.append({ first, lost: 0, turnNow, bytes: part });
  }
  return ((performance.now() - begin) * 1e6) / events;
}

for (const [what, shape] of [
  ['20 tasks', {}], ['2,000 tasks', { tasks: 2_000, batch: 40 }],
]) {
  const [bytes, turnNow] = encoded(shape);
  const held = bytes.length / 32;
  console.log(`-- ${what}: ${held} events, ${turnNow} turns`);
  appendAll(new Recording(), bytes.subarray(0, 32 * 200_000), turnNow);
  const recording = new Recording({ eventsMax: held });
  console.log(`append: ${appendAll(recording, bytes, turnNow).toFixed(1)} ns an event`);
  const small = new Recording({ eventsMax: 1 << 16 });
  console.log(`append, a full ring: ${appendAll(small, bytes, turnNow).toFixed(1)} ns an event`);

  const moments = timed('the frames of all', () => new Moments(recording));
  const span = recording.endNs - recording.beginNs;
  const instants = Array.from({ length: 200 }, (_, nth) => recording.beginNs + (span * nth) / 200);
  const took = instants.map((ns) => {
    const begin = performance.now();
    moments.at(ns);
    return performance.now() - begin;
  }).sort((one, other) => one - other);
  console.log(`a moment: ${took[100].toFixed(3)} ms, at most ${took[199].toFixed(3)} ms`);

  const [from, to] = [recording.beginNs + span * 0.5, recording.beginNs + span * 0.501];
  let visited = 0;
  timed('runs and wakes of a thousandth', () => {
    recording.eachRun(from, to, () => { visited += 1; });
    recording.eachWake(from, to, () => { visited += 1; });
  });
  console.log(`(${visited} of them)`);
  const names = new Names();
  const last = recording.turnCount;
  timed('100 turns told', () => {
    for (let index = last - 100; index < last; index += 1) tellTurn(recording, names, index);
  });
  timed('phase times of 1,000 turns', () => {
    for (let index = last - 1_000; index < last; index += 1) recording.phaseTimes(index);
  });
  timed('why a task ran', () => whyRan(recording, names, '#3.3'));
}
