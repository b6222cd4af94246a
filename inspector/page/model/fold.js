// Fold: what a loop's ready queue and tasks are, as far as the events up to one of them tell.
//
// Taking one event after the other from the beginning gives any instant; a frame is a copy to go
// on from. Of the tasks that ended it knows the last ones. Events that could not be read put the
// line of deferred calls out of step: it is forgotten there.

import { ENDS } from './ended.js';
import * as event from './event.js';
import { BORN, DEFERRED, RUN, TASK, UNKNOWN_PLACE } from './event.js';

/** So many tasks that have ended are known. */
const ENDED_MAX = 1_000;

const STALE = event.OUTCOMES.indexOf('stale');

export class Fold {
  /** @param {number} number that of the first event to be taken. */
  constructor(recording, number) {
    this.recording = recording;
    this.events = recording.events;
    this.next = number;
    /** The wakes whose items are in the ready queue, in order; calls among them. */
    this.ready = new Set();
    this.calls = [];
    /** By task: `{ index, generation, isDone, hasRun, since_ns, born, place }`: where it was
     * spawned, and where it waits, or was spawned if that is not known. */
    this.tasks = new Map();
    this.ended = [];
  }

  get size() {
    return this.ready.size + this.tasks.size;
  }

  /** Takes the next event. */
  take() {
    const number = this.next;
    this.next += 1;
    switch (this.events.kind(number)) {
      case 0: this.forgetCalls(); break;
      case event.WOKE: case event.BORN: this.woke(number); break;
      case event.RAN: this.ran(number); break;
      default:
    }
  }

  woke(number) {
    const { events } = this;
    this.ready.add(number);
    const high = events.high(number);
    if (high >>> 28 === DEFERRED) this.calls.push(number);
    if (high >>> 28 !== TASK) return;
    const task = this.task(events.low(number), high, events.at(number));
    if (events.kind(number) !== BORN) return;
    task.born = events.place(number);
    task.place = task.born;
  }

  ran(number) {
    const { events } = this;
    const high = events.high(number);
    this.ready.delete(this.leaving(number));
    if (high >>> 28 === DEFERRED && events.phase(number) === RUN) this.calls.shift();
    const outcome = events.outcomeNumber(number);
    if (high >>> 28 !== TASK || outcome === STALE) return;
    const task = this.task(events.low(number), high, events.at(number));
    task.since_ns = events.end(number);
    task.hasRun = true;
    const place = events.restedAt(number);
    task.place = place === UNKNOWN_PLACE ? task.born : place;
    if (ENDS[outcome] && !task.isDone) this.end(task);
  }

  /** The wake whose item leaves the ready queue for a run; -1 if none is known. */
  leaving(run) {
    const { events } = this;
    if (events.phase(run) !== RUN) return -1;
    if (events.high(run) >>> 28 === DEFERRED) return this.calls[0] ?? -1;
    return this.recording.arrows.causeOf(run);
  }

  task(low, high, at_ns) {
    const index = high & 0xffffff;
    const key = index * 2 ** 32 + low;
    let task = this.tasks.get(key);
    if (!task) {
      task = {
        index, generation: low, isDone: false, hasRun: false, since_ns: at_ns,
        born: UNKNOWN_PLACE, place: UNKNOWN_PLACE,
      };
      this.tasks.set(key, task);
    }
    return task;
  }

  end(task) {
    task.isDone = true;
    this.ended.push(task);
    if (this.ended.length < 2 * ENDED_MAX) return;
    for (const { index, generation } of this.ended.splice(0, ENDED_MAX)) {
      this.tasks.delete(index * 2 ** 32 + generation);
    }
  }

  forgetCalls() {
    for (const call of this.calls) this.ready.delete(call);
    this.calls = [];
  }

  /** The wakes in the ready queue, in order, without those whose run is known to be missing. */
  line() {
    const { events, recording: { arrows } } = this;
    return [...this.ready].filter((wake) => wake >= events.first
      && !arrows.isGivenUp(wake, this.next));
  }

  /** A copy in few arrays. */
  save() {
    const tasks = [...this.tasks.values()];
    const places = new Map(tasks.map((task, at) => [task, at]));
    return {
      next: this.next,
      ready: Float64Array.from(this.line()),
      calls: Float64Array.from(this.calls),
      index: Uint32Array.from(tasks, (task) => task.index),
      generation: Uint32Array.from(tasks, (task) => task.generation),
      isDone: Uint8Array.from(tasks, (task) => (task.isDone ? 1 : 0)),
      hasRun: Uint8Array.from(tasks, (task) => (task.hasRun ? 1 : 0)),
      since_ns: Float64Array.from(tasks, (task) => task.since_ns),
      born: Uint32Array.from(tasks, (task) => task.born),
      place: Uint32Array.from(tasks, (task) => task.place),
      ended: Uint32Array.from(this.ended, (task) => places.get(task)),
    };
  }

  /** The fold that was saved. */
  static load(recording, frame) {
    const fold = new Fold(recording, frame.next);
    fold.ready = new Set(frame.ready);
    fold.calls = [...frame.calls];
    const tasks = [];
    frame.index.forEach((index, at) => {
      const generation = frame.generation[at];
      const task = {
        index, generation, isDone: frame.isDone[at] === 1, hasRun: frame.hasRun[at] === 1,
        since_ns: frame.since_ns[at],
        born: frame.born[at], place: frame.place[at],
      };
      tasks.push(task);
      fold.tasks.set(index * 2 ** 32 + generation, task);
    });
    fold.ended = Array.from(frame.ended, (at) => tasks[at]);
    return fold;
  }
}
