// Recording: the events of one loop that are held, cut into turns, and what the loop is at now.
//
// Twin of inspector/src/history.rs, which reads all at once; here events are appended as they
// come, and the oldest are dropped. Nothing that is appended throws: what cannot be read leaves a
// hole and is counted. A turn is put together when it is asked for.

import { Arrows } from './arrows.js';
import { Cuts } from './cuts.js';
import { Ended } from './ended.js';
import * as event from './event.js';
import { BYTES, PHASES, WORDS } from './event.js';
import { Events } from './events.js';
import { cutTurn, emptyTurn } from './turns.js';
import { isAtSomething } from './under_way.js';

export class Recording {
  constructor({ eventsMax = 1 << 20 } = {}) {
    this.events = new Events(eventsMax);
    this.arrows = new Arrows(this.events, eventsMax);
    this.cuts = new Cuts(this.events, this.arrows, eventsMax);
    this.ended = new Ended(this.events);
    this.lostBefore = 0;
    this.tornCount = 0;
    this.isNew = true;
    this.setNow();
  }

  /** The number of the oldest event that is held. */
  get first() { return this.events.first; }
  /** The number that the next event will have. */
  get next() { return this.events.next; }
  get length() { return this.events.length; }
  /** Events that came before those that are held, or between them. */
  get lost() { return this.lostBefore; }
  /** Events that could not be read. */
  get torn() { return this.tornCount; }
  /** The loop's turn when the last events were read. */
  get turnNow() { return this.cuts.turnNow; }
  /** Whether something before the first event may have been recorded, and is gone. */
  get isCut() { return this.lost > 0 || this.torn > 0 || this.first > 0; }

  /** When the oldest event began; the first ones may stand out of order. */
  get beginNs() {
    const end = Math.min(this.next, this.first + 64);
    let begin = Infinity;
    for (let at = this.first; at < end; at += 1) {
      if (this.events.kind(at) !== 0) begin = Math.min(begin, this.events.at(at));
    }
    return begin === Infinity ? 0 : begin;
  }

  /** When the newest event ended. */
  get endNs() {
    return this.events.latestEnd;
  }

  /**
   * Adds events. `first` is the number of the first of them; so many were lost before it, and the
   * loop was in turn `turnNow` when they were read. Events that are there already are left out.
   */
  append({ first, lost = 0, torn = 0, turnNow = 0, bytes }) {
    const words = wordsOf(bytes);
    const count = Math.floor(words.length / WORDS);
    this.cuts.turnNow = Math.max(this.cuts.turnNow, whole(turnNow));
    this.lostBefore += whole(lost);
    this.tornCount += whole(torn);
    if (count === 0) return;
    const from = this.seek(isNumber(first) ? first : this.next, lost);
    for (let at = from; at < count; at += 1) {
      this.countDropped();
      if (!this.events.take(words, at * WORDS)) this.tornCount += 1;
      this.cuts.take(this.next - 1);
    }
    if (from < count) this.underWay = null;
    this.cuts.trim();
  }

  /** Makes this event the next one. Gives how many from it on are there already. */
  seek(first, lost) {
    if (this.isNew) this.events.restart(first);
    this.isNew = false;
    if (first <= this.next) return this.next - first;
    const gap = first - this.next;
    this.lostBefore += Math.max(0, gap - whole(lost));
    this.cuts.restart(this.next);
    this.arrows.restart(this.next);
    if (gap >= this.events.rowsMax) {
      this.lostBefore += this.length;
      this.events.restart(first);
      this.cuts.clear();
    } else {
      for (let hole = 0; hole < gap; hole += 1) {
        this.countDropped();
        this.events.skip();
      }
      this.cuts.trim();
    }
    return 0;
  }

  /** Where no room is left, the next event takes that of the oldest. A hole was counted before. */
  countDropped() {
    const { events } = this;
    if (events.length >= events.rowsMax && events.kind(events.first) !== 0) this.lostBefore += 1;
  }

  /**
   * What the loop has not come back from, `{ item, phase, turn }`, since the last event; the time
   * by its clock, 0 where nobody knows; and whether recording is off.
   */
  setNow({ underWay = null, nowNs = 0, isOff = false } = {}) {
    this.underWay = underWay && isAtSomething(underWay) ? underWay : null;
    this.nowNs = nowNs;
    this.isOff = isOff;
  }

  /** How many turns there are; what is under way may be one of which no event tells. */
  get turnCount() {
    return this.cuts.turns.length + (this.hasTurnWithoutEvents ? 1 : 0);
  }

  get hasTurnWithoutEvents() {
    if (!this.underWay) return false;
    const count = this.cuts.turns.length;
    return count === 0 || this.numberOf(count - 1) !== this.underWay.turn;
  }

  turnNumbers() {
    const count = this.turnCount;
    if (count === 0) return { first: 0, last: 0 };
    return { first: this.numberOf(0), last: this.numberOf(count - 1) };
  }

  /** The number of the turn at this index. */
  numberOf(index) {
    const { turns } = this.cuts;
    if (index >= turns.length) return this.underWay?.turn ?? this.turnNow;
    return this.cuts.numberOf(turns.first + index);
  }

  /** The numbers of a turn's first event and of the one behind its last. */
  span(index) {
    const { turns } = this.cuts;
    const start = (row) => turns.start[turns.slot(row)];
    const row = turns.first + index;
    if (row >= turns.next) return [this.next, this.next];
    const end = row + 1 < turns.next ? start(row + 1) : this.next;
    return [Math.max(start(row), this.first), end];
  }

  /** @returns {import('./turns.js').Turn} */
  turn(index) {
    if (index >= this.cuts.turns.length) {
      return emptyTurn(index, this.numberOf(index), this.endNs);
    }
    const [start, end] = this.span(index);
    return cutTurn(this.events, start, end, index, this.numberOf(index));
  }

  /** The index of the turn, or of the wait before it, that holds this instant. */
  turnIndexAt(ns) {
    const { turns } = this.cuts;
    if (this.hasTurnWithoutEvents && ns > this.endNs) return this.turnCount - 1;
    return this.lastIndex((row) => turns.from[turns.slot(row)] <= ns);
  }

  /** The index of the turn of an event. */
  turnIndexOf(number) {
    const { turns } = this.cuts;
    return this.lastIndex((row) => turns.start[turns.slot(row)] <= number);
  }

  /** The last turn of which this holds, which holds of the first ones; at least 0. */
  lastIndex(holds) {
    const { turns } = this.cuts;
    let [low, high] = [turns.first, turns.next];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (holds(middle)) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1 - turns.first);
  }

  /** How long each phase of a turn took, in nanoseconds. */
  phaseTimes(index) {
    const times = {
      wait: 0, io: 0, timers: 0, deferred: 0, run: 0, flush: 0, render: 0, finish: 0,
    };
    const [start, end] = this.span(index);
    for (let at = start; at < end; at += 1) {
      const kind = this.events.kind(at);
      if (kind === 0 || kind === event.TURN || event.isWake(kind)) continue;
      times[PHASES[this.events.phase(at)]] += this.events.took(at);
    }
    return times;
  }

  /** Calls `visit(at_ns, took_ns, item, outcome, number)` for each run in this span of time. */
  eachRun(fromNs, toNs, visit) {
    const { events } = this;
    for (let at = events.firstEndingAt(fromNs); at < events.next; at += 1) {
      const kind = events.kind(at);
      if (kind !== 0 && events.at(at) > toNs) return;
      if (kind !== event.RAN) continue;
      visit(events.at(at), events.took(at), events.item(at), events.outcome(at), at);
    }
  }

  /**
   * Calls `visit({ at_ns, item, by, number, effect, run, run_at_ns })` for each wake in this span
   * of time, and for each before it that led to a run in it.
   */
  eachWake(fromNs, toNs, visit) {
    const { events, arrows } = this;
    const first = events.firstEndingAt(fromNs);
    for (let at = first; at < events.next; at += 1) {
      const kind = events.kind(at);
      if (kind !== 0 && events.at(at) > toNs) return;
      if (event.isWake(kind)) {
        visit(this.wake(at));
      } else if (kind === event.RAN) {
        const cause = arrows.causeOf(at);
        if (cause >= 0 && cause < first) visit(this.wake(cause));
      }
    }
  }

  wake(number) {
    const { events } = this;
    const run = this.arrows.runOf(number);
    return {
      at_ns: events.at(number),
      item: events.item(number),
      by: events.by(number),
      number,
      effect: effectOf(events.kind(number)),
      run: run < 0 ? null : run,
      run_at_ns: run < 0 ? null : events.at(run),
    };
  }
}

function effectOf(kind) {
  if (kind === event.WOKE_AGAIN) return 'nothing';
  return kind === event.BORN ? 'born' : 'queued';
}

/** Whether an event can have this number, and as many behind it as are held. */
function isNumber(first) {
  return Number.isInteger(first) && first >= 0 && first < 2 ** 52;
}

/** A count, whatever came. */
function whole(number) {
  return Number.isFinite(number) && number > 0 ? Math.floor(number) : 0;
}

/** The words in bytes; an event that is cut is left out. */
function wordsOf(bytes) {
  const length = Math.floor(bytes.byteLength / BYTES) * BYTES;
  const isAligned = bytes.byteOffset % 4 === 0;
  const whole = isAligned ? bytes : bytes.slice(0, length);
  return new Uint32Array(whole.buffer, whole.byteOffset, length / 4);
}
