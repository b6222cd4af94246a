// Turn and Step: the events of one turn, as what the loop did, one thing after the other.
//
// Twin of the Cutter of inspector/src/turns.rs, of one turn: where turns begin, cuts.js says. A
// wake stands under the step that made it: the item that ran, the phase, the microtasks after an
// item, or the host between two turns. What lost its beginning is kept and says so.

import * as event from './event.js';
import { isSame } from './event.js';

/**
 * @typedef {{kind: string, index: number, generation: number, key: string}} Item
 * @typedef {{number: number, item: Item, by: object, late_ns: number,
 *   effect: 'queued'|'nothing'|'born', place?: number}} Wake
 * @typedef {{type: 'host'|'phase'|'published'|'item'|'after', item?: Item, outcome?: string,
 *   count?: number}} Work
 * @typedef {{phase: string, at_ns: number, took_ns: number, work: Work, wakes: Wake[],
 *   number: number}} Step `number` is that of its event, or of its first wake
 * @typedef {{index: number, number: number, wait: {at_ns: number, took_ns: number,
 *   events: number}|null, at_ns: number, took_ns: number, steps: Step[], begun: boolean}} Turn
 */

/** A turn of which nothing is known yet. @returns {Turn} */
export function emptyTurn(index, number, at_ns) {
  return { index, number, wait: null, at_ns, took_ns: 0, steps: [], begun: false };
}

/** The turn of the events from number `start` to `end`. @returns {Turn} */
export function cutTurn(events, start, end, index, number) {
  const cutter = new Cutter(events, index, number);
  for (let at = start; at < end; at += 1) cutter.take(at);
  return cutter.close() ?? emptyTurn(index, number, 0);
}

/** Whether a wake put its item into the ready queue. */
export function isQueued(wake) {
  return wake.effect !== 'nothing';
}

/** When a step ended. */
export function endOf(step) {
  return step.at_ns + step.took_ns;
}

/** A wake, as it was recorded. @returns {Wake} */
export function wakeOf(events, number) {
  const kind = events.kind(number);
  const by = events.by(number);
  const late_ns = by.type === 'timer' ? events.took(number) : 0;
  const wake = { number, item: events.item(number), by, late_ns, effect: 'queued' };
  if (kind === event.WOKE_AGAIN) wake.effect = 'nothing';
  if (kind === event.BORN) {
    wake.effect = 'born';
    wake.place = events.place(number);
  }
  return wake;
}

class Cutter {
  constructor(events, index, number) {
    this.events = events;
    this.index = index;
    this.number = number;
    this.turn = null;
    /** Wakes whose step hasn't been told yet. */
    this.open = [];
    this.openPhase = 0;
  }

  take(number) {
    const { events } = this;
    const [kind, phase] = [events.kind(number), events.phase(number)];
    if (kind === 0 || kind === event.FOUND || kind === event.NOTED) return;
    if (this.openPhase !== phase) this.settle();
    if (event.isWake(kind)) {
      this.open.push(number);
      this.openPhase = phase;
      return;
    }
    switch (kind) {
      case event.WAITED: this.waited(number); break;
      case event.TURN: this.began(number); break;
      case event.SERVED: this.served(number); break;
      case event.PUBLISHED: this.published(number); break;
      case event.RAN: this.ran(number); break;
      default:
    }
  }

  waited(number) {
    this.settle();
    const [at_ns, took_ns] = [this.events.at(number), this.events.took(number)];
    this.the(at_ns).wait = { at_ns, took_ns, events: this.events.count(number) };
  }

  began(number) {
    this.settle();
    const at_ns = this.events.at(number);
    Object.assign(this.the(at_ns), { at_ns, begun: true });
  }

  served(number) {
    const wakes = this.open.map((wake) => wakeOf(this.events, wake));
    this.open = [];
    this.step(number, { type: 'phase', count: this.events.count(number) }, wakes);
  }

  published(number) {
    this.settle();
    this.step(number, { type: 'published', count: this.events.count(number) }, []);
  }

  ran(number) {
    const { events } = this;
    const [item, at_ns] = [events.item(number), events.at(number)];
    // A checkpoint's wakes name the item before it, and come before this one began.
    const isIts = (wake) => {
      const by = events.by(wake);
      return by.type === 'item' && isSame(by.item, item) && events.at(wake) >= at_ns;
    };
    const its = this.open.filter(isIts).map((wake) => wakeOf(events, wake));
    this.open = this.open.filter((wake) => !isIts(wake));
    this.settle();
    this.step(number, { type: 'item', item, outcome: events.outcome(number) }, its);
  }

  /** A step of its own event. */
  step(number, work, wakes) {
    const { events } = this;
    const [at_ns, took_ns] = [events.at(number), events.took(number)];
    const phase = event.PHASES[events.phase(number)];
    this.the(at_ns).steps.push({ phase, at_ns, took_ns, work, wakes, number });
  }

  /** The turn, which begins then if it hasn't yet. */
  the(at_ns) {
    this.turn ??= emptyTurn(this.index, this.number, at_ns);
    return this.turn;
  }

  /** Open wakes become steps of their own. */
  settle() {
    const phase = event.PHASES[this.openPhase];
    for (const number of this.open) {
      const at_ns = this.events.at(number);
      const wake = wakeOf(this.events, number);
      const work = workBehind(wake, phase);
      const { steps } = this.the(at_ns);
      const last = steps.at(-1);
      if (last && last.phase === phase && isSameWork(last.work, work)) last.wakes.push(wake);
      else steps.push({ phase, at_ns, took_ns: 0, work, wakes: [wake], number });
    }
    this.open = [];
  }

  close() {
    this.settle();
    const { turn } = this;
    if (!turn) return null;
    let end = -1;
    for (const step of turn.steps) {
      if (step.phase !== 'wait') end = Math.max(end, endOf(step));
    }
    turn.took_ns = end < 0 ? 0 : Math.max(0, end - turn.at_ns);
    return turn;
  }
}

/** What made a wake that stands under no event. */
function workBehind(wake, phase) {
  if (phase === 'wait') return { type: 'host' };
  if (wake.by.type === 'item') return { type: 'after', item: wake.by.item };
  return { type: 'phase', count: 0 };
}

function isSameWork(one, other) {
  if (one.type !== other.type) return false;
  return one.type === 'after' ? isSame(one.item, other.item) : one.count === other.count;
}
