// WaitChain: why a task is not running: what it waits for, and what that waits for.
//
// Twin of inspector/src/wait_chain.rs: the same texts, from a loop's row of the state. Waits for
// other tasks are followed until something could end them: a source, a timer, another thread; or
// until it is plain that nothing can. A task that waits for several things has a line for each. A
// task is followed once, and the whole is bounded in size.

import { Names } from './names.js';
import { shortTime } from './short_time.js';

/** How many waits are followed. */
const LINKS_MAX = 1_000;

/**
 * What a task waits for, followed to the end. `depth` says how far a line is indented, `tasks`
 * which ones stand in it, `end` what is at its end: 'source', 'timer', 'thread', 'job',
 * 'tasks', 'foreign', 'awake', 'ended', 'several', 'cycle', 'told' or 'too far'.
 * @returns {{lines: {text: string, keys: string[], depth: number, tasks: string[],
 *   end: string}[], isCycle: boolean}}
 */
export function whyWaits(loopRow, taskKey) {
  const lines = new Walk(loopRow).from(taskKey);
  return { lines, isCycle: lines.some((line) => line.end === 'cycle') };
}

class Walk {
  constructor(row) {
    this.row = row;
    this.names = new Names();
    this.names.addState(row);
    this.tasks = new Map();
    this.jobs = new Map(row.jobs?.map((job) => [job.number, job]));
    for (const task of row.tasks ?? []) this.tasks.set(task.id, task);
    /** The tasks that were followed. */
    this.seen = new Set();
    this.links = 0;
    this.lines = [];
    /** What is still to be told, the next at the end: lines, and tasks to be followed. */
    this.todo = [];
  }

  from(task) {
    const text = this.names.short(task);
    this.todo.push({ depth: 0, path: [task], shown: 0, text, keys: [] });
    while (this.todo.length > 0) {
      const todo = this.todo.pop();
      if (this.links >= LINKS_MAX) {
        this.lines.push(line(0, [], 'and so on: there is more', 'too far', []));
        break;
      }
      if (todo.path) this.follow(todo);
      else this.lines.push(todo);
    }
    return this.lines;
  }

  /** Goes on at the last task of the path, of which the first ones stand in lines above. */
  follow({ depth, path, shown, text: begin, keys }) {
    let text = begin;
    let verdict = null;
    while (verdict === null) {
      this.links += 1;
      verdict = this.verdict(depth, path);
      if (verdict === null) {
        const [wait] = this.tasks.get(path.at(-1)).waits;
        text += ` ${verb(wait)} ${this.names.short(wait.on.id)}`;
        path.push(wait.on.id);
      }
    }
    const [says, end, mentioned = ''] = verdict;
    // A clause about the task at the end, where that isn't the one that was asked for.
    const which = path.length > 1 && says.startsWith(' ') ? ', which' : '';
    const tasks = path.slice(Math.min(shown, path.length));
    const whom = [...keys, ...tasks, mentioned];
    this.lines.push(line(depth, tasks, `${text}${which}${says}`, end, whom));
  }

  /** What is to be said of the task at a path's end; null if it waits for another one. */
  verdict(depth, path) {
    const id = path.at(-1);
    if (path.indexOf(id) < path.length - 1) return [this.cycle(path), 'cycle'];
    if (this.seen.has(id)) return [': told above', 'told'];
    this.seen.add(id);
    const task = this.tasks.get(id);
    if (!task) return [' has ended, or never was', 'ended'];
    const awake = notWaiting(task);
    if (awake) return awake;
    const waits = task.waits ?? [];
    if (waits.length === 0) return [foreign(task), 'foreign'];
    if (waits.length > 1) {
      this.fork(depth + 1, path, waits);
      return [` waits for ${waits.length} things:`, 'several'];
    }
    if (waits[0].on?.kind === 'task' && this.links < LINKS_MAX) return null;
    return [` waits: ${this.leaf(waits[0])}`, endOf(waits[0].on), keyOf(waits[0])];
  }

  /** A line for each of several waits, to be told in their order. */
  fork(depth, path, waits) {
    const room = Math.max(0, LINKS_MAX - this.todo.length);
    if (waits.length > room) {
      this.todo.push(line(depth, [], `and ${waits.length - room} more`, 'too far', []));
    }
    for (const wait of waits.slice(0, room).reverse()) {
      if (wait.on?.kind === 'task') {
        const text = `${verb(wait)} ${this.names.short(wait.on.id)}`;
        const longer = [...path, wait.on.id];
        this.todo.push({ depth, shown: path.length, path: longer, text, keys: [path.at(-1)] });
      } else {
        const keys = [path.at(-1), keyOf(wait)];
        this.todo.push(line(depth, [], this.leaf(wait), endOf(wait.on), keys));
      }
    }
  }

  /** What a wait is for, and where. */
  leaf(wait) {
    const at = wait.at === null || wait.at === undefined ? '' : ` at ${wait.at}`;
    return `${wait.operation} ${this.of(wait)}${at}`;
  }

  of({ of, on }) {
    switch (on?.kind) {
      case 'source': return `of ${this.names.source(idsOf(on.id))}`;
      case 'timer': {
        if (on.at_ns === null) return 'of a timer that is never due';
        const inNs = Math.max(0, on.at_ns - this.row.clock_ns);
        return inNs === 0 ? 'of a timer that is due' : `of a timer due in ${shortTime(inNs)}`;
      }
      case 'thread':
        // A cell says only that it is not this thread's alone.
        return of === 'another thread' ? 'by another thread' : `of ${of}`;
      case 'job': {
        const job = this.jobs.get(on.number);
        const lasts = job ? `job \`${job.name}\`, ${job.state} for ${shortTime(job.for_ns)}` : of;
        return `of ${lasts}`;
      }
      default: return `of ${of}`;
    }
  }

  /**
   * Whether anything can end a cycle: something else that one of its tasks waits for, or who
   * holds a waker of one.
   */
  cycle(path) {
    const members = path.slice(path.indexOf(path.at(-1))).map((id) => this.tasks.get(id));
    const isClosed = (task) => !task || (task.waits?.length === 1 && task.wakers === 0);
    const why = members.every(isClosed)
      ? 'nothing can end it' : 'only what else they wait for ends it';
    return `: a cycle, ${why}`;
  }
}

function line(depth, tasks, text, end, keys) {
  return { depth, tasks, text, end, keys: [...new Set(keys)].filter((key) => key) };
}

/** What is to be said of a task that doesn't wait. */
function notWaiting({ state }) {
  switch (state) {
    case 'running': return [' is running', 'awake'];
    case 'ready': return [' is ready: it stands in line', 'awake'];
    case 'aborted': return [' was aborted: it stands in line to be dropped', 'awake'];
    case 'finished': return [' has ended: its result was not taken yet', 'ended'];
    default: return null;
  }
}

/** What is to be said of a task that waits for nothing of ours. */
function foreign({ awaits, wakers }) {
  const place = awaits === null || awaits === undefined ? '' : `, last at ${awaits}`;
  const held = { 0: 'nobody holds a waker of it', 1: 'a clone of its waker is held' };
  const who = held[wakers] ?? `${wakers} clones of its waker are held`;
  return ` waits: a leaf that isn't ours${place}; ${who}`;
}

function verb({ operation }) {
  if (operation === 'join') return 'joins';
  return operation === 'scope' ? 'has in its scope' : `waits by ${operation} for`;
}

function endOf(on) {
  const kinds = ['source', 'timer', 'thread', 'job', 'tasks'];
  if (on?.kind === 'task') return 'too far';
  return kinds.includes(on?.kind) ? on.kind : 'foreign';
}

/** The key of what a wait is for: 'source 4', 'timer src/x.rs:12', 'job 7'. */
function keyOf({ on, at }) {
  if (on?.kind === 'job') return `job ${on.number}`;
  if (on?.kind === 'source') return `source ${idsOf(on.id).index}`;
  return on?.kind === 'timer' && at ? `timer ${at}` : '';
}

/** A source's ids in "4#1". */
function idsOf(id) {
  const [index, generation] = id.split('#').map(Number);
  return { index, generation };
}
