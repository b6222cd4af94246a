// Tests of what the bits of an event mean, and of how times are told.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shortTime, taskOf } from '../../../inspector/page/model/index.js';
import { recorded, item } from './common.mjs';
import * as e from './encode.mjs';

test('an event comes out as it went in', () => {
  const task = e.entry('task', 0xffffff, 0xffffffff);
  const { events } = recorded([
    e.event('wait', 5, 6, e.waited(9)),
    e.event('io', 7, 0, e.turn(0xffffffff)),
    e.event('run', 2 ** 52 + 1, 2 ** 48 - 1, e.ran(task, 'cancelled')),
    e.event('finish', 8, 0, e.born(task, e.by.source(0xffffffff, 0x0fffffff), 77)),
    e.event('timers', 9, 11, e.woke(task, e.by.timer(3))),
    e.event('flush', 10, 0, e.wokeAgain(e.call(12), e.by.phase('finish'))),
  ]);
  assert.deepEqual([events.at(0), events.took(0), events.count(0)], [5, 6, 9]);
  assert.equal(events.count(1), 0xffffffff);
  assert.deepEqual([events.at(2), events.took(2)], [2 ** 52 + 1, 2 ** 48 - 1]);
  assert.deepEqual([events.outcome(2), events.item(2)], ['cancelled', item(task)]);
  assert.equal(events.item(2).key, '#16777215.4294967295');
  assert.deepEqual([events.place(3), events.took(3), events.end(3)], [77, 0, 8]);
  const source = { type: 'source', index: 0xffffffff, generation: 0x0fffffff };
  assert.deepEqual(events.by(3), { ...source, key: 'source 4294967295' });
  assert.deepEqual([events.by(4).type, events.by(4).place, events.took(4)], ['timer', 3, 11]);
  assert.equal(events.end(4), 9, 'so late was the timer: no length');
  assert.deepEqual([events.by(5).phase, events.item(5).key], ['finish', 'call 12']);
  assert.deepEqual([1, 2, 5, 8, 3, 6].map((phase, at) => events.phase(at) === phase),
    Array(6).fill(true));
});

test('an item has a key', () => {
  const keys = [
    e.task(3, 9), e.entry('callback', 2, 5), e.call(17), e.call(), e.entry('microtask'),
    e.entry('wake'), e.entry('flush'), e.entry('observer'), e.entry('nothing'),
  ].map((entry) => item(entry).key);
  assert.deepEqual(keys, [
    '#3.9', 'callback #2.5', 'call 17', 'call', 'microtask', 'wake', 'flush', 'observer', '',
  ]);
  assert.deepEqual(taskOf('#3.9'), item(e.task(3, 9)));
  assert.equal(taskOf('callback #2.5'), null);
  assert.equal(taskOf(undefined), null);
});

test('a time has its unit', () => {
  const times = [0, 7, 41_000, 2_500_000, 1_200_000_000];
  assert.deepEqual(times.map(shortTime), ['0 ns', '7 ns', '41.0 us', '2.500 ms', '1.200 s']);
  const long = [599, 600, 7_199, 7_200, 90_000].map((seconds) => shortTime(seconds * 1e9));
  assert.deepEqual(long, ['599.000 s', '10.000 min', '119.983 min', '2.000 h', '25.000 h']);
});

test('what lies halfway is rounded to the even digit, as Rust does', () => {
  // 1.25 us is a half exactly, in doubles as well; 1.35 us is a little more or less.
  assert.deepEqual([1_250, 1_750, 1_350].map(shortTime), ['1.2 us', '1.8 us', '1.4 us']);
  assert.deepEqual([1_062_500_000, 1_187_500_000].map(shortTime), ['1.062 s', '1.188 s']);
  assert.deepEqual([4_312_500, 4_187_500].map(shortTime), ['4.312 ms', '4.188 ms']);
});
