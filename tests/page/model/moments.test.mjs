// Tests of moments: what a loop was at, at an instant.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Moments } from '../../../inspector/page/model/index.js';
import { item, recorded } from './common.mjs';
import * as e from './encode.mjs';

const [A, B] = [e.task(1), e.task(2)];
const keys = (items) => items.map(({ key }) => key);

test('a moment says what runs, what is ready and what each task is at', () => {
  const recording = recorded([
    e.event('wait', 0, 100, e.waited(1)),
    e.event('io', 100, 0, e.turn(1)),
    e.event('io', 100, 0, e.woke(A, e.by.source(1))),
    e.event('deferred', 100, 0, e.woke(e.call(7), e.by.thread)),
    e.event('deferred', 100, 10, e.served(1)),
    e.event('run', 110, 0, e.born(B, e.by.item(A), 3)),
    e.event('run', 110, 50, e.ran(A)),
    e.event('run', 160, 5, e.ran(e.call(7), 'called')),
    e.event('wait', 165, 0, e.waited(0)),
    e.event('io', 165, 0, e.turn(2)),
    e.event('run', 165, 35, e.ran(B, 'finished')),
  ], { turnNow: 2 });
  const moments = new Moments(recording);
  const states = ({ tasks }) => Object.fromEntries(
    [...tasks].map(([key, { state, since_ns }]) => [key, `${state} ${since_ns}`]));

  const waiting = moments.at(50);
  assert.deepEqual([waiting.phase, waiting.running, waiting.ready.length], ['wait', null, 0]);
  const served = moments.at(105);
  assert.deepEqual([served.phase, keys(served.ready)], ['deferred', ['#1.1', 'call 7']]);
  const runs = moments.at(120);
  assert.deepEqual([runs.phase, runs.running.key, runs.turnIndex], ['run', '#1.1', 0]);
  assert.deepEqual([keys(runs.ready), keys(runs.deferred)], [['call 7', '#2.2'], ['call 7']]);
  assert.deepEqual(states(runs), { '#1.1': 'running 110', '#2.2': 'ready 110' });
  const call = moments.at(162);
  assert.deepEqual([call.running.key, keys(call.ready)], ['call 7', ['#2.2']]);
  assert.deepEqual(states(call), { '#1.1': 'waiting 160', '#2.2': 'ready 110' });
  const end = moments.at(1_000);
  assert.deepEqual([end.phase, end.running, end.turnIndex], ['wait', null, 1]);
  assert.deepEqual(states(end), { '#1.1': 'waiting 160', '#2.2': 'done 200' });
});

test('behind the last event it is what the loop has not come back from', () => {
  const recording = recorded([e.event('io', 5, 0, e.turn(1))]);
  recording.setNow({ underWay: { item: item(A), phase: 'run', turn: 1 }, nowNs: 90 });
  const moments = new Moments(recording);
  const { phase, running, tasks } = moments.at(50);
  assert.deepEqual([phase, running.key, tasks.get('#1.1')],
    ['run', '#1.1', {
      state: 'running', since_ns: 5, hasRun: true, born: e.UNKNOWN, place: e.UNKNOWN,
    }]);
  // It has gone on.
  const bytes = e.encode([e.event('run', 5, 50, e.ran(A))]);
  recording.append({ first: 1, turnNow: 1, bytes });
  assert.deepEqual([recording.underWay, moments.at(60).running], [null, null]);
  assert.equal(moments.at(60).tasks.get('#1.1').state, 'waiting');
});

test('each task is at the place where it waits, waited last or was spawned', () => {
  const callback = e.entry('callback', 4, 9);
  const moments = new Moments(recorded([
    e.event('run', 10, 0, e.born(A, e.by.host, 3)),
    e.event('run', 10, 10, e.ran(A, 'pending', 0)),
    e.event('run', 20, 10, e.ran(callback, 'called', 7)),
    e.event('run', 30, 10, e.ran(e.call(5), 'called')),
    e.event('run', 40, 10, e.ran(A)),
    e.event('run', 50, 10, e.ran(A, 'finished')),
  ]));
  const at = (ns) => {
    const { tasks, place, rest } = moments.at(ns);
    assert.equal(tasks.get('#1.1').born, 3, 'where it was spawned');
    return [tasks.get('#1.1').place, place, rest];
  };
  assert.deepEqual(at(15), [3, 3, 0], 'it was spawned there, and will wait here');
  assert.deepEqual([15, 25].map((ns) => moments.at(ns).tasks.get('#1.1').hasRun), [false, true]);
  assert.deepEqual(at(25), [0, 7, e.UNKNOWN], 'a callback was asked for there');
  assert.deepEqual(at(35), [0, 5, e.UNKNOWN], 'a call was deferred there');
  assert.deepEqual(at(45), [0, 0, e.UNKNOWN], 'it goes on where it waited');
  assert.deepEqual(at(55), [3, 3, e.UNKNOWN], 'where it waited nobody knows');
  assert.deepEqual(at(65), [3, e.UNKNOWN, e.UNKNOWN]);
  // The same from a frame.
  const fold = moments.upTo(2);
  assert.deepEqual(fold.constructor.load(fold.recording, fold.save()).tasks, fold.tasks);
});

test('what was ready does not stay so if its run is missing', () => {
  const woke = (entry, at) => e.event('io', at, 0, e.woke(entry, e.by.thread));
  // Of the first wake's run nothing was recorded, which the run after the second one shows.
  const missing = new Moments(recorded([
    woke(A, 1), woke(A, 2), e.event('run', 3, 1, e.ran(A)), woke(B, 5),
  ]));
  assert.deepEqual(keys(missing.at(2).ready), ['#1.1', '#1.1']);
  assert.deepEqual(keys(missing.at(9).ready), ['#2.2']);
  // Events were lost, and what was ready before may have run in them.
  const recording = recorded([woke(A, 1), woke(e.call(), 1), e.event('io', 3, 0, e.turn(1))]);
  recording.append({ first: 6, lost: 3, turnNow: 1, bytes: e.encode([woke(B, 5)]) });
  const moments = new Moments(recording);
  assert.deepEqual(keys(moments.at(2).ready), ['#1.1', 'call']);
  assert.deepEqual(keys(moments.at(5).ready), ['#2.2']);
});

test('of the tasks that ended the last ones are known', () => {
  const events = [];
  for (let index = 0; index < 5_000; index += 1) {
    const task = e.task(index);
    events.push(e.event('run', 10 * index, 0, e.born(task, e.by.thread)));
    events.push(e.event('run', 10 * index, 5, e.ran(task, 'finished')));
  }
  const moments = new Moments(recorded(events));
  const { tasks } = moments.at(1e9);
  assert.ok(tasks.size >= 1_000 && tasks.size < 2_000, `${tasks.size}`);
  assert.equal(tasks.get('#4999.4999').state, 'done');
  const things = moments.frames.map((frame) => frame.index.length + frame.ready.length);
  assert.ok(things.reduce((all, more) => all + more, 0) <= events.length, 'no larger than those');
});
