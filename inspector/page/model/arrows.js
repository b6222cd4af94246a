// Arrows: from each wake to the run that it led to, found as the events come.
//
// Twin of inspector/src/arrows.rs. A run is led to by the wake that put its item into the ready
// queue. A task that wakes itself does so before its own run is told of, and means the next one; so
// of two wakes the first led to the run that is under way. Runs whose wake is not recorded have no
// arrow. Each event has one number for it, its link: how far the other end of its arrow is away.

import { Calls } from './calls.js';
import { DEFERRED, RAN, RUN, isWake, WOKE_AGAIN } from './event.js';
import { OpenWakes } from './open_wakes.js';

export class Arrows {
  constructor(events, eventsMax) {
    this.events = events;
    this.open = new OpenWakes();
    this.calls = new Calls(eventsMax);
  }

  /** Events were lost before this one: no wake from before leads to what follows. */
  restart(number) {
    this.open.each((wake) => this.giveUp(wake, number));
    this.open.clear();
    this.calls.restart(number);
  }

  /** An item was queued, by a step that began then. `now` is the event that shows that. */
  put(wake, at_ns, now) {
    const { events } = this;
    const [low, high] = [events.low(wake), events.high(wake)];
    if (high >>> 28 === DEFERRED) {
      this.link(wake, this.calls.leave(wake));
      return;
    }
    const missing = this.open.put(low, high, wake, at_ns, events.first);
    if (missing >= 0) this.giveUp(missing, now);
  }

  /** An item ran: finds the wake that led to it. */
  take(run) {
    const { events, open } = this;
    // Render and idle callbacks are held, not queued.
    if (events.phase(run) !== RUN) return;
    const [low, high] = [events.low(run), events.high(run)];
    if (high >>> 28 === DEFERRED) {
      this.link(run, this.calls.run(run));
      return;
    }
    const at = open.find(low, high);
    if (open.count[at] === 0) return;
    if (open.isFirstMissing(at, events.at(run))) this.giveUp(open.shift(at), run);
    const wake = open.shift(at);
    if (open.count[at] === 0) open.free(at);
    if (wake < events.first) return;
    this.link(wake, run - wake);
    this.link(run, run - wake);
  }

  /** The run of a wake is missing, which this event shows: its link is negative. */
  giveUp(wake, now) {
    if (wake >= this.events.first) this.link(wake, wake - now);
  }

  link(number, link) {
    this.events.links[this.events.slot(number)] = link;
  }

  /** The number of the wake that led to a run, -1 if that is not known. */
  causeOf(run) {
    const { events } = this;
    if (events.kind(run) !== RAN || events.phase(run) !== RUN) return -1;
    const link = events.links[events.slot(run)];
    if (events.high(run) >>> 28 !== DEFERRED) return link > 0 ? this.held(run - link) : -1;
    if (run < this.calls.since) return -1;
    return this.held(this.calls.leftOf(whole(link, this.calls.ran.next)));
  }

  /** The number of the run that a wake led to, -1 if there is none. */
  runOf(wake) {
    const { events } = this;
    const kind = events.kind(wake);
    if (!isWake(kind) || kind === WOKE_AGAIN) return -1;
    const link = events.links[events.slot(wake)];
    if (events.high(wake) >>> 28 !== DEFERRED) return link > 0 ? wake + link : -1;
    if (wake < this.calls.since || !this.isPut(wake, link)) return -1;
    return this.held(this.calls.runOf(whole(link, this.calls.left.next)));
  }

  /** Whether a call's link is its place in the line: the last wakes have none yet. */
  isPut(wake, link) {
    const { left } = this.calls;
    const nth = whole(link, left.next);
    return nth >= left.first && nth < left.next && left.number[left.slot(nth)] === wake;
  }

  /** Whether a wake's item is known to have gone from the ready queue before this event. */
  isGivenUp(wake, before) {
    const link = this.events.links[this.events.slot(wake)];
    return link < 0 && this.events.high(wake) >>> 28 !== DEFERRED && wake - link < before;
  }

  /**
   * The wake that would lead to a run which began then; -1 if none would. Beside those that were
   * put there are some that are still to be: `[number, when their step began]` of each.
   */
  wouldLead(low, high, began_ns, pending) {
    if (high >>> 28 === DEFERRED) {
      const { calls } = this;
      const nth = calls.ran.next - calls.before;
      if (nth < calls.left.next) return this.held(calls.leftOf(calls.ran.next));
      const isCall = ([wake]) => this.events.high(wake) >>> 28 === DEFERRED;
      return pending.filter(isCall).map(([wake]) => wake)[nth - calls.left.next] ?? -1;
    }
    const at = this.open.find(low, high);
    const wakes = [];
    for (let put = 0; put < this.open.count[at]; put += 1) {
      wakes.push([this.open.wakes[2 * at + put], this.open.times[2 * at + put]]);
    }
    const isIts = ([wake]) => this.events.low(wake) === low && this.events.high(wake) === high;
    for (const made of pending.filter(isIts)) {
      wakes.push(made);
      if (wakes.length > 2) wakes.shift();
    }
    if (wakes.length === 2 && wakes[1][1] < began_ns) wakes.shift();
    return wakes.length > 0 ? this.held(wakes[0][0]) : -1;
  }

  held(number) {
    return this.events.holds(number) ? number : -1;
  }
}

/** The whole of a number whose low 32 bits these are, and which lies below `next`. */
function whole(bits, next) {
  return next - 1 - ((next - 1 - bits) >>> 0);
}
