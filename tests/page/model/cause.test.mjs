// Tests of the causes: why a task ran, in sentences. Most are those of cause.rs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Names, whyRan } from '../../../inspector/page/model/index.js';
import { item, recorded } from './common.mjs';
import * as e from './encode.mjs';

const [A, B] = [e.task(1), e.task(2)];
const names = new Names();
const byA = e.woke(B, e.by.item(A));

const history = (all, lost = 0) => (
  recorded(all.map((what) => e.event('run', 0, 0, what)), { first: lost, lost }));
const texts = ({ steps }) => steps.map(({ text }) => text);

test('a walk ends at the recording\'s beginning and says what was lost', () => {
  const causes = whyRan(history([byA, e.ran(A), e.ran(B)], 7), names, '#2.2');
  assert.equal(causes.origin, 'unrecorded');
  assert.deepEqual(texts(causes), [
    'task #2.2 ran in turn 1 because task #1.1 woke it in turn 1',
    'task #1.1 ran in turn 1 because of something before the recording\'s beginning, of which 7 '
      + 'events were lost',
  ]);
  assert.deepEqual(causes.steps[0].keys, ['#2.2', '#1.1']);
  // The run that made the wake is missing.
  const cut = history([byA, e.ran(B)]);
  const missing = whyRan(cut, names, '#2.2');
  assert.equal(missing.origin, 'unrecorded');
  assert.ok(texts(missing)[0].endsWith('; the run of task #1.1 is not recorded'));
  const never = whyRan(cut, names, '#1.1');
  assert.deepEqual([never.origin, never.closing, never.steps],
    ['never ran', 'it has not run while it was recorded', []]);
  assert.equal(whyRan(cut, names, 'nobody').origin, 'never ran');
});

test('a run is told with its age and length where the time is known', () => {
  const recording = recorded([e.event('run', 600_000, 1_000, e.ran(A))]);
  recording.setNow({ nowNs: 1_000_000 });
  const [{ text }] = whyRan(recording, names, '#1.1').steps;
  const said = 'task #1.1 ran in turn 1 (400.0 us ago, ran 1.0 us) because of something';
  assert.ok(text.startsWith(said), text);
});

test('a run that has not ended is told by its wake', () => {
  const why = (all, lost = 0) => {
    const recording = history(all, lost);
    recording.setNow({ underWay: { item: item(B), phase: 'run', turn: 1 } });
    return whyRan(recording, names, '#2.2');
  };
  const all = [e.turn(1), e.ran(B), byA, e.ran(A)];
  const said = 'task #2.2 has been running since turn 1, because task #1.1 woke it in turn 1';
  const whole = texts(why(all));
  assert.deepEqual([whole.length, whole[0]], [2, said]);
  assert.ok(whole[1].startsWith('task #1.1 ran in turn 1 because of something'));
  // Who woke it did so in a run that is missing.
  assert.equal(texts(why(all.slice(0, 3)))[0], `${said}; the run of task #1.1 is not recorded`);
  // It woke itself meanwhile, for the time after.
  const timer = why([e.turn(1), e.woke(B, e.by.timer()), e.woke(B, e.by.item(B))]);
  const due = 'task #2.2 has been running since turn 1, because the timer was due in turn 1';
  assert.deepEqual([texts(timer), timer.origin], [[due], 'timer']);
  // Its wake was overwritten: no earlier run is told in its place.
  const lost = why([e.ran(B), e.turn(1), e.ran(A)], 3);
  const unknown = 'task #2.2 has been running since turn 1; its wake is not recorded';
  assert.deepEqual([texts(lost), lost.origin], [[unknown], 'unrecorded']);
});

test('of two wakes the first led to the run under way', () => {
  const timer = e.event('timers', 5, 0, e.woke(A, e.by.timer()));
  const itself = e.event('run', 5, 0, e.woke(A, e.by.item(A)));
  const begin = [e.event('wait', 3, 0, e.waited(0)), e.event('io', 5, 0, e.turn(4))];
  const why = (events, turn) => {
    const recording = recorded(events, { first: 5, lost: 5, turnNow: turn });
    recording.setNow({ underWay: { item: item(A), phase: 'run', turn } });
    return whyRan(recording, names, '#1.1');
  };
  assert.equal(why([...begin, timer, itself], 4).origin, 'timer');
  assert.equal(why([...begin, timer, itself], 5).origin, 'unrecorded', 'the turn before');
  // The microtasks after the run are a part of it; the second wake is of the next one.
  const ran = e.event('run', 5, 0, e.ran(A));
  assert.equal(why([begin[1], timer, itself, ran], 4).origin, 'timer');
});

test('a wake of a microtask is traced to its item\'s run, and a walk can begin earlier', () => {
  const at = (ns, phase, what) => e.event(phase, ns, 5, what);
  const recording = recorded([
    at(10, 'io', e.turn(1)), at(10, 'io', e.woke(A, e.by.source(3))), at(20, 'run', e.ran(A)),
    at(25, 'run', byA), at(30, 'run', e.ran(B)), at(40, 'run', e.ran(A)),
  ]);
  const causes = whyRan(recording, names, '#2.2');
  assert.deepEqual(texts(causes), [
    'task #2.2 ran in turn 1 because task #1.1 woke it in turn 1',
    'task #1.1 ran in turn 1 because source 3 (gone) became ready in turn 1',
  ]);
  assert.deepEqual([causes.origin, causes.steps[1].keys], ['source', ['#1.1', 'source 3']]);
  assert.equal(whyRan(recording, names, '#1.1').origin, 'unrecorded');
  assert.equal(whyRan(recording, names, '#1.1', 39).origin, 'source');
  assert.equal(whyRan(recording, names, '#1.1', 19).origin, 'never ran');
});

test('a wake of a microtask may be told in the turn after its item\'s run', () => {
  const turn = (number, at) => [
    e.event('wait', at, 0, e.waited(0)), e.event('io', at, 0, e.turn(number))];
  const late = (turns) => {
    const recording = recorded([
      ...turn(1, 1), e.event('run', 2, 1, e.ran(A)),
      ...Array.from({ length: turns }, (_, nth) => turn(2 + nth, 3)).flat(),
      e.event('run', 3, 0, byA), e.event('run', 4, 1, e.ran(B)),
    ], { turnNow: 1 + turns });
    return whyRan(recording, names, '#2.2').steps.length;
  };
  assert.deepEqual([late(0), late(1), late(2)], [2, 2, 1]);
});

test('a walk of many thousands is given up and says so', () => {
  const again = Array.from({ length: 5_000 }, () => [e.woke(A, e.by.item(A)), e.ran(A)]);
  const causes = whyRan(history(again.flat()), names, '#1.1');
  assert.deepEqual([causes.origin, causes.steps.length], ['too far', 1_000]);
  assert.equal(causes.closing, 'and so on: 1000 steps are told');
});
