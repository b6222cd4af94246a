// Lanes: which task has which lane of the timeline.
//
// Promises that a task never moves: it gets the next lane when it is first heard of, and keeps it
// while it lives. Lanes are bounded: where there are many, a lane of one that has ended is given to
// another; where there is none, who comes shares the last one.

/** So many lanes, and from how many on lanes are given again. */
const LANES_MAX = 20_000;
const AGAIN_FROM = 1000;

/** No more of those that have ended get a lane before they are seen to run. */
const ENDED_MAX = 100;

const ALWAYS = { from: -Infinity, to: Infinity };

export class Lanes {
  constructor() {
    this.clear();
  }

  clear() {
    this.keys = [];
    this.byKey = new Map();
    /** From when to when each lives, as far as that was seen. */
    this.lives = new Map();
    /** How often each ran in a nanosecond, where that is known. */
    this.rates = new Map();
    /** The lanes of those that have ended, longest ago first. */
    this.free = [];
  }

  /** The lane of a task, or of what else runs. */
  of(key) {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const lane = this.next();
    if (lane === this.keys.length && lane >= LANES_MAX) return LANES_MAX - 1;
    this.keys[lane] = key;
    this.byKey.set(key, lane);
    return lane;
  }

  /** A lane for somebody new. */
  next() {
    if (this.keys.length < AGAIN_FROM || this.free.length === 0) return this.keys.length;
    const lane = this.free.shift();
    const before = this.keys[lane];
    this.byKey.delete(before);
    this.lives.delete(before);
    return lane;
  }

  /** The lane of what runs: a task's own; callbacks have one together. */
  ofItem(item) {
    return this.of(laneKey(item));
  }

  /** Adds the tasks of a state, in the order of their birth. */
  addRow(row) {
    if (!row?.tasks) return;
    const isNew = (task) => task.id && !this.byKey.has(task.id);
    // Of a loop that is over all that ran have their lanes in the same order.
    const ended = (row.loop?.ended && row.recorded?.ended) || [];
    if (ended.length <= ENDED_MAX) {
      const known = ended.filter(isNew).sort((a, b) => generationOf(a) - generationOf(b));
      for (const task of known) this.of(task.id);
    }
    const fresh = row.tasks.filter(isNew);
    if (fresh.length === 0) return;
    fresh.sort((a, b) => a.birth - b.birth);
    for (const task of fresh) {
      this.of(task.id);
      this.lives.set(task.id, { from: task.times?.since_ns ?? -Infinity, to: Infinity });
    }
  }

  /** How often these run: where they run more often than can be seen they are drawn paler. */
  learnRates(row, first, last) {
    if (!row?.tasks) return;
    const wanted = new Set(this.keys.slice(first, last));
    for (const { id, polls, times } of row.tasks) {
      if (!wanted.has(id)) continue;
      const lived = times ? times.busy_ns + times.scheduled_ns + times.idle_ns : 0;
      if (lived > 0) this.rates.set(id, polls / lived);
    }
  }

  /** Notes that it was there at an instant; whether that was its end. */
  sawAt(key, ns, isEnd) {
    if (!this.byKey.has(key)) return;
    let life = this.lives.get(key);
    if (!life) {
      life = { from: ns, to: Infinity };
      this.lives.set(key, life);
    }
    if (ns < life.from) life.from = ns;
    if (!isEnd) return;
    if (life.to === Infinity) this.free.push(this.byKey.get(key));
    life.to = ns;
  }

  life(key) {
    return this.lives.get(key) ?? ALWAYS;
  }

  get count() {
    return this.keys.length;
  }
}

/** The how many-th birth of its loop a task is. */
function generationOf({ id }) {
  return Number(id.split('.')[1]);
}

/** The key of the lane of an item. */
export function laneKey(item) {
  if (item.kind === 'task' || item.key?.startsWith('#')) return item.key;
  if (item.key?.startsWith('callback')) return 'callbacks';
  return item.key || 'others';
}
