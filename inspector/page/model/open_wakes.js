// OpenWakes: the wakes of each item that have not led to a run yet, at most two of each.
//
// The first is of the run that is under way, or of the next; a second one was made during that run.
// A table of typed arrays, looked up by the item's two words: it is asked for every recorded wake.
// Calls are not in it: they all have one line, see calls.js.

const ROOM_LEAST = 256;

export class OpenWakes {
  constructor() {
    this.clear();
  }

  clear() {
    this.make(ROOM_LEAST);
  }

  make(room) {
    this.mask = room - 1;
    this.used = 0;
    this.low = new Uint32Array(room);
    this.high = new Uint32Array(room);
    /** How many wakes each place holds; 0 is a free place. */
    this.count = new Uint8Array(room);
    // Two of each: the numbers of the wakes, and when the steps that made them began.
    this.wakes = new Float64Array(2 * room);
    this.times = new Float64Array(2 * room);
  }

  home(low, high) {
    let hash = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    hash ^= hash >>> 15;
    return hash & this.mask;
  }

  /** The place of an item, or the free one where it belongs. */
  find(low, high) {
    let at = this.home(low, high);
    while (this.count[at] > 0 && (this.low[at] !== low || this.high[at] !== high)) {
      at = (at + 1) & this.mask;
    }
    return at;
  }

  /**
   * Adds a wake of an item. Of three the first one's run is missing: gives its number, else -1.
   * Before the table grows, wakes below `oldest` are forgotten.
   */
  put(low, high, wake, at_ns, oldest) {
    if (2 * this.used > this.mask) this.rebuild(oldest);
    const at = this.find(low, high);
    const count = this.count[at];
    let missing = -1;
    if (count === 0) {
      this.used += 1;
      this.low[at] = low;
      this.high[at] = high;
    } else if (count === 2) {
      missing = this.shift(at);
    }
    const last = 2 * at + this.count[at];
    this.wakes[last] = wake;
    this.times[last] = at_ns;
    this.count[at] += 1;
    return missing;
  }

  /** Takes the first wake of the item at a place: its number. */
  shift(at) {
    const wake = this.wakes[2 * at];
    this.wakes[2 * at] = this.wakes[2 * at + 1];
    this.times[2 * at] = this.times[2 * at + 1];
    this.count[at] -= 1;
    return wake;
  }

  /** Whether the first of two was made for a run that is missing: the second precedes this run. */
  isFirstMissing(at, began_ns) {
    return this.count[at] === 2 && this.times[2 * at + 1] < began_ns;
  }

  /** Frees a place; those behind it that belong nearer move up. */
  free(at) {
    const { mask, count } = this;
    this.used -= 1;
    let hole = at;
    let next = (at + 1) & mask;
    while (count[next] > 0) {
      const home = this.home(this.low[next], this.high[next]);
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        this.move(next, hole);
        hole = next;
      }
      next = (next + 1) & mask;
    }
    count[hole] = 0;
  }

  move(from, to) {
    this.low[to] = this.low[from];
    this.high[to] = this.high[from];
    this.count[to] = this.count[from];
    this.wakes[2 * to] = this.wakes[2 * from];
    this.times[2 * to] = this.times[2 * from];
    this.wakes[2 * to + 1] = this.wakes[2 * from + 1];
    this.times[2 * to + 1] = this.times[2 * from + 1];
  }

  /** Calls this with the number of every wake. */
  each(visit) {
    for (let at = 0; at <= this.mask; at += 1) {
      for (let nth = 0; nth < this.count[at]; nth += 1) visit(this.wakes[2 * at + nth]);
    }
  }

  /** The same with room for those that are still held. */
  rebuild(oldest) {
    const { low, high, count, wakes, times } = this;
    const isHeld = (at) => count[at] > 0 && wakes[2 * at + count[at] - 1] >= oldest;
    let held = 0;
    for (let at = 0; at < count.length; at += 1) held += isHeld(at) ? 1 : 0;
    let room = ROOM_LEAST;
    while (room < 4 * held) room *= 2;
    this.make(room);
    for (let from = 0; from < count.length; from += 1) {
      if (!isHeld(from)) continue;
      const to = this.find(low[from], high[from]);
      this.used += 1;
      this.low[to] = low[from];
      this.high[to] = high[from];
      this.count[to] = count[from];
      for (let nth = 0; nth < 2; nth += 1) {
        this.wakes[2 * to + nth] = wakes[2 * from + nth];
        this.times[2 * to + nth] = times[2 * from + nth];
      }
    }
  }
}
