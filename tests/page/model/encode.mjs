// An encoder of events for tests: what happened, in the words of src/event.rs, as bytes.
//
// Independent of the page's decoder: it knows the layout by itself.

export const PHASE = {
  wait: 1, io: 2, timers: 3, deferred: 4, run: 5, flush: 6, render: 7, finish: 8,
};
const OUTCOME = { pending: 0, finished: 1, panicked: 2, cancelled: 3, called: 4, stale: 5 };
const KIND = {
  nothing: 0, task: 1, callback: 2, deferred: 3, microtask: 4, wake: 5, flush: 6, observer: 7,
};
export const UNKNOWN = 0xffffffff;

/** An entry of the ready queue. */
export function entry(kind, index = 0, generation = 0) {
  return BigInt(KIND[kind]) << 60n | BigInt(index) << 32n | BigInt(generation);
}

export const task = (index, generation = index) => entry('task', index, generation);
export const call = (place = UNKNOWN) => entry('deferred', 0, place);

/** Who woke somebody. */
export const by = {
  item: (item) => item,
  source: (index, generation = 0) => 8n << 60n | BigInt(generation) << 32n | BigInt(index),
  timer: (place = UNKNOWN) => 9n << 60n | BigInt(place),
  phase: (phase) => 10n << 60n | BigInt(PHASE[phase]),
  thread: 11n << 60n,
  host: 12n << 60n,
};

const plain = (kind) => (count) => ({ kind, subject: BigInt(count) });
const wake = (kind) => (item, who) => ({ kind, subject: item, by: who });

/** What happened. */
export const waited = plain(1);
export const turn = plain(2);
export const served = plain(4);
export const published = plain(8);
/** No place is 0: the others are one more than they are. */
export const ran = (item, outcome = 'pending', at = UNKNOWN) => (
  { kind: 3, subject: item, outcome: OUTCOME[outcome], by: at === UNKNOWN ? 0n : BigInt(at) + 1n });
export const woke = wake(5);
export const wokeAgain = wake(6);
export const born = (item, who, place = UNKNOWN) => ({ kind: 7, subject: item, by: who, place });

/** An event: when, how long, in which phase, what. */
export function event(phase, at_ns, took_ns, what) {
  return { phase, at_ns, took_ns, ...what };
}

/** Events as bytes. */
export function encode(events) {
  const view = new DataView(new ArrayBuffer(32 * events.length));
  events.forEach((told, nth) => {
    const { phase, at_ns, took_ns = 0, kind, subject, outcome = 0, by: who = 0n, place } = told;
    const took = place === undefined ? BigInt(took_ns) : BigInt(place);
    const rest = took | BigInt(outcome) << 48n | BigInt(kind) << 56n;
    const words = [BigInt(at_ns), subject | BigInt(PHASE[phase]) << 56n, rest, who];
    words.forEach((word, at) => view.setBigUint64(32 * nth + 8 * at, word, true));
  });
  return new Uint8Array(view.buffer);
}

/** A generator of numbers below one, decided by its seed. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
