// Tests of why a task did not run at an instant of the past: by what came after it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Moments, Names, stopAt, whyWaited } from '../../../inspector/page/model/index.js';
import { recorded } from './common.mjs';
import * as e from './encode.mjs';

const [A, B, C] = [e.task(1), e.task(2), e.task(3)];

const names = new Names();
names.addState({
  tasks: [{ id: '#1.1', name: 'reader' }, { id: '#2.2', name: 'child' }],
  sources: [{ id: '4#1', kind: 'tcp', descriptor: 9, name: 'tcp 4 a:80' }],
});
names.addPlaces({ 7: 'src/a.rs:7' });

/** A reader waits for a source, then a timer, then a child that it spawned, which ends. */
const recording = recorded([
  e.event('wait', 0, 1_000, e.waited(1)), e.event('io', 1_000, 0, e.turn(1)),
  e.event('io', 1_000, 0, e.woke(A, e.by.source(4, 1))),
  e.event('run', 1_010, 20, e.ran(A)),
  e.event('wait', 1_030, 2_970, e.waited(0)), e.event('io', 4_000, 0, e.turn(2)),
  e.event('timers', 4_000, 50, e.woke(A, e.by.timer(7))),
  e.event('run', 4_100, 0, e.born(B, e.by.item(A), 3)), e.event('run', 4_100, 100, e.ran(A)),
  e.event('wait', 4_200, 0, e.waited(0)), e.event('io', 4_200, 0, e.turn(3)),
  e.event('run', 4_300, 0, e.woke(A, e.by.item(B))),
  e.event('run', 4_300, 100, e.ran(B, 'finished')),
  e.event('wait', 4_400, 0, e.waited(0)), e.event('io', 4_400, 0, e.turn(4)),
  e.event('run', 4_400, 100, e.ran(A)),
  e.event('wait', 4_500, 1_500, e.waited(0)),
], { turnNow: 4 });
const moments = new Moments(recording);
const told = (ns, key = '#1.1') => whyWaited(recording, names, moments.at(ns), key);

test('who waited did so for what woke it next', () => {
  assert.deepEqual(told(500), {
    text: 'It waits for descriptor 9 (tcp 4 a:80) to become ready: that wakes it 500 ns later, '
      + 'in turn 1',
    keys: ['source 4'], next: 2,
  });
  assert.deepEqual(told(2_000), {
    text: 'It waits until the timer of src/a.rs:7 is due: that wakes it 2.0 us later, in turn 2',
    keys: ['timer src/a.rs:7'], next: 6,
  });
  assert.deepEqual(told(4_250), {
    text: 'It waits for task #2.2 `child` to end: that wakes it 50 ns later, in turn 3',
    keys: ['#2.2'], next: 11,
  });
});

test('who had been woken stood in line', () => {
  assert.deepEqual(told(4_050), {
    text: 'It stands in line: timer of src/a.rs:7 woke it 50 ns before; it runs 50 ns later, '
      + 'in turn 2',
    keys: ['timer src/a.rs:7'], next: 8,
  });
  const { text, next } = whyWaited(
    recording, names, moments.at(4_000, stopAt(recording, 6)), '#1.1',
  );
  assert.match(text, /^It stands in line: .* woke it 0 ns before; it runs 100 ns later/);
  assert.equal(next, 8);
  const before = whyWaited(recording, names, moments.at(4_000, stopAt(recording, 5)), '#1.1');
  assert.match(before.text, /^It waits until .* that wakes it 0 ns later/);
});

test('who was not there yet, ran or had ended is told so, and no reason is made up', () => {
  assert.match(told(500, '#2.2').text, /^It is not there yet: task #1.1 `reader` spawns it 3.6 us/);
  assert.equal(told(4_150).text, 'It is running');
  assert.equal(told(4_500, '#2.2').text, 'It has ended');
  const still = { text: 'Nothing wakes it up to the recording\'s end, 1.0 us later', keys: [] };
  assert.deepEqual(told(5_000), { ...still, next: null });
  assert.deepEqual(told(5_000, '#3.3'), { ...still, next: null }, `nobody knows ${C}`);
  assert.equal(told(5_000, 'source 4'), null);
});
