// Moments: what a loop was at, at any instant of its recording.
//
// A moment is folded from the last frame before it, of which there is one every thousand events
// or more: so many that all frames together are not larger than the events. It looks at new
// events when it is asked.

import {
  PHASES, PUBLISHED, RAN, SERVED, TASK, UNKNOWN_PLACE, WAITED,
} from './event.js';
import { Fold } from './fold.js';
import { underWaySince } from './under_way.js';

/** So many events are folded at least from one frame to the next. */
const FRAME_EVENTS = 1_000;
/** And so many for each thing that a frame holds. */
const EVENTS_PER_THING = 4;

/**
 * @typedef {{ns: number, turnIndex: number, next: number, phase: string|null,
 *   running: object|null, ready: object[], deferred: object[],
 *   tasks: Map<string, {state: 'running'|'ready'|'waiting'|'done', since_ns: number,
 *   hasRun: boolean, born: number, place: number}>, place: number, rest: number}} Moment
 *   `deferred` are the calls among what is ready. What runs is not ready, unless it was woken
 *   again. A wake has the time at which the run that made it began: its item is ready from then.
 *   `next` is the first event that had not happened. A task's `place` is where it waits or waited
 *   last, or `born` if that is not known: where it was spawned. The moment's is that of what runs,
 *   `rest` where that will wait next.
 */
export class Moments {
  constructor(recording) {
    this.recording = recording;
    this.frames = [];
    this.last = new Fold(recording, recording.first);
    this.framed = this.last.next;
    this.catchUp();
  }

  /** The moment at this instant; of several events there at this one. @returns {Moment} */
  at(ns, stop = null) {
    this.catchUp();
    const { recording } = this;
    const { events } = recording;
    const isHeld = stop !== null && events.holds(Math.min(stop.number, stop.until));
    const next = isHeld ? stop.own : events.firstEndingAfter(ns);
    const until = isHeld ? stop.until : next;
    const fold = this.upTo(until);
    const { phase, running, run, since_ns } = this.current(next, ns, isHeld);
    const leaves = run === null ? -1 : fold.leaving(run);
    const line = fold.line().filter((wake) => wake !== leaves);
    const ready = line.map((wake) => events.item(wake));
    const deferred = ready.filter((item) => item.kind === 'deferred');
    const tasks = tasksOf(fold, line);
    const task = running?.kind === 'task' ? tasks.get(running.key) : null;
    if (task) Object.assign(task, { state: 'running', since_ns });
    else if (running?.kind === 'task') {
      const [born, place] = [UNKNOWN_PLACE, UNKNOWN_PLACE];
      tasks.set(running.key, { state: 'running', since_ns, hasRun: true, born, place });
    }
    const rested = run === null ? UNKNOWN_PLACE : events.restedAt(run);
    const place = task?.place ?? placeOf(running, rested);
    const rest = running?.kind === 'task' ? rested : UNKNOWN_PLACE;
    const turnIndex = isHeld ? recording.turnIndexOf(stop.number) : recording.turnIndexAt(ns);
    return {
      ns, turnIndex, next: until, phase, running, ready, deferred, tasks, place, rest,
    };
  }

  /** What was under way when the event that comes next had not ended. */
  current(next, ns, isHeld) {
    const { recording } = this;
    const { events, underWay } = recording;
    const nothing = { phase: null, running: null, run: null, since_ns: 0 };
    if (next === events.next) {
      const since_ns = underWay ? underWaySince(recording) ?? recording.endNs : 0;
      if (!underWay || ns < since_ns) return { ...nothing, phase: 'wait' };
      const running = underWay.item.key === '' ? null : underWay.item;
      return { ...nothing, phase: underWay.phase, running, since_ns };
    }
    const kind = events.kind(next);
    const hasBegun = events.at(next) <= ns && [RAN, WAITED, SERVED, PUBLISHED].includes(kind);
    if (hasBegun && kind === RAN) {
      const phase = PHASES[events.phase(next)];
      return { phase, running: events.item(next), run: next, since_ns: events.at(next) };
    }
    const told = hasBegun || isHeld || next === events.first ? next : next - 1;
    return { ...nothing, phase: PHASES[events.phase(told)] };
  }

  /** The fold of all events before this one. */
  upTo(number) {
    const { frames, recording, last } = this;
    if (number === last.next) return last;
    let [low, high] = [0, frames.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (frames[middle].next <= number) low = middle + 1;
      else high = middle;
    }
    const fold = low > 0
      ? Fold.load(recording, frames[low - 1]) : new Fold(recording, recording.first);
    while (fold.next < number) fold.take();
    return fold;
  }

  /** Folds what came since, and forgets the frames of what was dropped. */
  catchUp() {
    const { recording, frames } = this;
    if (this.last.next < recording.first) {
      this.last = new Fold(recording, recording.first);
      this.framed = recording.first;
    }
    const dropped = frames.findIndex((frame) => frame.next >= recording.first);
    frames.splice(0, dropped < 0 ? frames.length : dropped);
    while (this.last.next < recording.next) {
      this.last.take();
      const since = this.last.next - this.framed;
      if (since >= FRAME_EVENTS && since >= EVENTS_PER_THING * this.last.size) {
        frames.push(this.last.save());
        this.framed = this.last.next;
      }
    }
  }
}

/** Where a call was asked for that runs and is no task. */
function placeOf(running, rested) {
  if (running?.kind === 'deferred') return running.generation;
  return running?.kind === 'callback' ? rested : UNKNOWN_PLACE;
}

/** What each task is at, if none of them runs. */
function tasksOf(fold, line) {
  const { events } = fold;
  const tasks = new Map();
  for (const task of fold.tasks.values()) {
    const { index, generation, isDone, hasRun, since_ns, born, place } = task;
    const state = isDone ? 'done' : 'waiting';
    tasks.set(`#${index}.${generation}`, { state, since_ns, hasRun, born, place });
  }
  for (const wake of line) {
    if (events.high(wake) >>> 28 !== TASK) continue;
    const { key } = events.item(wake);
    // By the first of two wakes.
    const task = tasks.get(key);
    if (task?.state !== 'waiting') continue;
    Object.assign(task, { state: 'ready', since_ns: events.at(wake) });
  }
  return tasks;
}
