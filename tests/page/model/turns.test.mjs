// Tests of turns and steps, and of finding them. Some are those of turns.rs and history.rs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { latest } from '../../../inspector/page/model/cuts.js';
import { recorded, turnsOf } from './common.mjs';
import * as e from './encode.mjs';

const [A, B] = [e.task(1), e.task(2)];

const turnOf = (low, at_ns) => [
  e.event('wait', at_ns, 0, e.waited(0)), e.event('io', at_ns, 0, e.turn(low)),
];
const woke = (phase, at_ns, item, by) => e.event(phase, at_ns, 0, e.woke(item, by));
const ran = (at_ns, item) => e.event('run', at_ns, 10, e.ran(item));

test('a wake stands under the step that made it', () => {
  const events = [
    woke('wait', 0, A, e.by.host),
    ...turnOf(4, 5),
    woke('io', 5, B, e.by.source(1)),
    woke('run', 20, B, e.by.item(A)),
    ran(20, A),
    // After it, from a microtask; then the next, which wakes the first again.
    woke('run', 30, A, e.by.item(A)),
    woke('run', 35, A, e.by.item(B)),
    ran(35, B),
    woke('finish', 45, B, e.by.phase('finish')),
  ];
  const recording = recorded(events, { first: 100, turnNow: 4 });
  const [turn, ...others] = turnsOf(recording);
  assert.equal(others.length, 0);
  assert.deepEqual([turn.number, turn.begun, turn.at_ns, turn.took_ns], [4, true, 5, 40]);
  const steps = turn.steps.map(({ work, wakes }) => [work.type, work.item?.key, wakes.length]);
  assert.deepEqual(steps, [
    ['host', undefined, 1], ['phase', undefined, 1], ['item', '#1.1', 1], ['after', '#1.1', 1],
    ['item', '#2.2', 1], ['phase', undefined, 1],
  ]);
  const numbers = turn.steps.flatMap((step) => step.wakes.map((wake) => wake.number));
  assert.deepEqual(numbers, [100, 103, 104, 106, 107, 109]);
  assert.deepEqual(turn.steps.map((step) => step.number), [100, 103, 105, 106, 108, 109]);
});

test('what lost its beginning is numbered by what follows', () => {
  const wrap = 3 * 2 ** 32;
  const events = [
    ran(1, A), ...turnOf(0, 20), ...turnOf(1, 30), woke('wait', 30, A, e.by.host),
  ];
  const told = turnsOf(recorded(events, { turnNow: wrap + 1 }))
    .map(({ number, begun }) => [number, begun]);
  assert.deepEqual(told, [[wrap - 1, false], [wrap, true], [wrap + 1, true], [wrap + 2, false]]);
  const nobodySays = recorded(turnOf(9, 1), { turnNow: 0 });
  assert.equal(nobodySays.turn(0).number, 9);
  assert.equal(recorded([]).turnCount, 0);
});

test('a number whose lower half is known is the greatest that fits', () => {
  assert.equal(latest(5, 6), 5);
  assert.equal(latest(5, 5), 5, 'there is none');
  assert.equal(latest(5, 2 ** 32 + 5), 5);
  assert.equal(latest(0xffffffff, 2 ** 32 + 5), 0xffffffff);
  assert.equal(latest(4, 2 ** 33 + 5), 2 ** 33 + 4);
});

test('a second wait, or what the host did behind a turn, begins another one', () => {
  const events = [
    ...turnOf(1, 1),
    e.event('wait', 2, 0, e.waited(0)),
    woke('wait', 2, A, e.by.host),
    e.event('wait', 3, 5, e.waited(1)),
    e.event('io', 8, 0, e.turn(3)),
  ];
  const turns = turnsOf(recorded(events, { turnNow: 3 }));
  assert.deepEqual(turns.map(({ number, begun, wait }) => [number, begun, wait.at_ns]),
    [[1, true, 1], [2, false, 2], [3, true, 3]]);
  assert.equal(turns[1].steps[0].work.type, 'host');
});

test('what is left of a turn behind a gap is numbered by what follows', () => {
  const recording = recorded(turnOf(1, 1));
  const bytes = e.encode([ran(70, A), ...turnOf(9, 80)]);
  recording.append({ first: 40, lost: 38, turnNow: 9, bytes });
  assert.deepEqual(turnsOf(recording).map(({ number, begun }) => [number, begun]),
    [[1, true], [8, false], [9, true]]);
  assert.deepEqual([recording.lost, recording.torn, recording.next], [38, 0, 43]);
});

test('a span goes from the oldest beginning to the newest end', () => {
  const recording = recorded([
    e.event('wait', 7, 0, e.woke(e.call(), e.by.host)),
    e.event('wait', 5, 20, e.waited(0)),
    // So late was the timer: no length.
    e.event('wait', 25, 9_000, e.woke(e.call(), e.by.timer())),
    e.event('wait', 25, 15, e.published(1)),
  ], { first: 7, lost: 6, torn: 1 });
  assert.deepEqual([recording.beginNs, recording.endNs], [5, 40]);
  assert.deepEqual([recording.first, recording.lost, recording.torn, recording.isCut],
    [7, 6, 1, true]);
  assert.deepEqual([recorded([]).beginNs, recorded([]).endNs, recorded([]).isCut], [0, 0, false]);
});

test('a turn is found by its time, and each of its phases has one', () => {
  const events = [];
  for (let turn = 1; turn <= 100; turn += 1) {
    const at = 1_000 * turn;
    events.push(e.event('wait', at, 300, e.waited(1)), e.event('io', at + 300, 0, e.turn(turn)));
    events.push(woke('io', at + 300, A, e.by.source(1)));
    events.push(e.event('io', at + 300, 50, e.served(1)), ran(at + 350, A), ran(at + 400, B));
    events.push(e.event('finish', at + 500, 7, e.published(0)));
  }
  const recording = recorded(events, { turnNow: 100 });
  const [first, second, last] = [1_000, 2_000, 100_999].map((ns) => recording.turnIndexAt(ns));
  assert.deepEqual([first, second, last], [0, 1, 99]);
  assert.deepEqual([recording.turnIndexAt(-1), recording.turnIndexAt(1e12)], [0, 99]);
  assert.deepEqual(recording.turnNumbers(), { first: 1, last: 100 });
  assert.deepEqual(recording.phaseTimes(41), {
    wait: 300, io: 50, timers: 0, deferred: 0, run: 20, flush: 0, render: 0, finish: 7,
  });
});

test('runs and wakes of a span of time are those that reach into it', () => {
  const recorder = recorded([
    ...turnOf(1, 0),
    woke('io', 0, A, e.by.source(1)),
    woke('run', 10, B, e.by.item(A)),
    ran(10, A),
    ran(20, B),
    e.event('run', 30, 10, e.ran(A, 'stale')),
    woke('run', 40, A, e.by.thread),
  ]);
  const runs = (from, to) => {
    const seen = [];
    recorder.eachRun(from, to, (at, took, item, outcome, number) => {
      seen.push([at, took, item.key, outcome, number]);
    });
    return seen;
  };
  assert.deepEqual(runs(15, 25), [[10, 10, '#1.1', 'pending', 4], [20, 10, '#2.2', 'pending', 5]]);
  assert.deepEqual(runs(35, 36), [[30, 10, '#1.1', 'stale', 6]]);
  assert.deepEqual(runs(41, 99), []);
  const wakes = [];
  recorder.eachWake(15, 25, ({ number, run_at_ns: run }) => wakes.push([number, run]));
  assert.deepEqual(wakes, [[2, 10], [3, 20]], 'they led into the span');
  recorder.eachWake(40, 40, (wake) => wakes.push([wake.number, wake.run_at_ns, wake.by.type]));
  assert.deepEqual(wakes.at(-1), [7, null, 'thread']);
});
