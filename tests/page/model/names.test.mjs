// Tests of what ids are called. Most are those of names.rs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Names } from '../../../inspector/page/model/index.js';
import { item } from './common.mjs';
import * as e from './encode.mjs';

const row = {
  loop: { number: 3, thread: 'main' },
  recorded: { ended: [{ id: '#0.0', name: 'old' }, { id: '#9.9', name: 'gone' }] },
  tasks: [{ id: '#0.0', name: '<img onerror>' }],
  sources: [
    { id: '0#3', name: 'memory 0', kind: 'memory', descriptor: null },
    { id: '4#1', name: 'tcp 4 127.0.0.1:80', kind: 'tcp', descriptor: 9 },
  ],
};

function named() {
  const names = new Names();
  names.addState(row);
  names.addPlaces({ 7: 'src/x.rs:12' });
  return names;
}

test('a name is a kind, a number and what is known', () => {
  const names = named();
  const [known, unknown] = [e.task(0), e.task(3, 7)].map((entry) => names.item(item(entry)));
  assert.deepEqual([known, unknown], ['task #0.0 `<img onerror>`', 'task #3.7']);
  assert.equal(names.task('#9.9'), 'task #9.9 `gone`', 'it ended');
  assert.equal(names.short('#0.0'), '#0.0 `<img onerror>`');
  const items = [
    e.entry('callback', 2, 5), e.call(), e.call(7), e.call(8), e.entry('microtask'),
    e.entry('wake'), e.entry('flush'), e.entry('observer'), e.entry('nothing'),
  ].map((entry) => names.item(item(entry)));
  assert.deepEqual(items, [
    'callback #2.5', 'a deferred call', 'a call deferred at src/x.rs:12', 'a deferred call',
    'a microtask', 'a waker', 'a corked writer', 'an observer', 'an item',
  ]);
  assert.equal(names.ofLoop(), 'loop 3 (main)');
  assert.equal(new Names().ofLoop(), 'loop');
});

test('a source is called by its descriptor, if it has one', () => {
  const names = named();
  const source = (index, generation) => names.source({ index, generation });
  assert.equal(source(4, 1), 'descriptor 9 (tcp 4 127.0.0.1:80)');
  assert.equal(source(0, 3), 'memory 0');
  assert.equal(source(0, 3 + 2 ** 31), 'memory 0', 'high bits are not recorded');
  assert.equal(source(0, 12), 'source 0 (gone)');
  assert.equal(names.source('source 4'), 'descriptor 9 (tcp 4 127.0.0.1:80)');
  assert.equal(names.source('source 5'), 'source 5 (gone)');
});

test('who woke somebody has a name and a key', () => {
  const names = named();
  const both = (by) => [names.by(by), names.keyOf(by)];
  assert.deepEqual(both({ type: 'timer', place: 7 }),
    ['timer of src/x.rs:12', 'timer src/x.rs:12']);
  assert.deepEqual(both({ type: 'timer', place: e.UNKNOWN }), ['timer', '']);
  assert.deepEqual(both({ type: 'phase', phase: 'flush', key: '' }), ['phase flush', '']);
  assert.deepEqual(both({ type: 'thread', key: '' }), ['another thread', '']);
  assert.deepEqual(both({ type: 'host', key: '' }), ['the host', '']);
  const task = item(e.task(3, 7));
  assert.deepEqual(both({ type: 'item', item: task, key: task.key }), ['task #3.7', '#3.7']);
});

test('so many names are known, and then the oldest are forgotten', () => {
  const names = new Names();
  const tasks = Array.from({ length: 60_000 }, (_, index) => ({ id: `#${index}.1`, name: 'a' }));
  names.addState({ tasks });
  names.addState({ tasks: tasks.map(({ id }) => ({ id: id.replace('.1', '.2'), name: 'b' })) });
  assert.deepEqual([names.task('#0.1'), names.task('#59999.1'), names.task('#0.2')],
    ['task #0.1', 'task #59999.1 `a`', 'task #0.2 `b`']);
});
