// Random histories against what must hold of all of them. A failure prints the seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  Moments, Names, Recording, readFile, tellTurn, whyRan, writeFile,
} from '../../../inspector/page/model/index.js';
import { causes, item, recorded, turnsOf } from './common.mjs';
import * as e from './encode.mjs';
import { likely } from './likely.mjs';
import { arrows, cut } from './naive.mjs';

const SEEDS = Number(process.env.SEEDS ?? 60);

function forSeeds(check) {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      check(seed, e.random(seed));
    } catch (error) {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
}

/** Events of all kinds in any order: no loop writes these. */
function wild(random, count) {
  const below = (end) => Math.floor(random() * end);
  const of = (list) => list[below(list.length)];
  const items = [
    ...[1, 2, 3].map((index) => e.task(index)), e.call(), e.call(3), e.entry('callback', 2, 5),
  ];
  const who = () => of([
    e.by.item(of(items)), e.by.item(of(items)), e.by.source(below(3)), e.by.timer(below(2)),
    e.by.phase('io'), e.by.thread, e.by.host,
  ]);
  const what = () => of([
    () => e.waited(below(2)), () => e.turn(below(50)), () => e.served(below(2)),
    () => e.published(below(2)), () => e.ran(of(items)), () => e.ran(of(items), 'finished'),
    () => e.ran(of(items), 'stale'),
    () => e.woke(of(items), who()), () => e.woke(of(items), who()), () => e.woke(of(items), who()),
    () => e.wokeAgain(of(items), who()), () => e.born(e.task(1 + below(3)), who()),
  ])();
  const phases = ['wait', 'io', 'run', 'run', 'run', 'finish'];
  let now = 100;
  return Array.from({ length: count }, () => {
    now += below(4) - 1;
    return e.event(of(phases), now, below(3), what());
  });
}

/** A likely history, or a wild one. */
function history(seed, random) {
  if (seed % 2 === 0) return { events: wild(random, 400), turnNow: 2 ** 33 + 60 };
  return likely(seed, 400, { tasks: 6 });
}

test('turns and arrows are those of the naive model', () => forSeeds((seed, random) => {
  const { events, turnNow } = history(seed, random);
  const first = Math.floor(random() * 100);
  const recording = recorded(events, { first, turnNow });
  const expected = cut(events, first, turnNow);
  const steps = turnsOf(recording).map((turn) => turn.steps.map((step) => [
    step.phase, step.at_ns, step.work.type, step.work.item?.key, step.work.count ?? 0,
    step.wakes.map((wake) => wake.number),
  ]));
  assert.deepEqual(steps, expected.map((turn) => turn.steps.map((step) => [
    step.phase, step.at, step.type, step.item === null ? undefined : item(step.item).key,
    step.count ?? 0, step.wakes,
  ])));
  if (seed % 2 === 1) {
    assert.deepEqual(turnsOf(recording).map(({ number }) => number),
      expected.map(({ number }) => number));
  }
  assert.deepEqual(turnsOf(recording).map(({ at_ns, begun, wait }) => [at_ns, begun, wait?.at_ns]),
    expected.map(({ at, begun, wait }) => [at, begun, wait ?? undefined]));
  const naive = [...arrows(expected, events, first)].sort(([one], [other]) => one - other);
  assert.deepEqual(causes(recording), naive.map(([, wake]) => wake));
  for (const [run, wake] of naive) {
    if (wake >= 0) assert.equal(recording.arrows.runOf(wake), run, `wake ${wake}`);
  }
}));

test('appending in any chunks gives the same', () => forSeeds((seed, random) => {
  const { events, turnNow } = history(seed, random);
  const whole = recorded(events, { first: 7, turnNow });
  const parts = new Recording();
  for (let at = 0; at < events.length;) {
    const size = 1 + Math.floor(random() * 30);
    // Some come twice.
    const from = Math.max(0, at - Math.floor(random() * 3));
    const bytes = e.encode(events.slice(from, at + size));
    parts.append({ first: 7 + from, lost: 0, turnNow, bytes });
    at += size;
  }
  assert.deepEqual(turnsOf(parts), turnsOf(whole));
  assert.deepEqual(causes(parts), causes(whole));
  assert.deepEqual([parts.first, parts.next, parts.lost], [7, 7 + events.length, 0]);
  assert.deepEqual(parts.events.bytes(), whole.events.bytes());
}));

test('a full ring keeps the newest and counts the lost', () => forSeeds((seed, random) => {
  const { events, turnNow } = history(seed, random);
  const eventsMax = 1 + Math.floor(random() * 150);
  const ring = new Recording({ eventsMax });
  for (let at = 0; at < events.length; at += 40) {
    ring.append({ first: at, turnNow, bytes: e.encode(events.slice(at, at + 40)) });
    assert.ok(ring.length <= eventsMax);
    assert.equal(ring.first + ring.length, ring.next);
    assert.equal(ring.lost, ring.first);
  }
  assert.equal(ring.length, Math.min(eventsMax, events.length));
  assert.deepEqual(ring.events.bytes(), e.encode(events.slice(-eventsMax)));
  const turns = turnsOf(ring);
  const whole = turnsOf(recorded(events, { turnNow }));
  const kept = whole.slice(whole.length - turns.length);
  // The first turn may have lost its beginning; all others are whole.
  const plain = (list) => list.slice(1).map((turn) => ({ ...turn, index: 0 }));
  assert.deepEqual(plain(turns), plain(kept));
  if (turns.length > 0) assert.equal(turns[0].number, kept[0].number);
  const held = turns.flatMap((turn) => turn.steps.flatMap((step) => step.wakes));
  assert.ok(held.every((wake) => wake.number >= ring.first));
}));

test('what was lost in between is counted, and what follows is told as ever', () => {
  forSeeds((seed, random) => {
    const { events, turnNow } = likely(seed, 600, { tasks: 6 });
    const recording = new Recording({ eventsMax: 500 });
    const [begin, end] = [0, 1].map(() => Math.floor(random() * 300)).sort((a, b) => a - b);
    recording.append({ first: 0, turnNow, bytes: e.encode(events.slice(0, begin)) });
    const lost = begin === 0 ? 0 : end - begin;
    recording.append({ first: end, lost, turnNow, bytes: e.encode(events.slice(end)) });
    const dropped = Math.max(0, events.length - 500);
    // Holes were counted when they were left.
    const holes = begin === 0 ? 0 : Math.max(0, end - Math.max(begin, dropped));
    const gone = begin === 0 ? Math.max(0, events.length - end - 500) : dropped + holes;
    assert.equal(recording.lost, gone);
    assert.equal(recording.next, events.length);
    const after = cut(events.slice(end), end, turnNow).slice(1);
    const told = turnsOf(recording).slice(-after.length);
    const shape = ({ number, steps }) => [number, steps.length];
    if (dropped <= end) assert.deepEqual(told.map(shape), after.map(shape));
    for (const run of causes(recording)) assert.ok(run < 0 || run >= recording.first);
  });
});

test('a moment is what a fold from the beginning gives', () => forSeeds((seed, random) => {
  const { events, turnNow } = likely(seed, 2_500, { tasks: 6 });
  const recording = recorded(events, { turnNow });
  const moments = new Moments(recording);
  assert.ok(moments.frames.length >= 2, 'there are frames');
  for (let nth = 0; nth < 60; nth += 1) {
    const event = events[Math.floor(random() * events.length)];
    const ns = event.at_ns + (random() < 0.5 ? Math.floor(random() * 1_000) : 0);
    const moment = moments.at(ns);
    const expected = naiveMoment(events, ns);
    assert.deepEqual(moment.ready.map(({ key }) => key), expected.ready, `ready at ${ns}`);
    assert.equal(moment.running?.key, expected.running, `running at ${ns}`);
    const states = [...moment.tasks].map(([key, { state }]) => `${key} ${state}`).sort();
    assert.deepEqual(states, expected.tasks, `tasks at ${ns}`);
  }
}));

/** The state after all events that had ended by then, with what was under way. */
function naiveMoment(events, ns) {
  const endOf = ({ kind, at_ns, took_ns }) => at_ns + ([1, 3, 4, 8].includes(kind) ? took_ns : 0);
  const ready = [];
  const tasks = new Map();
  const leave = ({ subject, phase }) => {
    const isIt = subject >> 60n === 3n ? (other) => other >> 60n === 3n
      : (other) => other === subject;
    const at = phase === 'run' ? ready.findIndex(isIt) : -1;
    if (at >= 0) ready.splice(at, 1);
  };
  const next = events.findIndex((event) => endOf(event) > ns);
  for (const event of next < 0 ? events : events.slice(0, next)) {
    const { kind, subject, outcome } = event;
    const isTask = subject >> 60n === 1n;
    if (kind === 5 || kind === 7) {
      ready.push(subject);
      if (isTask && !tasks.has(subject)) tasks.set(subject, 'waiting');
    } else if (kind === 3) {
      leave(event);
      const state = [1, 2, 3].includes(outcome) ? 'done' : 'waiting';
      if (isTask && outcome !== 5) tasks.set(subject, state);
    }
  }
  const current = events[next];
  const runs = current?.kind === 3 && current.at_ns <= ns ? current : null;
  if (runs) leave(runs);
  for (const [task, state] of tasks) {
    if (state === 'waiting' && ready.includes(task)) tasks.set(task, 'ready');
  }
  if (runs && runs.subject >> 60n === 1n) tasks.set(runs.subject, 'running');
  return {
    ready: ready.map((entry) => item(entry).key),
    running: runs ? item(runs.subject).key : undefined,
    tasks: [...tasks].map(([task, state]) => `${item(task).key} ${state}`).sort(),
  };
}

test('a moment of a ring that goes on is that of the events it holds', () => {
  forSeeds((seed, random) => {
    const { events, turnNow } = likely(seed, 6_000, { tasks: 6 });
    const recording = new Recording({ eventsMax: 2_000 });
    const moments = new Moments(recording);
    for (let at = 0; at < events.length; at += 500) {
      recording.append({ first: at, turnNow, bytes: e.encode(events.slice(at, at + 500)) });
      const ns = recording.endNs - Math.floor(random() * 2_000);
      const expected = naiveMoment(events.slice(0, at + 500), ns);
      assert.deepEqual(moments.at(ns).ready.map(({ key }) => key), expected.ready);
      assert.ok(moments.frames.every((frame) => frame.next >= recording.first));
    }
  });
});

/** Events that are none, or make no sense; known kinds and phases are likely, and small times. */
function garbage(random) {
  return Uint8Array.from({ length: Math.floor(random() * 4_000) }, (_, at) => {
    if (at % 32 === 23) return Math.floor(random() * 10);
    if (at % 32 === 15) return 1 + Math.floor(random() * 9) + 16 * Math.floor(random() * 4);
    return at % 32 >= 2 && at % 32 < 8 ? 0 : Math.floor(random() * 256);
  });
}

/** Asks for all that there is. Gives how many sentences were told. */
function askAll(recording, names, moments) {
  let sentences = 0;
  for (let index = 0; index < recording.turnCount; index += 1) {
    for (const { text } of tellTurn(recording, names, index).sentences) {
      assert.ok(!/undefined|NaN|null|\[object/.test(text), text);
      sentences += 1;
    }
    recording.phaseTimes(index);
  }
  recording.eachRun(0, Infinity, () => {});
  recording.eachWake(0, Infinity, ({ item: woken }) => {
    whyRan(recording, names, woken.key);
  });
  for (const ns of [-1, 0, 1e4, 1e5, recording.endNs, Infinity]) moments.at(ns);
  return sentences;
}

test('garbage never throws, and what can be read of it is told', () => forSeeds((seed, random) => {
  const recording = new Recording({ eventsMax: 300 });
  const names = new Names();
  const moments = new Moments(recording);
  let sentences = 0;
  for (let round = 0; round < 8; round += 1) {
    const { next } = recording;
    const first = [NaN, -5, 1e300, 3.5, next, next + 9, 2 ** 53 - 2, 2 ** 40][round];
    const lost = random() < 0.5 ? -1 : NaN;
    recording.append({ first, lost, turnNow: random() * 1e9, bytes: garbage(random) });
    assert.ok(recording.length <= 300);
    sentences += askAll(recording, names, moments);
  }
  assert.ok(recording.torn > 0 && sentences > 0);
  const again = readFile(writeFile({ recording, names }));
  assert.deepEqual(again.recording.events.bytes(), recording.events.bytes());
}));
