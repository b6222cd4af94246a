// Tests of the ring of rows that everything is held in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Columns } from '../../../inspector/page/model/columns.js';

test('rows keep their numbers while the ring grows, drops and is full', () => {
  const columns = new Columns({ one: [Float64Array, 1], two: [Uint8Array, 2] }, 5_000);
  const check = () => {
    for (let row = columns.first; row < columns.next; row += 1) {
      const slot = columns.slot(row);
      assert.deepEqual([columns.one[slot], columns.two[2 * slot + 1]], [row, row % 251]);
    }
  };
  const push = (count) => {
    for (let left = count; left > 0; left -= 1) {
      const row = columns.next;
      const slot = columns.push();
      columns.one[slot] = row;
      columns.two[2 * slot + 1] = row % 251;
    }
  };
  push(1_000);
  columns.drop(700);
  push(4_000);
  assert.deepEqual([columns.first, columns.next], [700, 5_000], 'it grew around the end');
  check();
  push(9_000);
  assert.deepEqual([columns.first, columns.length], [9_000, 5_000]);
  check();
  columns.restart(77);
  push(3);
  assert.deepEqual([columns.first, columns.next, columns.one[columns.slot(79)]], [77, 80, 79]);
});
