// Tests of the arrows: which run each wake led to. The first ones are those of arrows.rs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { OpenWakes } from '../../../inspector/page/model/open_wakes.js';
import { causes, recorded } from './common.mjs';
import * as e from './encode.mjs';

const A = e.task(1);

/** Happenings a nanosecond apart; what a thread did is in phase deferred. */
const history = (all) => recorded(all.map((what, at) => (
  e.event(what.by === e.by.thread ? 'deferred' : 'run', at, 0, what))));

test('a task that wakes itself means its next run', () => {
  const itself = e.woke(A, e.by.item(A));
  const at = (at_ns, what) => e.event('run', at_ns, 0, what);
  const events = [at(5, itself), at(5, e.ran(A)), at(6, itself), at(6, e.ran(A))];
  const recording = recorded(events, { first: 5, lost: 5 });
  assert.deepEqual(causes(recording), [-1, 5], 'the first one\'s wake was lost');
  assert.deepEqual([5, 7].map((wake) => recording.arrows.runOf(wake)), [8, -1]);
});

test('a run that is missing puts no later wake out of step', () => {
  const [woke, ran] = [e.woke(A, e.by.thread), e.ran(A)];
  // Of the first wake's run nothing was recorded.
  const recording = history([woke, woke, ran, woke, ran]);
  assert.deepEqual(causes(recording), [1, 3]);
  assert.equal(recording.arrows.runOf(0), -1);
  assert.deepEqual([2, 3].map((before) => recording.arrows.isGivenUp(0, before)), [false, true]);
});

test('of three wakes the first one\'s run is missing', () => {
  const [woke, ran] = [e.woke(A, e.by.thread), e.ran(A)];
  assert.deepEqual(causes(history([woke, woke, woke, ran, ran])), [2, -1]);
});

test('calls run in the order in which they were left', () => {
  const left = (place) => e.woke(e.call(place), e.by.thread);
  const ran = (place) => e.ran(e.call(place), 'called');
  assert.deepEqual(causes(history([left(), left(), ran(), left(), ran(), ran()])), [0, 1, 3]);
  // Two were left before the first event, which a third run shows.
  assert.deepEqual(causes(history([ran(), left(), ran(), ran()])), [-1, -1, 1]);
  const whole = history([left(7), left(9), ran(7), ran(9), left(7)]);
  assert.deepEqual([0, 1, 4].map((wake) => whole.arrows.runOf(wake)), [2, 3, -1]);
});

test('what was lost in between leads nowhere', () => {
  const woke = [e.woke(A, e.by.thread), e.woke(e.call(), e.by.thread)];
  const ran = [e.ran(A), e.ran(e.call(), 'called')];
  const recording = history(woke);
  const later = history([...ran, ...woke, ...ran]);
  recording.append({ first: 7, lost: 5, turnNow: 1, bytes: later.events.bytes() });
  assert.deepEqual([recording.lost, recording.length, recording.torn], [5, 13, 0]);
  assert.deepEqual(causes(recording), [-1, -1, 9, 10]);
});

test('a table of open wakes holds what was put into it', () => {
  const table = new OpenWakes();
  const random = e.random(3);
  const model = new Map();
  for (let step = 0; step < 50_000; step += 1) {
    const [low, high] = [Math.floor(random() * 900), Math.floor(random() * 3)];
    const key = `${low} ${high}`;
    const wakes = model.get(key) ?? [];
    const at = table.find(low, high);
    assert.equal(table.count[at], wakes.length, `step ${step}`);
    if (random() < 0.55) {
      assert.equal(table.put(low, high, step, step, 0), wakes.length === 2 ? wakes.shift() : -1);
      model.set(key, [...wakes, step]);
    } else if (wakes.length > 0) {
      assert.equal(table.shift(at), wakes.shift());
      if (wakes.length === 0) table.free(at);
      model.set(key, wakes);
    }
  }
  const held = [];
  table.each((wake) => held.push(wake));
  const expected = [...model.values()].flat();
  assert.deepEqual(held.sort((a, b) => a - b), expected.sort((a, b) => a - b));
  assert.ok(held.length > 300, 'the table was not empty');
});
