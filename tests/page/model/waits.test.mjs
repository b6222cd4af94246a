// Tests of the waits that the page shows: which comes first, and that each wait finds its job.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { jobOf } from '../../../inspector/page/views/jobs.js';
import { waitsNow } from '../../../inspector/page/views/waits.js';

const NAMES = { source: (key) => key };

/** A task that waits for the job with its number. */
function awaits(number) {
  const on = { kind: 'job', number };
  const wait = { operation: 'offload', of: `job \`j${number}\`, running`, on, at: null };
  return { id: `#${number}.1`, name: 'reads', state: 'waiting', waits: [wait] };
}

const runs = (number, for_ns) => ({ number, name: `j${number}`, state: 'running', for_ns });

test('those few jobs come first that have run longest, and nothing else leaves its place', () => {
  // Made one after the other, and told in that order; the loop's tasks are in another one.
  const jobs = Array.from({ length: 20 }, (_, number) => runs(number, (60 - number) * 1e9));
  const tasks = [...jobs].reverse().map(({ number }) => awaits(number));
  const sources = [{ id: '3#0', interest: 'both' }];
  const keys = (row) => waitsNow(row, NAMES).map(({ key }) => key);
  const told = keys({ jobs, tasks, sources });
  const first = Array.from({ length: 8 }, (_, number) => `job ${number}`);
  const others = Array.from({ length: 12 }, (_, at) => `job ${19 - at}`);
  assert.deepEqual(told.slice(0, 8), first);
  assert.match(told[8], /^source/);
  assert.deepEqual(told.slice(9), others);
  // When one of them is over the next one comes up.
  const then = keys({ jobs: jobs.slice(1), tasks: tasks.slice(0, -1), sources });
  assert.deepEqual(then.slice(0, 8), [...first.slice(1), 'job 8']);
});

test('of as many waits as jobs each finds its own', () => {
  const row = { jobs: Array.from({ length: 1000 }, (_, at) => runs(1000 - at, at)) };
  for (const job of row.jobs) assert.equal(jobOf(row, job.number), job);
  assert.equal(jobOf(row, 1001), undefined);
  assert.equal(jobOf({}, 1), undefined);
});
