// Causes: why a task ran, back to what came from outside.
//
// Twin of inspector/src/cause.rs: the same texts. A run is traced to the wake that queued it, that
// wake to the run that made it, and so on, until a source, a timer, another thread or the host did
// it, or the recording began later. Each step lies before the last, so the walk ends; it is bounded
// all the same.

import { PHASES, RAN, isSame, taskOf, wordsOfItem } from './event.js';
import { shortTime } from './short_time.js';
import { wakeOf } from './turns.js';
import { underWayAfter, underWaySince } from './under_way.js';

/** How far back a walk goes. */
const STEPS_MAX = 1_000;

/**
 * Why a task ran last, as far as the recording knows; or why it runs, if it is under way. With
 * `beforeNs` the last run that had begun by then is told.
 *
 * `origin` is what is at the end: 'source', 'timer', 'thread', 'host', 'phase', 'unrecorded',
 * 'too far' or 'never ran'; `closing` is a sentence about it, where it needs one, or null.
 * @returns {{steps: {text: string, keys: string[], turn: number, at_ns: number,
 *   number: number|null}[], origin: string, closing: string|null}}
 */
export function whyRan(recording, names, taskKey, beforeNs = Infinity) {
  const walk = new Walk(recording, names);
  const task = taskOf(taskKey);
  if (task === null) return closed([], 'never ran');
  const now = recording.underWay;
  if (now && isSame(now.item, task) && beforeNs >= (underWaySince(recording) ?? recording.endNs)) {
    return walk.back(walk.underWay(now));
  }
  const [low, high] = wordsOfItem(task);
  const run = recording.events.lastRun(low, high, 0, firstAfter(recording.events, beforeNs));
  return run < 0 ? closed([], 'never ran') : walk.back({ run });
}

/** The first event that had not begun by then. */
function firstAfter(events, ns) {
  const at = events.firstEndingAfter(ns);
  if (at === events.next || events.kind(at) !== RAN) return at;
  return events.at(at) <= ns ? at + 1 : at;
}

function closed(steps, origin) {
  const closings = {
    'never ran': 'it has not run while it was recorded',
    'too far': `and so on: ${STEPS_MAX} steps are told`,
  };
  return { steps, origin, closing: closings[origin] ?? null };
}

/** `next` is the run to be told next, `{ run }`, or what is at the end, `{ origin }`. */
class Walk {
  constructor(recording, names) {
    this.recording = recording;
    this.names = names;
    this.steps = [];
    this.mentioned = new Set();
    this.turn = null;
  }

  /** Tells run by run, until there is none before. */
  back(begin) {
    let next = begin;
    while (next.origin === undefined) {
      next = this.steps.length >= STEPS_MAX ? { origin: 'too far' } : this.step(next.run);
    }
    return closed(this.steps, next.origin);
  }

  /** Tells the run that has not ended, which no event tells of. */
  underWay(now) {
    const { recording } = this;
    const wake = this.wakeOf(this.causeOfUnderWay(now));
    const why = wake ? `, ${this.why(wake)}` : '; its wake is not recorded';
    const next = wake ? this.behind(wake) : { origin: 'unrecorded' };
    const text = `${this.called(now.item)} has been running since turn ${now.turn}${why}`;
    const at_ns = underWaySince(recording) ?? recording.endNs;
    this.tell({ text, turn: now.turn, at_ns, number: null }, wake, next);
    return next;
  }

  /** The number of the wake that led to what is under way, -1 if that is not known. */
  causeOfUnderWay(now) {
    const { recording } = this;
    const { arrows, cuts } = recording;
    const run = underWayAfter(recording);
    if (run) return arrows.causeOf(run.number);
    // Where its turn is not recorded, the wakes are those of earlier runs.
    const since = underWaySince(recording);
    if (since === null || now.phase !== 'run') return -1;
    const [low, high] = wordsOfItem(now.item);
    return arrows.wouldLead(low, high, since, cuts.pending());
  }

  /** Tells one run; gives the run that caused it, or where it came from. */
  step(run) {
    const { events, arrows } = this.recording;
    const turn = this.numberOfTurn(run);
    const ran = `${this.called(events.item(run))} ran in turn ${turn}${this.when(run)}`;
    const wake = this.wakeOf(arrows.causeOf(run));
    const phase = PHASES[events.phase(run)];
    let [why, next] = [this.unrecorded(), { origin: 'unrecorded' }];
    if (wake) {
      [why, next] = [this.why(wake), this.behind(wake)];
    } else if (phase !== 'run') {
      [why, next] = [`in phase ${phase}, which it had asked for`, { origin: 'phase' }];
    }
    this.tell({ text: `${ran} ${why}`, turn, at_ns: events.at(run), number: run }, wake, next);
    return next;
  }

  /** Says of a step, too, that the run which made its wake is missing, if it is. */
  tell(step, wake, next) {
    let { text } = step;
    if (next.origin === 'unrecorded' && wake?.by.type === 'item') {
      text += `; the run of ${this.called(wake.by.item)} is not recorded`;
    }
    this.steps.push({ ...step, text, keys: [...this.mentioned] });
    this.mentioned.clear();
  }

  /** What an item is called; the step mentions it. */
  called(item) {
    if (item.key) this.mentioned.add(item.key);
    return this.names.item(item);
  }

  wakeOf(number) {
    return number < 0 ? null : wakeOf(this.recording.events, number);
  }

  numberOfTurn(number) {
    return this.recording.numberOf(this.recording.turnIndexOf(number));
  }

  /** The step that holds an event. */
  stepOf(number) {
    const index = this.recording.turnIndexOf(number);
    // Most walks stay in a turn for a while.
    if (this.turn?.index !== index) this.turn = this.recording.turn(index);
    return this.turn.steps.find((step) => step.wakes.some((wake) => wake.number === number));
  }

  /** How long ago a run began and how long it took, if it is known what time it is. */
  when(run) {
    const { events, nowNs } = this.recording;
    const ago = nowNs - events.at(run);
    if (nowNs <= 0 || ago < 0) return '';
    return ` (${shortTime(ago)} ago, ran ${shortTime(events.took(run))})`;
  }

  unrecorded() {
    const { lost } = this.recording;
    const of = { 0: '', 1: ', of which an event was lost' };
    return 'because of something before the recording\'s beginning'
      + (of[lost] ?? `, of which ${lost} events were lost`);
  }

  /** Why an item was queued, as a clause. */
  why(wake) {
    const { names } = this;
    const turn = this.numberOfTurn(wake.number);
    const { by, item } = wake;
    const woke = wake.effect === 'born' ? 'spawned it' : 'woke it';
    const key = names.keyOf(by);
    if (key) this.mentioned.add(key);
    switch (by.type) {
      case 'source': return `because ${names.source(by)} became ready in turn ${turn}`;
      case 'timer': {
        const late = wake.late_ns === 0 ? '' : `, ${shortTime(wake.late_ns)} late`;
        return `because the ${names.timer(by.place)} was due in turn ${turn}${late}`;
      }
      case 'item':
        if (item.kind === 'task' && isSame(by.item, item)) {
          return `because it woke itself in turn ${turn}`;
        }
        return `because ${names.item(by.item)} ${woke} in turn ${turn}`;
      case 'host': return `because the host ${woke} before turn ${turn}`;
      default: {
        const did = item.kind === 'task' ? woke : 'left it';
        return `because ${names.by(by)} ${did} in turn ${turn}`;
      }
    }
  }

  /** The run that made a wake, or where it came from. */
  behind(wake) {
    const { by, number } = wake;
    if (by.type !== 'item') return { origin: by.type };
    const step = this.stepOf(number);
    const isIts = step && step.work.item && isSame(step.work.item, by.item);
    if (isIts && step.work.type === 'item') return { run: step.number };
    if (step?.work.type !== 'after') return { origin: 'unrecorded' };
    // A microtask's wake is told after the run, at the latest in the turn after.
    const { recording } = this;
    const before = Math.max(0, recording.turnIndexOf(number) - 1);
    const [low, high] = wordsOfItem(by.item);
    const run = recording.events.lastRun(low, high, recording.span(before)[0], step.number);
    return run < 0 ? { origin: 'unrecorded' } : { run };
  }
}
