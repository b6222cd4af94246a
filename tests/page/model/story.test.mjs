// Tests of the story, sentence by sentence. Most are those of story.rs and of its parts.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Names, stopsOf, tellMissing, tellTurn } from '../../../inspector/page/model/index.js';
import { firstGroup, more, timersDue } from '../../../inspector/page/model/story/group.js';
import { item, recorded, told } from './common.mjs';
import * as e from './encode.mjs';

const A = e.task(1);
const BEGIN = [e.event('wait', 0, 2_000, e.waited(0)), e.event('io', 0, 0, e.turn(1))];
const now = (entry, phase, turn) => ({ item: item(entry), phase, turn });

test('a late timer says how late, and an idle turn that it was idle', () => {
  const late = [...BEGIN, e.event('timers', 0, 2_500_000, e.woke(A, e.by.timer()))];
  const sentence = 'waited 2.0 us, until the timer was 2.500 ms late; it woke task #1.1.';
  assert.deepEqual(told(recorded(late)), [sentence]);
  assert.deepEqual(told(recorded(BEGIN)), ['waited 2.0 us.', 'nothing was ready.']);
});

test('who looked is why the loop woke if nothing else is', () => {
  const turn = (asked) => recorded([...BEGIN, e.event('finish', 0, 3_000, e.published(asked))]);
  const looked = 'waited 2.0 us, until somebody looked.';
  assert.deepEqual(told(turn(1)), [looked, 'a snapshot was made for who looked, in 3.0 us.']);
  assert.deepEqual(told(turn(2)), [looked, 'a snapshot was made for 2 who looked, in 3.0 us.']);
  const time = 'it was time for a snapshot, which took 3.0 us.';
  assert.deepEqual(told(turn(0)), ['waited 2.0 us.', time, 'nothing was ready.']);
});

test('timers of one place that are due together are told together', () => {
  const due = (index, late_ns) => (
    e.event('timers', 0, late_ns, e.woke(e.task(index), e.by.timer())));
  const three = recorded([...BEGIN, due(1, 10), due(2, 20), due(3, 1_500_000)]);
  assert.deepEqual(told(three), [
    'waited 2.0 us, until 2 timers were due; they woke task #1.1 and woke task #2.2.',
    'the timer was 1.500 ms late and woke task #3.3.',
  ]);
});

test('a long list is cut and counted', () => {
  const wakes = Array.from({ length: 12 }, (_, index) => (
    e.event('run', 0, 0, e.wokeAgain(e.task(index), e.by.item(A)))));
  const run = e.event('run', 0, 41_000, e.ran(A, 'finished'));
  const [first, second] = told(recorded([...wakes, run]));
  assert.equal(first, 'its beginning is not recorded.');
  assert.ok(second.startsWith('task #1.1 ran 41.0 us, woke task #0.0, which was awake'), second);
  assert.ok(second.endsWith('woke 4 more, and finished.'), second);
});

test('a wake of a task that has ended says so, also where it ended turns ago', () => {
  const turn = (number, phase, ...all) => [
    e.event('wait', number, 0, e.waited(0)), e.event('io', number, 0, e.turn(number)),
    ...all.map((what) => e.event(phase, number, 0, what)),
  ];
  const again = e.wokeAgain(A, e.by.item(e.task(2)));
  const recording = recorded([
    ...turn(1, 'run', again, e.ran(e.task(2)), e.ran(A, 'finished'), again, e.ran(e.task(2))),
    ...turn(2, 'run', again, e.ran(e.task(2))),
  ], { turnNow: 2 });
  const ran = (why) => `task #2.2 ran 0 ns, woke task #1.1, which ${why}, and waits (Pending).`;
  const finished = 'task #1.1 ran 0 ns and finished.';
  assert.deepEqual(told(recording),
    ['did not wait.', ran('was awake already'), finished, ran('had ended')]);
  assert.deepEqual(told(recording, 1), ['did not wait.', ran('had ended')]);
});

test('a sentence says whom it mentions', () => {
  const names = new Names();
  names.addPlaces({ 7: 'src/x.rs:12' });
  const events = [
    ...BEGIN, e.event('timers', 0, 0, e.woke(A, e.by.timer(7))),
    e.event('io', 0, 0, e.woke(e.task(2), e.by.source(4))),
    e.event('run', 0, 0, e.born(e.task(3), e.by.item(A), 7)),
    e.event('run', 0, 0, e.woke(e.call(7), e.by.item(A))),
    e.event('run', 0, 0, e.ran(A, 'panicked')),
  ];
  const { sentences } = tellTurn(recorded(events), names, 0);
  assert.deepEqual(sentences, [
    {
      text: 'waited 2.0 us, until the timer of src/x.rs:12 was due; it woke task #1.1.',
      keys: ['timer src/x.rs:12', '#1.1'],
      at_ns: 0,
      number: 0,
    },
    {
      text: 'source 4 (gone) became ready and woke task #2.2.',
      keys: ['source 4', '#2.2'],
      at_ns: 0,
      number: 3,
    },
    {
      text: 'task #1.1 ran 0 ns, left a call, spawned task #3.3 at src/x.rs:12, and panicked.',
      keys: ['#1.1', '#3.3'],
      at_ns: 0,
      number: 6,
    },
  ]);
});

test('a sentence has the instant and the event of what it tells of', () => {
  const recording = recorded([
    e.event('wait', 10, 0, e.woke(A, e.by.host)),
    e.event('wait', 20, 5, e.waited(0)),
    e.event('io', 25, 0, e.turn(1)),
    e.event('io', 25, 0, e.woke(e.task(2), e.by.source(4))), e.event('io', 26, 4, e.served(1)),
    e.event('run', 30, 10, e.ran(A)),
  ]);
  recording.setNow({ underWay: { item: item(e.task(2)), phase: 'run', turn: 1 }, nowNs: 90 });
  const { sentences } = tellTurn(recording, new Names(), 0);
  assert.deepEqual(sentences.map(({ at_ns }) => at_ns), [10, 20, 30, 40]);
  assert.deepEqual(sentences.map(({ number }) => number), [0, 1, 5, -1]);
  const tell = (index) => tellTurn(recording, new Names(), index);
  const stops = stopsOf(recording, 0, 'sentence', tell);
  assert.deepEqual(stops.map(({ number }) => number), [0, 1, 5], 'a step for each that has one');
});

test('corked writers are counted, and the host is told first', () => {
  const events = [
    e.event('wait', 0, 0, e.woke(A, e.by.host)), ...BEGIN,
    e.event('flush', 0, 1_000, e.served(2)),
    e.event('render', 5, 6, e.ran(e.entry('callback', 2, 5), 'called')),
  ];
  assert.deepEqual(told(recorded(events)), [
    'before it, the host woke task #1.1.', 'waited 2.0 us.', '2 corked writers wrote, in 1.0 us.',
    'callback #2.5 ran 6 ns in phase render.',
  ]);
});

test('of a hundred that ran alike four are told and the others counted', () => {
  const ran = (index, took, outcome = 'pending') => (
    e.event('run', 0, took, e.ran(e.task(index), outcome)));
  const events = Array.from({ length: 100 }, (_, index) => ran(index, 120));
  events[70] = ran(70, 900);
  events[30] = ran(30, 2_000, 'panicked');
  events.splice(50, 0, e.event('run', 0, 0, e.woke(e.task(7), e.by.item(e.task(50)))));
  assert.deepEqual(told(recorded([BEGIN[1], ...events])), [
    'task #0.0 ran 120 ns and waits (Pending).',
    'task #1.1 ran 120 ns and waits (Pending).',
    'task #30.30 ran 2.0 us and panicked.',
    'task #50.50 ran 120 ns, woke task #7.7, and waits (Pending).',
    'task #70.70 ran 900 ns and waits (Pending).',
    '95 more tasks ran 11.4 us in all (the longest 120 ns: task #2.2) and wait (Pending).',
  ]);
});

test('as many as can be read are told and none counted', () => {
  const some = (count) => told(recorded([BEGIN[1], ...Array.from({ length: count }, (_, index) => (
    e.event('run', 0, 0, e.ran(e.task(index), 'finished'))))]));
  assert.equal(some(6).length, 6);
  assert.deepEqual(some(7).slice(4), ['3 more tasks ran 0 ns in all and finished.']);
});

test('whom the others woke is counted', () => {
  const wakes = (whom) => {
    const events = Array.from({ length: 20 }, (_, index) => [
      e.event('run', 0, 0, e.woke(e.task(whom(index)), e.by.item(e.task(index)))),
      e.event('run', 0, 10, e.ran(e.task(index))),
    ]);
    return told(recorded([BEGIN[1], ...events.flat()])).at(-1);
  };
  const ran = '16 more tasks ran 160 ns in all (the longest 10 ns: task #4.4)';
  assert.equal(wakes((index) => index), `${ran}, woke themselves, and are ready again (Pending).`);
  assert.equal(wakes((index) => index + 100), `${ran}, woke 16 items, and wait (Pending).`);
  assert.equal(wakes((index) => (index < 10 ? index : 100 + index)),
    `${ran}, woke 16 items, and wait (Pending), 6 of them ready again.`);
});

test('timers that are late together are one reason and say how late', () => {
  const timer = (late_ns) => ({ by: { type: 'timer', place: e.UNKNOWN }, late_ns });
  const wakes = [timer(10), timer(1_500_000), timer(3_000_000), timer(2_000_000)];
  assert.equal(firstGroup(wakes).length, 1);
  const late = firstGroup(wakes.slice(1));
  assert.deepEqual([late.length, timersDue(late)], [3, '1.500 ms to 3.000 ms late']);
  assert.equal(timersDue(wakes.slice(1, 2)), '1.500 ms late');
  assert.equal(more(wakes), '4 more timers were due');
});

test('what is left out is counted by reason', () => {
  const source = (index) => ({ by: { type: 'source', index, generation: 0 }, late_ns: 0 });
  assert.equal(more([source(1), source(1), source(2)]), '2 more sources became ready');
  assert.equal(more([source(1), { by: { type: 'thread' }, late_ns: 0 }]), '2 more reasons came');
});

test('of many reasons of one step the last ones are counted', () => {
  const wakes = Array.from({ length: 9 }, (_, index) => (
    e.event('io', 0, 0, e.woke(e.task(index), e.by.source(index)))));
  const sentences = told(recorded([...BEGIN, ...wakes]));
  assert.equal(sentences.length, 8, 'one with the wait, six, and the others');
  assert.equal(sentences.at(-1), '2 more sources became ready and woke 2 items.');
});

test('a turn in which recording was switched off is not told as idle', () => {
  const off = 'recording was switched off in it: what it did is not recorded.';
  const isTold = (turns, isOff, torn) => {
    const events = turns.flatMap((number) => (
      [e.event('wait', 0, 0, e.waited(0)), e.event('io', 0, 0, e.turn(number))]));
    const recording = recorded(events, { torn, turnNow: 20 });
    recording.setNow({ isOff });
    return turns.map((_, index) => told(recording, index)[1] === off);
  };
  assert.deepEqual(isTold([7, 8], false, 0), [false, false]);
  assert.deepEqual(isTold([7, 8], true, 0), [false, true]);
  // It was switched on again some turns later.
  assert.deepEqual(isTold([7, 9, 10], false, 0), [true, false, false]);
  assert.deepEqual(isTold([7, 9, 10], false, 1), [false, false, false], 'they may be torn ones');
});

test('what has not come back is told, and its turn was not idle', () => {
  const tell = (events, underWay, nowNs) => {
    const recording = recorded(events, { turnNow: 7 });
    recording.setNow({ underWay, nowNs });
    const { turn, sentences } = tellTurn(recording, new Names(), recording.turnCount - 1);
    assert.equal(turn, 7);
    return sentences.map(({ text }) => text);
  };
  const begin = [e.event('wait', 4, 0, e.waited(0)), e.event('io', 5, 0, e.turn(7))];
  const runs = now(A, 'run', 7);
  const nowNs = 2_000_000_005;
  const lasts = 'task #1.1 has been running for 2.000 s and has not come back.';
  assert.deepEqual(tell(begin, runs, nowNs), ['did not wait.', lasts]);
  const made = 'phase finish has been running for 2.000 s and has not come back.';
  assert.equal(tell(begin, now(e.entry('nothing'), 'finish', 7), nowNs)[1], made);
  // Nobody knows what time it is; nothing of the turn was recorded.
  const since = 'task #1.1 has been running since turn 7 and has not come back.';
  assert.equal(tell(begin, runs, 0)[1], since);
  assert.deepEqual(tell([e.event('io', 1, 0, e.turn(3))], runs, nowNs), [since]);
  assert.deepEqual(tell([], runs, nowNs), [since]);
  // What it woke so far is its own; behind its run it is the microtasks'.
  const woke = e.event('run', 5, 0, e.woke(A, e.by.item(A)));
  const itself = 'task #1.1 has been running for 2.000 s, woke itself, and has not come back.';
  assert.deepEqual(tell([...begin, woke], runs, nowNs), ['did not wait.', itself]);
  const after = 'the microtasks after task #1.1 have been running for 2.000 s and have not come '
    + 'back.';
  assert.equal(tell([...begin, e.event('run', 5, 0, e.ran(A))], runs, nowNs)[2], after);
  // To wait, or to be outside of turns, is nothing that it could not come back from.
  assert.deepEqual(tell(begin, now(e.entry('nothing'), 'wait', 7), nowNs),
    ['did not wait.', 'nothing was ready.']);
});

test('what is missing is told', () => {
  const events = [e.event('io', 1, 0, e.turn(3))];
  assert.equal(tellMissing(recorded(events)), null);
  assert.equal(tellMissing(recorded(events, { first: 12, lost: 11, torn: 1 })),
    '12 events came before these; 1 of the last ones could not be read.');
});
