// Waits: who waits for what, at the instant that is shown, grouped by what is waited for.
//
// Now, they come from the state. Of an instant in the past the state is not known, but what came
// after it is: each task waited for what woke it next. Promises a bounded number of groups, in an
// order that stays while they live, but that the jobs that have run longest come first, a few.

import { jobOfWait, longest } from './jobs.js';
import { keyOfBy, keyOfSource, keyOfWait } from './keys_of.js';
import { taskName } from './model.js';
import { fileOf, shortName, shown } from './words.js';

/** So many wakes are looked at to learn what somebody waited for. */
const WAKES_MAX = 20_000;
/** And so far ahead, in steps. */
const WINDOWS_NS = [20e6, 200e6, 2e9, 20e9];

/** So many jobs come first: a pool that is full takes nobody else's place. */
const FIRST_MAX = 8;

/** The group of those that nothing recorded wakes: it stands last. */
const LATER = 'later';

/**
 * A group: `{ key, kind, title, detail, due, tasks: [{ key, name, how, at }] }`; that of a job has
 * its row of the state, too: `job`.
 */
function group(groups, key, kind, title, detail, due = null) {
  let found = groups.get(key);
  if (!found) {
    found = { key, kind, title, detail, due, tasks: [] };
    groups.set(key, found);
  }
  if (due !== null && (found.due === null || due < found.due)) found.due = due;
  return found;
}

/**
 * Who waits now, by the state of the loop; `due` is by the loop's clock. Who has been woken since
 * that state does not wait: `tasks` is what is known of them.
 */
export function waitsNow(row, names, tasks = null) {
  const groups = new Map();
  if (!row?.tasks) return [];
  const clock = row.clock_ns ?? 0;
  for (const source of row.sources ?? []) {
    const key = keyOfSource(source.id);
    // Most are asked for both: their names need the room, and the detail tells.
    const interest = source.interest === 'both' ? '' : source.interest;
    group(groups, key, 'source', names.source(key), interest);
  }
  for (const task of row.tasks) {
    if (task.state !== 'waiting' || isAwake(tasks?.get(task.id))) continue;
    const who = { key: task.id, name: shortName(task.name, 22) };
    if (task.waits.length === 0) {
      const other = group(groups, 'leaf', 'leaf', 'something not of this loop', 'says nothing');
      other.tasks.push({ ...who, how: 'waits', at: task.awaits });
    }
    for (const wait of task.waits) groupOfWait(groups, wait, row).tasks.push(
      { ...who, how: wait.operation, at: wait.at },
    );
  }
  for (const timer of row.timers ?? []) {
    const key = `timer ${timer.at}`;
    const due = timer.in_ns === null ? null : clock + timer.in_ns;
    group(groups, key, 'timer', `timer ${fileOf(timer.at)}`, timer.operation, due);
  }
  for (const job of row.jobs ?? []) groupOfJob(groups, job);
  const all = [...groups.values()].filter((one) => one.kind !== 'timer' || one.tasks.length > 0);
  // Of many things it is these that somebody looks for. Each keeps its place among them.
  const first = longest(row.jobs ?? [], FIRST_MAX).map(({ number }) => groups.get(`job ${number}`));
  const isFirst = new Set(first);
  return [...first, ...all.filter((one) => !isFirst.has(one))];
}

function groupOfJob(groups, job) {
  const title = `job ${shortName(job.name)}`;
  const found = group(groups, `job ${job.number}`, 'job', title, job.state);
  found.job = job;
  return found;
}

function isAwake(known) {
  return known !== undefined && known.state !== 'waiting';
}

function groupOfWait(groups, wait, row) {
  const key = keyOfWait(wait);
  switch (wait.on?.kind) {
    case 'source': return group(groups, key, 'source', wait.of, wait.operation);
    case 'timer': {
      const title = `timer ${fileOf(wait.at ?? 'an unknown place')}`;
      return group(groups, key, 'timer', title, wait.operation, wait.on.at_ns ?? null);
    }
    case 'task': {
      const awaited = row.tasks.find((task) => task.id === wait.on.id);
      const name = awaited ? ` ${shortName(awaited.name, 24)}` : '';
      return group(groups, `join ${key}`, 'task', `the end of ${wait.on.id}${name}`, 'join');
    }
    case 'tasks':
      return group(groups, key, 'task', `${wait.on.count} other tasks`, wait.operation);
    case 'thread':
      return group(groups, key, 'thread', wait.of || 'another thread', wait.operation);
    case 'job': {
      const job = jobOfWait(row, wait);
      if (job) return groupOfJob(groups, job);
      return group(groups, key, 'job', wait.of.replace(/`/g, ''), wait.operation);
    }
    default:
      return group(groups, key, 'channel', wait.of || wait.operation, wait.operation);
  }
}

/** Who waited at an instant, by what woke each of them next. */
export function waitsThen(recording, names, moment) {
  const waiting = new Map();
  for (const [key, task] of moment.tasks) {
    if (task.state === 'waiting') waiting.set(key, null);
  }
  let looked = 0;
  let from = moment.ns;
  let left = waiting.size;
  for (const width of WINDOWS_NS) {
    if (left === 0 || looked > WAKES_MAX) break;
    const to = moment.ns + width;
    recording.eachWake(from, to, (wake) => {
      looked += 1;
      if (looked > WAKES_MAX || wake.number < moment.next) return;
      const { key } = wake.item;
      if (waiting.get(key) === null) {
        waiting.set(key, { by: wake.by, at: wake.at_ns });
        left -= 1;
      }
    });
    from = to;
  }
  return grouped(waiting, names);
}

function grouped(waiting, names) {
  const groups = new Map();
  for (const [key, next] of waiting) {
    const name = shortName(taskName(names, key), 22);
    const who = { key, name, how: 'waits', at: null };
    if (!next) {
      group(groups, LATER, 'later', 'not woken before the end', '').tasks.push(who);
      continue;
    }
    const by = keyOfBy(next.by, names) ?? 'leaf';
    const isTask = by.startsWith('#');
    const title = by.startsWith('timer ') ? `timer ${fileOf(by.slice(6))}` : names.by(next.by);
    const found = group(
      groups, isTask ? `join ${by}` : by, kindOf(by), shown(title), '', next.at,
    );
    found.tasks.push(who);
  }
  const place = ({ key }) => (key === LATER ? 1 : 0);
  return [...groups.values()].sort((a, b) => place(a) - place(b) || (a.key < b.key ? -1 : 1));
}

function kindOf(key) {
  if (key.startsWith('#')) return 'task';
  if (key.startsWith('source')) return 'source';
  if (key.startsWith('timer')) return 'timer';
  if (key === 'thread' || key === 'host') return 'thread';
  return 'channel';
}
