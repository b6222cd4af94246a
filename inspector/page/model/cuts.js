// Cuts: where each turn begins, found as the events come.
//
// Twin of the rules of inspector/src/turns.rs by which a turn is over, and of how turns get their
// whole numbers: recorded is the lower half, and that of those that began. On the way each wake is
// given to the arrows, with when the step that made it began. It allocates nothing for an event.

import { Columns } from './columns.js';
import * as event from './event.js';
import { WAIT, WORDS } from './event.js';

/** What the last step of a turn was, as far as a wake may join it. */
const NO_STEP = 0;
const HOST = 1;
const AFTER = 2;
const PHASE = 3;
const OTHER = 4;

/** The greatest number below `next` with these low 32 bits, or the bits if there is none. */
export function latest(low, next) {
  const number = Math.floor(next / 2 ** 32) * 2 ** 32 + low;
  if (number < next) return number;
  return number >= 2 ** 32 ? number - 2 ** 32 : low;
}

export class Cuts {
  constructor(events, arrows, eventsMax) {
    this.events = events;
    this.arrows = arrows;
    // The number of its first event, its own number, and when it or the wait before it began.
    const shape = {
      start: [Float64Array, 1], number: [Float64Array, 1], from: [Float64Array, 1],
      begun: [Uint8Array, 1],
    };
    this.turns = new Columns(shape, eventsMax);
    /** A turn that is not before the last event's. */
    this.turnNow = 0;
    /** The first one that began, in row and number. */
    this.firstBegun = null;
    this.latestFrom = 0;
    /** What came before the last turn's first event was lost. */
    this.isBehindGap = false;
    this.forget();
  }

  /** No turn is under way. */
  forget() {
    this.isOpen = false;
    this.begun = false;
    this.inside = false;
    this.hasWait = false;
    /** Wakes from this one on belong to a step that hasn't been told yet; -1 if there are none. */
    this.open = -1;
    this.openPhase = 0;
    this.lastStep = NO_STEP;
    this.lastPhase = 0;
    this.lastLow = 0;
    this.lastHigh = 0;
    this.lastAt = 0;
  }

  /** Events before this one were lost: a turn that was under way is over. */
  restart(number) {
    this.settle(number);
    this.forget();
    this.isBehindGap = this.turns.length > 0;
  }

  /** Takes the event with this number, the last one. */
  take(number) {
    const { words } = this.events;
    const at = this.events.slot(number) * WORDS;
    const kind = words[at + 5] >>> 24;
    if (kind === 0 || kind === event.FOUND || kind === event.NOTED) return;
    const phase = (words[at + 3] >>> 24) & 0xf;
    if (this.open >= 0 && this.openPhase !== phase) this.settle(number);
    // Between turns: one that was under way is over.
    if (phase === WAIT && (this.begun || this.inside)) this.close(number);
    if (event.isWake(kind)) {
      if (!this.isOpen) this.begin(number);
      if (this.open < 0) this.open = number;
      this.openPhase = phase;
      return;
    }
    switch (kind) {
      case event.WAITED: this.waited(number); break;
      case event.TURN: this.began(number, words[at + 2]); break;
      case event.SERVED: this.served(number); break;
      case event.RAN: this.ran(number); break;
      default: this.published(number);
    }
    if (phase !== WAIT && kind !== event.TURN && kind !== event.WAITED) this.inside = true;
  }

  waited(number) {
    this.settle(number);
    if (this.hasWait) this.close(number);
    if (!this.isOpen) this.begin(number);
    this.hasWait = true;
  }

  began(number, low) {
    this.settle(number);
    if (this.begun || this.inside) this.close(number);
    if (!this.isOpen) this.begin(number);
    this.begun = true;
    this.number(latest(low, this.turnNow + 1));
  }

  served(number) {
    if (!this.isOpen) this.begin(number);
    const at_ns = this.events.at(number);
    if (this.open >= 0) this.putAll(number, at_ns);
    this.lastStep = this.events.count(number) === 0 ? PHASE : OTHER;
    this.lastPhase = this.events.phase(number);
    this.lastAt = at_ns;
  }

  published(number) {
    this.settle(number);
    if (!this.isOpen) this.begin(number);
    this.lastStep = OTHER;
  }

  /** The wakes that the item made are its own, and lead to later runs; the others come before. */
  ran(number) {
    if (!this.isOpen) this.begin(number);
    if (this.open < 0) {
      this.arrows.take(number);
    } else {
      const { events } = this;
      const [low, high, at_ns] = [events.low(number), events.high(number), events.at(number)];
      const first = Math.max(this.open, events.first);
      for (let wake = first; wake < number; wake += 1) {
        if (!this.isOf(wake, low, high, at_ns)) this.settleOne(wake, number);
      }
      this.arrows.take(number);
      for (let wake = first; wake < number; wake += 1) {
        if (this.isOf(wake, low, high, at_ns)) this.put(wake, at_ns, number);
      }
      this.open = -1;
    }
    this.lastStep = OTHER;
  }

  /** Whether a wake was made by the run of this item that began then. */
  isOf(wake, low, high, at_ns) {
    const { words } = this.events;
    const at = this.events.slot(wake) * WORDS;
    const byHigh = words[at + 7];
    return words[at + 6] === low && ((byHigh & event.ENTRY_MASK) >>> 0) === high
      && byHigh >>> 28 < event.KINDS.length && this.events.at(wake) >= at_ns;
  }

  /** Open wakes become steps of their own, or join the last one. */
  settle(now) {
    if (this.open < 0) return;
    for (let wake = Math.max(this.open, this.events.first); wake < now; wake += 1) {
      this.settleOne(wake, now);
    }
    if (this.openPhase !== WAIT) this.inside = true;
    this.open = -1;
  }

  settleOne(wake, now) {
    if (this.events.kind(wake) !== 0) this.put(wake, this.join(wake), now);
  }

  /** The step that a wake without an event of its own belongs to: when it began. */
  join(wake) {
    const { words } = this.events;
    const at = this.events.slot(wake) * WORDS;
    const phase = (words[at + 3] >>> 24) & 0xf;
    let [step, low, high] = [PHASE, 0, 0];
    if (phase === WAIT) {
      step = HOST;
    } else if (words[at + 7] >>> 28 < event.KINDS.length) {
      [step, low, high] = [AFTER, words[at + 6], (words[at + 7] & event.ENTRY_MASK) >>> 0];
    }
    const isLast = this.lastStep === step && this.lastPhase === phase
      && (step !== AFTER || (this.lastLow === low && this.lastHigh === high));
    if (!isLast) {
      this.lastAt = this.events.at(wake);
      this.lastStep = step;
      this.lastPhase = phase;
      this.lastLow = low;
      this.lastHigh = high;
    }
    return this.lastAt;
  }

  putAll(end, at_ns) {
    for (let wake = Math.max(this.open, this.events.first); wake < end; wake += 1) {
      this.put(wake, at_ns, end);
    }
    this.open = -1;
  }

  put(wake, at_ns, now) {
    const kind = this.events.kind(wake);
    if (kind === event.WOKE || kind === event.BORN) this.arrows.put(wake, at_ns, now);
  }

  /** The wakes that were not given to the arrows yet, each with when its step began. */
  pending() {
    if (this.open < 0) return [];
    const { lastStep, lastPhase, lastLow, lastHigh, lastAt } = this;
    const pending = [];
    for (let at = Math.max(this.open, this.events.first); at < this.events.next; at += 1) {
      const kind = this.events.kind(at);
      const at_ns = kind === 0 ? 0 : this.join(at);
      if (kind === event.WOKE || kind === event.BORN) pending.push([at, at_ns]);
    }
    Object.assign(this, { lastStep, lastPhase, lastLow, lastHigh, lastAt });
    return pending;
  }

  close(number) {
    this.settle(number);
    this.forget();
  }

  /** A turn begins with this event, or what is left of it. */
  begin(number) {
    const { turns } = this;
    const before = turns.length > 0 ? turns.number[turns.slot(turns.next - 1)] : NaN;
    const slot = turns.push();
    this.latestFrom = Math.max(this.latestFrom, this.events.at(number));
    turns.start[slot] = number;
    turns.from[slot] = this.latestFrom;
    // What follows a turn that began follows its number, too.
    turns.number[slot] = before + 1;
    turns.begun[slot] = 0;
    this.isOpen = true;
  }

  /** The last turn has this number. */
  number(number) {
    const { turns } = this;
    const row = turns.next - 1;
    turns.number[turns.slot(row)] = number;
    turns.begun[turns.slot(row)] = 1;
    this.firstBegun ??= { row, number };
    // The one before it is what was left of a turn behind a gap.
    if (this.isBehindGap && row > turns.first && turns.begun[turns.slot(row - 1)] === 0) {
      turns.number[turns.slot(row - 1)] = number - 1;
    }
    this.isBehindGap = false;
  }

  /** Forgets the turns whose last event is no longer held. */
  trim() {
    const { turns, events } = this;
    while (turns.length > 1 && turns.start[turns.slot(turns.first + 1)] <= events.first) {
      turns.drop(1);
    }
  }

  /** The whole number of a turn. */
  numberOf(row) {
    const number = this.turns.number[this.turns.slot(row)];
    if (!Number.isNaN(number)) return number;
    // Nothing before it is known: it is numbered by what follows.
    const next = this.firstBegun?.number ?? this.turnNow + 1;
    return Math.max(0, next - 1) + row;
  }

  /** Forgets all turns. */
  clear() {
    this.turns.restart(0);
    this.firstBegun = null;
    this.isBehindGap = false;
    this.forget();
  }
}
