// Stops: the events of a recording as places to be at, one after the other.
//
// Many events have the same nanosecond: a run and the wakes that it made, all that a phase woke. A
// stop is an instant and an event, so each of them can be gone to, once, in the order in which the
// loop did it; going back is exactly the reverse.

import { RAN, TURN, WAITED, isWake } from './event.js';

/**
 * `number` is that of its event, `own` that of what was under way then: the run that made a wake.
 * All events before number `until` had happened.
 * @typedef {{number: number, ns: number, own: number, until: number, kind: number}} Stop
 */

/**
 * The stops in a turn, in order: each event, each run, each beginning of a phase or that of the
 * turn, as the grain says; or what each sentence tells of that `tell` gives for the turn.
 * @returns {Stop[]}
 */
export function stopsOf(recording, index, grain, tell = null) {
  if (index >= recording.cuts.turns.length) return [];
  const { steps } = recording.turn(index);
  const all = everyStop(recording, index, steps);
  switch (grain) {
    case 'event': return all;
    case 'sentence': {
      const told = new Set(tell(index).sentences.map(({ number }) => number));
      return all.filter(({ number }) => told.has(number));
    }
    case 'poll': return all.filter(({ kind }) => kind === RAN || kind === WAITED);
    case 'phase': {
      const isFirst = (step, at) => step.phase !== steps[at - 1]?.phase;
      const firsts = new Set(steps.filter(isFirst).map(({ number }) => number));
      return all.filter(({ kind, number }) => kind === TURN || kind === WAITED
        || firsts.has(number));
    }
    default: {
      const begin = all.find(({ kind }) => kind === TURN) ?? all[0];
      return begin ? [begin] : [];
    }
  }
}

/** What began before it, and what it woke after that: a run is recorded behind its wakes. */
function everyStop(recording, index, steps) {
  const { events } = recording;
  const owns = new Map();
  const begins = new Map();
  for (const { number, wakes } of steps) {
    for (const wake of wakes) owns.set(wake.number, number);
    begins.set(number, Math.min(number, wakes[0]?.number ?? number));
  }
  const [start, end] = recording.span(index);
  const stops = [];
  for (let number = start; number < end; number += 1) {
    const kind = events.kind(number);
    if (kind === 0) continue;
    const isPoint = isWake(kind) || kind === TURN;
    stops.push({
      number, kind, ns: events.at(number), own: owns.get(number) ?? number,
      until: isPoint ? number + 1 : begins.get(number) ?? number,
    });
  }
  return stops.sort(inOrder);
}

function inOrder(one, other) {
  return one.until - other.until || one.number - other.number;
}

/** The stop of an event, null if that is not held. */
export function stopAt(recording, number) {
  if (number === null || !recording.events.holds(number)) return null;
  const all = stopsOf(recording, recording.turnIndexOf(number), 'event');
  return all.find((stop) => stop.number === number) ?? null;
}

/**
 * The next stop, or the one before for -1; null if there is none. Where the playhead is at an
 * instant and at no stop, all that has that instant has happened.
 */
export function nextStop(recording, { ns, stop = null }, direction, grain, tell = null) {
  const known = stop !== null && recording.events.holds(stop.number) ? stop : null;
  const here = known ? recording.turnIndexOf(known.number) : recording.turnIndexAt(ns);
  const isAhead = (other) => direction * (known ? inOrder(other, known) : other.ns - ns) > 0;
  for (let i = here; i >= 0 && i < recording.turnCount; i += direction) {
    const found = stopsOf(recording, i, grain, tell).filter(isAhead);
    if (found.length > 0) return direction > 0 ? found[0] : found.at(-1);
  }
  return null;
}
