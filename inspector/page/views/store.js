// Store: what the page knows and what it looks at; every panel is drawn from it.
//
// It promises that each change is noted under a topic, and that a panel which has seen a topic is
// not told of it again. It draws nothing.

import { stopAt } from './model.js';
import { lasting } from './words.js';

/** The topics that a change may have. */
export const TOPICS = [
  'clock', 'data', 'row', 'mode', 'time', 'scene', 'select', 'hover', 'span', 'filter', 'feed',
  'size', 'held',
];

/** How large a step is. */
export const GRAINS = ['sentence', 'event', 'poll', 'phase', 'turn'];

/** How tasks are sorted. */
export const SORTS = {
  tree: 'tree', busy: 'busiest', delay: 'longest in line', polls: 'most polls', state: 'state',
};

/** How fast a recording is played. */
export const SPEEDS = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 1, 2, 10, 100];

export class Store {
  constructor() {
    this.changed = new Set(TOPICS);
    this.clear();
    /** What a step is. */
    this.grain = 'poll';
    this.speed = 1;
    /** The key of what is selected, and of what the pointer is on. */
    this.selected = null;
    this.hovered = [];
    this.filter = '';
    this.sort = 'tree';
    this.canControl = false;
    /** Whether the program's text is beside it. */
    this.isReading = false;
  }

  /** Forgets the recording, not how it is looked at. */
  clear() {
    /** 'none', 'live' or 'file'. */
    this.source = 'none';
    this.sourceName = '';
    this.recording = null;
    this.moments = null;
    this.names = null;
    /** The newest row of the loop: its state. */
    this.row = null;
    this.rowCameMs = 0;
    /** When the loop was last seen alive. */
    this.pulseMs = performance.now();
    /** Whether it has not been since. */
    this.isSuspect = false;
    this.process = null;
    this.loops = [];
    this.hostQueues = [];
    this.loop = null;
    this.underWay = null;
    /** Whether the page goes along with what comes. */
    this.isFollowing = true;
    this.isPlaying = false;
    this.isSlow = false;
    this.ns = 0;
    /** The event that the playhead is at, as the model's stop; null for an instant alone. */
    this.stop = null;
    /** What the timeline shows; null is the last seconds. */
    this.span = null;
    this.spanWidth = 2e9;
    this.feed = { state: 'none', sent: 0, drawn: 0, dropped: 0, missed: 0, silentMs: 0 };
    this.note('mode', 'data', 'row', 'time', 'select', 'span', 'feed');
  }

  /** Notes a change. */
  note(...topics) {
    for (const topic of topics) this.changed.add(topic);
  }

  /** Takes what has changed since. */
  take() {
    const changed = this.changed;
    this.changed = new Set();
    return changed;
  }

  /** Whether the page goes along with a program that runs. */
  get isAlong() {
    return this.isFollowing && this.source === 'live';
  }

  /** Whether there is anything to show. */
  get hasEvents() {
    return this.recording !== null && this.recording.length > 0;
  }

  get beginNs() {
    return this.hasEvents ? this.recording.beginNs : 0;
  }

  get endNs() {
    const { recording } = this;
    if (!this.hasEvents) return 0;
    return Math.max(recording.endNs, recording.underWay ? recording.nowNs : 0);
  }

  /** The loop's clock now, as well as it is known; never before the newest event. */
  nowNs() {
    const clock = this.row?.clock_ns ?? 0;
    if (this.source !== 'live' || this.feed.state !== 'open') return Math.max(this.endNs, clock);
    const age = this.row?.as_of?.age_ms ?? 0;
    const since = (age + performance.now() - this.rowCameMs) * 1e6;
    return Math.max(this.endNs, clock + since);
  }

  /** How long the loop has been held, in milliseconds; 0 if it is not. */
  heldMs() {
    const { stall } = this.row ?? {};
    if (!stall) return 0;
    const isGoing = this.source === 'live' && this.feed.state === 'open';
    return stall.for_ms + (isGoing ? performance.now() - this.rowCameMs : 0);
  }

  /** Notes when that is told in other words: so all panels change them at once. */
  noteHeld() {
    const told = this.row?.stall ? lasting(this.heldMs()) : null;
    if (told === this.heldTold) return;
    this.heldTold = told;
    this.note('held');
  }

  select(key) {
    const next = key || null;
    if (this.selected === next) return;
    this.selected = next;
    this.note('select', 'hover');
  }

  hover(keys) {
    if (this.hovered.join('\n') === keys.join('\n')) return;
    this.hovered = keys;
    this.note('hover');
  }

  /** Moves the playhead there, and stops going along. */
  seek(ns, stop = null) {
    this.isFollowing = false;
    this.stop = stop;
    this.ns = Math.min(Math.max(ns, this.beginNs), this.endNs);
    this.note('time', 'mode');
    // Slow motion shows the turn, not the sleep before it.
    if (!this.isSlow) this.keepInSight();
  }

  /** The same by hand: what is played stops. */
  goTo(ns, stop = null) {
    this.isPlaying = false;
    this.isSlow = false;
    this.seek(ns, stop);
  }

  /** The same to an event. */
  goToEvent(number) {
    const stop = stopAt(this.recording, number);
    if (stop) this.goTo(stop.ns, stop);
  }

  follow() {
    this.isFollowing = true;
    this.stop = null;
    this.isPlaying = false;
    this.isSlow = false;
    this.span = null;
    this.note('time', 'mode', 'span');
  }

  /** The span of the timeline, in nanoseconds. */
  view() {
    if (this.span) return this.span;
    const to = this.isFollowing ? this.nowNs() : this.endNs;
    const from = Math.max(this.beginNs, to - this.spanWidth);
    return { from, to: Math.max(to, from + 1000) };
  }

  /** Shows this span. */
  look(from, to) {
    const least = 200;
    const width = Math.max(to - from, least);
    const most = Math.max(this.endNs - this.beginNs, 1e6) * 1.2;
    const kept = Math.min(width, most);
    const middle = (from + to) / 2;
    this.spanWidth = kept;
    this.span = { from: middle - kept / 2, to: middle + kept / 2 };
    this.note('span');
  }

  /** Moves the timeline so that the playhead is on it. */
  keepInSight() {
    const { from, to } = this.view();
    if (this.ns >= from && this.ns <= to) {
      if (!this.span) this.span = { from, to };
      return;
    }
    const width = to - from;
    this.span = { from: this.ns - width / 2, to: this.ns + width / 2 };
    this.note('span');
  }
}
