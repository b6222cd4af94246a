// Tests of the recording file: what is written is read, and what is wrong is said.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Names, readFile, tellTurn, writeFile } from '../../../inspector/page/model/index.js';
import { item, recorded, turnsOf } from './common.mjs';
import * as e from './encode.mjs';
import { likely } from './likely.mjs';

const row = {
  loop: { number: 1, thread: 'main' }, tasks: [{ id: '#1.1', name: 'conn' }], sources: [],
};

function file() {
  const { events, turnNow } = likely(5, 3_000);
  const recording = recorded(events, { first: 40, lost: 40, torn: 2, turnNow });
  const underWay = { item: item(e.task(3, 9)), phase: 'run', turn: turnNow };
  recording.setNow({ underWay, nowNs: recording.endNs + 5_000, isOff: true });
  const names = new Names();
  names.addState(row);
  names.addPlaces({ 2: 'src/x.rs:12' });
  const process = { pid: 42, program: 'tour' };
  return { recording, names, row, process, loop: row.loop };
}

test('what was written is read again', () => {
  const written = file();
  const text = writeFile(written);
  const read = readFile(text);
  const facts = ({ first, next, lost, torn, turnNow, nowNs, isOff, underWay }) => (
    { first, next, lost, torn, turnNow, nowNs, isOff, underWay });
  assert.deepEqual(facts(read.recording), facts(written.recording));
  assert.deepEqual(turnsOf(read.recording), turnsOf(written.recording));
  assert.deepEqual([read.row, read.process, read.loop, read.underWay],
    [row, written.process, row.loop, written.recording.underWay]);
  const last = read.recording.turnCount - 1;
  const of = ({ recording, names }) => tellTurn(recording, names, last);
  assert.deepEqual(of(read), of(written));
  assert.equal(read.names.task('#1.1'), 'task #1.1 `conn`');
  assert.equal(writeFile(read), text);
  assert.deepEqual(JSON.parse(text).traceEvents, []);
});

test('what is not a recording says what was expected and what came', () => {
  const says = (text, expected) => assert.throws(() => readFile(text), (error) => {
    assert.ok(error instanceof Error && expected.test(error.message), error.message);
    return true;
  });
  says('', /^expected a recording, a file in JSON; came nothing$/);
  says('<html>', /came <html>$/);
  says('x'.repeat(5_000), /came x{60}\.\.\.$/);
  says('7', /expected a recording with the key `glassloop`; came 7$/);
  says('{"traceEvents":[]}', /the key `glassloop`; came nothing$/);
  const whole = JSON.parse(writeFile(file()));
  const change = (key, value) => (
    JSON.stringify({ glassloop: { ...whole.glassloop, [key]: value } }));
  says(change('version', 2), /expected version 1; came 2$/);
  says(change('words', 7), /expected `words`, the events in base64; came 7$/);
  says(change('words', '%%'), /expected `words` in base64; came %%$/);
  says(change('words', btoa('abc')), /expected events of 32 bytes each; came 3 bytes$/);
  says(change('first', -1), /expected `first`, the number of the first event; came -1$/);
  says(change('lost', 'many'), /`lost`, a count; came many$/);
  says(change('places', [1]), /`places`, by their numbers; came \[1\]$/);
  says(change('under_way', { item_bits: 'x' }), /`item_bits`, 16 hexadecimal digits; came x$/);
  says(change('under_way', { item_bits: '0', phase: 'park', turn: 1 }), /`phase`, .* came park$/);
  says(change('state', { tasks: 7 }), /expected `state` to be the row of a loop/);
});

test('what may be missing may be missing', () => {
  const { glassloop } = JSON.parse(writeFile(file()));
  const { version, first, words } = glassloop;
  const read = readFile(JSON.stringify({ glassloop: { version, first, words } }));
  assert.equal(read.recording.length, file().recording.length);
  const { row: state, loop, underWay } = read;
  assert.deepEqual([state, loop, underWay, read.recording.nowNs], [null, null, null, 0]);
});

test('what is under way without a name of its own is an item', () => {
  const written = file();
  // The page has only words for a callback that a state tells of.
  const other = { kind: 'other', index: 0, generation: 0, key: '', text: 'callback #2.5' };
  written.recording.setNow({ underWay: { item: other, phase: 'run', turn: 9 }, nowNs: 1 });
  const last = ({ recording, names }) => (
    tellTurn(recording, names, recording.turnCount - 1).sentences.at(-1).text);
  assert.match(last(written), /^callback #2\.5 has been running since turn 9/);
  assert.match(last(readFile(writeFile(written))), /^an item has been running since turn 9/);
});
