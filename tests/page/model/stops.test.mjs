// Tests of stops: each event is gone to once, back as forth, and of those at one instant what
// happened before is known.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Moments, nextStop, stopAt, stopsOf } from '../../../inspector/page/model/index.js';
import { recorded } from './common.mjs';
import * as e from './encode.mjs';
import { likely } from './likely.mjs';

const [A, B, C] = [e.task(1), e.task(2), e.task(3)];
const GRAINS = ['event', 'poll', 'phase', 'turn'];

/** All stops from the first on, as a user steps through them. */
function walk(recording, begin, direction, grain) {
  const all = [];
  let stop = begin;
  while (stop !== null) {
    all.push(stop);
    stop = nextStop(recording, { ns: stop.ns, stop }, direction, grain);
  }
  return all.map(({ number }) => number);
}

/** A turn in which a run wakes two, all at one instant. */
function crowded() {
  return recorded([
    e.event('wait', 0, 5, e.waited(0)), e.event('io', 5, 0, e.turn(1)),
    e.event('io', 5, 0, e.woke(A, e.by.source(1))),
    e.event('run', 5, 0, e.woke(B, e.by.item(A))), e.event('run', 5, 0, e.woke(C, e.by.item(A))),
    e.event('run', 5, 0, e.ran(A)), e.event('run', 5, 7, e.ran(B)), e.event('run', 12, 3, e.ran(C)),
  ]);
}

test('a run comes before what it woke, and each stop knows who is in line', () => {
  const recording = crowded();
  const moments = new Moments(recording);
  const stops = stopsOf(recording, 0, 'event');
  assert.deepEqual(stops.map(({ number }) => number), [0, 1, 2, 5, 3, 4, 6, 7]);
  const shown = stops.map((stop) => {
    const { running, ready } = moments.at(stop.ns, stop);
    return [running?.key ?? '', ready.map(({ key }) => key).join(' ')];
  });
  assert.deepEqual(shown, [
    ['', ''], ['', ''], ['', '#1.1'], ['#1.1', ''], ['#1.1', '#2.2'], ['#1.1', '#2.2 #3.3'],
    ['#2.2', '#3.3'], ['#3.3', ''],
  ]);
  assert.deepEqual(walk(recording, stops[0], 1, 'poll'), [0, 5, 6, 7]);
  assert.deepEqual(walk(recording, stops[0], 1, 'phase'), [0, 1, 2, 5]);
});

test('each event is gone to once, and back exactly so', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { events, turnNow } = likely(seed, 300);
    const recording = recorded(events, { first: 1000, turnNow });
    const first = nextStop(recording, { ns: -1 }, 1, 'event');
    const forth = walk(recording, first, 1, 'event');
    assert.equal(forth.length, events.length, `seed ${seed}: each once`);
    assert.equal(new Set(forth).size, events.length);
    for (const grain of GRAINS) {
      const there = walk(recording, nextStop(recording, { ns: -1 }, 1, grain), 1, grain);
      const back = walk(recording, stopAt(recording, there.at(-1)), -1, grain);
      assert.deepEqual(back, there.reverse(), `seed ${seed}, by ${grain}`);
    }
  }
});

test('from an instant alone what has it is behind, and what is not held is no stop', () => {
  const recording = crowded();
  assert.equal(nextStop(recording, { ns: 5 }, 1, 'event').number, 7);
  assert.equal(nextStop(recording, { ns: 5 }, -1, 'event').number, 0);
  assert.equal(nextStop(recording, { ns: 12 }, 1, 'event'), null);
  assert.equal(stopAt(recording, 8), null);
  assert.equal(stopAt(recording, null), null);
  const gone = { number: 99, ns: 5, own: 99, until: 99 };
  assert.equal(nextStop(recording, { ns: 5, stop: gone }, 1, 'event').number, 7);
});
