// Tests of wait chains: why a task does not run.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { whyWaits } from '../../../inspector/page/model/index.js';

const id = (index) => `#${index}.${index}`;
const task = (index, waits = [], more = {}) => ({
  id: id(index), name: `t${index}`, state: 'waiting', waits, wakers: 0, awaits: null, ...more,
});
const joins = (index) => ({
  operation: 'join', of: `task ${id(index)}`, on: { kind: 'task', id: id(index) }, at: 'a.rs:1',
});
const sleeps = (at_ns) => (
  { operation: 'sleep', of: 'a timer', on: { kind: 'timer', at_ns }, at: 'a.rs:2' });

const SOURCES = [{ id: '4#1', name: 'tcp 4', kind: 'tcp', descriptor: 9 }];
const why = (...tasks) => whyWaits({ clock_ns: 1_000, sources: SOURCES, tasks }, '#0.0');
const texts = (told) => told.lines.map(({ depth, text }) => '  '.repeat(depth) + text);

test('a task that does not wait says what it does', () => {
  const says = (state) => texts(why(task(0, [], { state })))[0];
  assert.equal(says('running'), '#0.0 `t0` is running');
  assert.equal(says('ready'), '#0.0 `t0` is ready: it stands in line');
  assert.equal(says('aborted'), '#0.0 `t0` was aborted: it stands in line to be dropped');
  assert.equal(says('finished'), '#0.0 `t0` has ended: its result was not taken yet');
  const [line] = why().lines;
  assert.deepEqual([line.depth, line.tasks, line.end, line.keys], [0, ['#0.0'], 'ended', ['#0.0']]);
  assert.equal(line.text, '#0.0 has ended, or never was');
});

test('a wait is followed until something could end it', () => {
  const reads = {
    operation: 'read', of: 'tcp 4', on: { kind: 'source', id: '4#1' }, at: 'a.rs:3',
  };
  const told = why(task(0, [joins(1)]), task(1, [joins(2)]), task(2, [reads]));
  const [line] = told.lines;
  assert.equal(line.text,
    '#0.0 `t0` joins #1.1 `t1` joins #2.2 `t2`, which waits: read of descriptor 9 (tcp 4) at '
    + 'a.rs:3');
  assert.deepEqual([line.end, line.tasks], ['source', ['#0.0', '#1.1', '#2.2']]);
  assert.deepEqual(line.keys, ['#0.0', '#1.1', '#2.2', 'source 4']);
  assert.equal(told.isCycle, false);
});

test('a leaf says what it waits for', () => {
  const leaf = (wait) => texts(why(task(0, [wait])))[0];
  assert.equal(leaf(sleeps(null)), '#0.0 `t0` waits: sleep of a timer that is never due at a.rs:2');
  assert.equal(leaf(sleeps(900)), '#0.0 `t0` waits: sleep of a timer that is due at a.rs:2');
  assert.equal(leaf(sleeps(3_000)), '#0.0 `t0` waits: sleep of a timer due in 2.0 us at a.rs:2');
  const call = { operation: 'call', of: 'another thread', on: { kind: 'thread' }, at: null };
  assert.equal(leaf(call), '#0.0 `t0` waits: call by another thread');
  assert.equal(leaf({ ...call, of: 'a name' }), '#0.0 `t0` waits: call of a name');
  const scope = { operation: 'scope', of: '3 tasks', on: { kind: 'tasks', count: 3 }, at: null };
  assert.equal(leaf(scope), '#0.0 `t0` waits: scope of 3 tasks');
  const on = { kind: 'job', number: 7 };
  const job = { operation: 'offload', of: 'job `export`, running', on, at: 'a.rs:4' };
  const [line] = why(task(0, [job])).lines;
  assert.deepEqual([line.end, line.keys], ['job', ['#0.0', 'job 7']]);
  assert.equal(line.text, '#0.0 `t0` waits: offload of job `export`, running at a.rs:4');
  const jobs = [{ number: 7, name: 'export', state: 'running', for_ns: 3_200_000_000 }];
  const [known] = whyWaits({ clock_ns: 0, jobs, tasks: [task(0, [job])] }, '#0.0').lines;
  assert.equal(known.text,
    '#0.0 `t0` waits: offload of job `export`, running for 3.200 s at a.rs:4');
  const foreign = (more) => texts(why(task(0, [], more)))[0];
  const ours = '#0.0 `t0` waits: a leaf that isn\'t ours';
  assert.equal(foreign({}), `${ours}; nobody holds a waker of it`);
  assert.equal(foreign({ awaits: 'b.rs:7', wakers: 1 }),
    `${ours}, last at b.rs:7; a clone of its waker is held`);
  assert.equal(foreign({ wakers: 4 }), `${ours}; 4 clones of its waker are held`);
});

test('several waits have a line each, and a task is followed once', () => {
  const told = why(task(0, [joins(1), sleeps(3_000), joins(2)]), task(1, [joins(2)]),
    task(2, [sleeps(null)]));
  assert.deepEqual(texts(told), [
    '#0.0 `t0` waits for 3 things:',
    '  joins #1.1 `t1` joins #2.2 `t2`, which waits: sleep of a timer that is never due at a.rs:2',
    '  sleep of a timer due in 2.0 us at a.rs:2',
    '  joins #2.2 `t2`: told above',
  ]);
  assert.deepEqual(told.lines.map(({ end }) => end), ['several', 'timer', 'timer', 'told']);
  assert.deepEqual(told.lines[1].tasks, ['#1.1', '#2.2']);
});

test('tasks that wait for each other are a cycle', () => {
  const closed = why(task(0, [joins(1)]), task(1, [joins(0)]));
  const chain = '#0.0 `t0` joins #1.1 `t1` joins #0.0 `t0`: a cycle,';
  assert.deepEqual([texts(closed), closed.isCycle], [[`${chain} nothing can end it`], true]);
  const held = why(task(0, [joins(1)]), task(1, [joins(0)], { wakers: 1 }));
  assert.deepEqual(texts(held), [`${chain} only what else they wait for ends it`]);
});

test('a chain of thousands is cut and says so', () => {
  const tasks = Array.from({ length: 3_000 }, (_, index) => task(index, [joins(index + 1)]));
  const told = why(...tasks);
  assert.deepEqual([told.lines.length, told.lines[0].end, told.lines[0].tasks.length],
    [1, 'too far', 1_000]);
  const wide = why(task(0, Array.from({ length: 1_200 }, () => sleeps(null))));
  assert.deepEqual([wide.lines.length, wide.lines.at(-1).text], [1_002, 'and 200 more']);
});
