// Lanes: which task has which lane of the timeline.
//
// Promises that a task never moves: it gets the next free lane when it is first heard of, and
// keeps it. Lanes are bounded; who comes later shares the last one.

/** So many lanes. */
export const LANES_MAX = 20_000;

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
  }

  /** The lane of a task, or of what else runs. */
  of(key) {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    if (this.keys.length >= LANES_MAX) return LANES_MAX - 1;
    this.keys.push(key);
    this.byKey.set(key, this.keys.length - 1);
    return this.keys.length - 1;
  }

  /** The lane of what runs: a task's own; callbacks have one together. */
  ofItem(item) {
    return this.of(laneKey(item));
  }

  /** Adds the tasks of a state, in the order of their birth. */
  addRow(row) {
    if (!row?.tasks) return;
    const fresh = row.tasks.filter((task) => !this.byKey.has(task.id));
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
    const life = this.lives.get(key);
    if (!life) {
      this.lives.set(key, { from: ns, to: isEnd ? ns : Infinity });
      return;
    }
    if (ns < life.from) life.from = ns;
    if (isEnd) life.to = ns;
  }

  life(key) {
    return this.lives.get(key) ?? ALWAYS;
  }

  get count() {
    return this.keys.length;
  }
}

/** The key of the lane of an item. */
export function laneKey(item) {
  if (item.kind === 'task' || item.key?.startsWith('#')) return item.key;
  if (item.key?.startsWith('callback')) return 'callbacks';
  return item.key || 'others';
}
