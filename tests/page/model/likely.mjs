// A likely recording: what a loop of some tasks, timers, sources and calls would write.
//
// Decided by a seed; each event follows the rules of src/recorder.rs, as far as the model knows
// them.

import * as e from './encode.mjs';

/** Events of at least so many, and the number of the last turn. */
export function likely(seed, eventsMin, { tasks = 20, batch = 4 } = {}) {
  const loop = new Loop(e.random(seed), tasks, batch);
  while (loop.events.length < eventsMin) loop.turn();
  return { events: loop.events, turnNow: loop.number };
}

class Loop {
  constructor(random, tasks, batch) {
    Object.assign(this, { random, batch, events: [], number: 0, now: 1_000, births: tasks });
    this.alive = Array.from({ length: tasks }, (_, index) => e.task(index, index));
    this.ready = [];
  }

  below(count) {
    return Math.floor(this.random() * count);
  }

  push(phase, at_ns, took_ns, what) {
    this.events.push(e.event(phase, at_ns, took_ns, what));
  }

  /** Wakes an item in a phase, unless it is awake. */
  wake(phase, item, by) {
    const isCall = item >> 60n === 3n;
    if (this.ready.includes(item) && !isCall) {
      this.push(phase, this.now, 0, e.wokeAgain(item, by));
    } else {
      this.push(phase, this.now, by >> 60n === 9n ? this.below(3e6) : 0, e.woke(item, by));
      this.ready.push(item);
    }
  }

  any() {
    return this.alive[this.below(this.alive.length)];
  }

  turn() {
    this.number += 1;
    const took = this.ready.length > 0 ? 0 : this.below(100_000);
    this.push('wait', this.now, took, e.waited(this.below(3)));
    this.now += took;
    this.push('io', this.now, 0, e.turn(this.number));
    for (let left = this.below(this.batch); left > 0; left -= 1) {
      this.wake('io', this.any(), e.by.source(this.below(9)));
    }
    for (let left = this.below(this.batch); left > 0; left -= 1) {
      this.wake('timers', this.any(), e.by.timer(this.below(4)));
    }
    if (this.random() < 0.2) this.deferred();
    for (let left = this.ready.length; left > 0; left -= 1) this.run(this.ready.shift());
    if (this.random() < 0.1) this.push('finish', this.now, 500, e.published(this.below(3)));
    if (this.random() < 0.05) this.wake('wait', this.any(), e.by.host);
  }

  deferred() {
    const begin = this.now;
    const count = 1 + this.below(2);
    for (let left = count; left > 0; left -= 1) {
      this.wake('deferred', this.random() < 0.5 ? e.call(this.below(3)) : this.any(), e.by.thread);
    }
    this.now += 300;
    this.push('deferred', begin, 300, e.served(count));
  }

  run(item) {
    if (item >> 60n === 3n) {
      this.push('run', this.now, 200, e.ran(item, 'called'));
      this.now += 200;
      return;
    }
    const took = this.below(5_000);
    const by = e.by.item(item);
    if (!this.alive.includes(item)) {
      this.push('run', this.now, 0, e.ran(item, 'stale'));
      return;
    }
    const does = this.random();
    if (does < 0.2) this.wake('run', item, by);
    else if (does < 0.5) this.wake('run', this.any(), by);
    const ends = does > 0.95;
    if (ends) this.replace(item, by);
    this.push('run', this.now, took, e.ran(item, ends ? 'finished' : 'pending'));
    this.now += took;
    // A microtask after it.
    if (this.random() < 0.05) this.wake('run', this.any(), by);
  }

  /** A task ends, and has spawned another one. */
  replace(item, by) {
    this.births += 1;
    const heir = e.task(Number(item >> 32n) & 0xffffff, this.births);
    this.alive[this.alive.indexOf(item)] = heir;
    this.push('run', this.now, 0, e.born(heir, by, this.below(4)));
    this.ready.push(heir);
  }
}
