// Events: those of a recording that are held, oldest first, in a ring of words.
//
// Each has its number in the loop's own ring. Where some were lost between two that are held, as
// many places are left empty, so that numbers stay what they are. Nothing is decoded before it is
// asked for, and appending allocates nothing but room.

import { Columns } from './columns.js';
import * as event from './event.js';

export class Events extends Columns {
  constructor(eventsMax) {
    super({
      words: [Uint32Array, event.WORDS],
      // The latest end of all events up to this one: it never falls, so it can be searched.
      ends: [Float64Array, 1],
      // What an arrow needs of it, see arrows.js.
      links: [Int32Array, 1],
    }, eventsMax);
    this.latestEnd = 0;
  }

  /** Takes an event from these words. Says whether it was one; else its place is left empty. */
  take(words, at) {
    if (!event.isEvent(words, at)) {
      this.skip();
      return false;
    }
    const slot = this.push();
    const to = slot * event.WORDS;
    const held = this.words;
    held[to] = words[at];
    held[to + 1] = words[at + 1];
    held[to + 2] = words[at + 2];
    held[to + 3] = words[at + 3];
    held[to + 4] = words[at + 4];
    held[to + 5] = words[at + 5];
    held[to + 6] = words[at + 6];
    held[to + 7] = words[at + 7];
    this.links[slot] = 0;
    const end = this.endOf(slot);
    if (end > this.latestEnd) this.latestEnd = end;
    this.ends[slot] = this.latestEnd;
    return true;
  }

  /** Leaves a place empty. */
  skip() {
    const slot = this.push();
    this.words.fill(0, slot * event.WORDS, (slot + 1) * event.WORDS);
    this.links[slot] = 0;
    this.ends[slot] = this.latestEnd;
  }

  holds(number) {
    return number >= this.first && number < this.next;
  }

  kind(number) {
    return this.words[this.slot(number) * event.WORDS + 5] >>> 24;
  }

  phase(number) {
    return (this.words[this.slot(number) * event.WORDS + 3] >>> 24) & 0xf;
  }

  at(number) {
    const at = this.slot(number) * event.WORDS;
    return this.words[at] + this.words[at + 1] * 2 ** 32;
  }

  /** How long it took; of a timer's wake how late that was. */
  took(number) {
    return this.tookOf(this.slot(number));
  }

  tookOf(slot) {
    const at = slot * event.WORDS;
    // A birth has no length: its place lies there.
    if (this.words[at + 5] >>> 24 === event.BORN) return 0;
    return this.words[at + 4] + (this.words[at + 5] & 0xffff) * 2 ** 32;
  }

  /** When it ended. What a wake carries there is no length. */
  end(number) {
    return this.endOf(this.slot(number));
  }

  endOf(slot) {
    const at = slot * event.WORDS;
    const begin = this.words[at] + this.words[at + 1] * 2 ** 32;
    const kind = this.words[at + 5] >>> 24;
    const hasLength = kind === event.RAN || kind === event.WAITED || kind === event.SERVED
      || kind === event.PUBLISHED;
    return hasLength ? begin + this.tookOf(slot) : begin;
  }

  /** How many it counts: events that came, the low half of a turn's number, who was served. */
  count(number) {
    return this.words[this.slot(number) * event.WORDS + 2];
  }

  outcome(number) {
    return event.OUTCOMES[this.outcomeNumber(number)];
  }

  outcomeNumber(number) {
    return (this.words[this.slot(number) * event.WORDS + 5] >>> 16) & 0xff;
  }

  /** The lower word of its entry, and the upper one without the phase. */
  low(number) {
    return this.words[this.slot(number) * event.WORDS + 2];
  }

  high(number) {
    return (this.words[this.slot(number) * event.WORDS + 3] & event.ENTRY_MASK) >>> 0;
  }

  item(number) {
    return event.itemOf(this.low(number), this.high(number));
  }

  by(number) {
    const at = this.slot(number) * event.WORDS;
    return event.byOf(this.words[at + 6], this.words[at + 7]);
  }

  /** Where a task was spawned. */
  place(number) {
    return this.words[this.slot(number) * event.WORDS + 4];
  }

  /** Where a run left its task waiting, or where its callback was asked for. */
  restedAt(number) {
    return (this.words[this.slot(number) * event.WORDS + 6] - 1) >>> 0;
  }

  /** The first event that ends at this time or later; `next` if there is none. */
  firstEndingAt(ns) {
    return this.search((end) => end >= ns);
  }

  /** The first event that ends later; `next` if there is none. */
  firstEndingAfter(ns) {
    return this.search((end) => end > ns);
  }

  search(isBehind) {
    let [low, high] = [this.first, this.next];
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      if (isBehind(this.ends[this.slot(middle)])) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The last run of this item from event `from` to before `end`, -1 if there is none. */
  lastRun(low, high, from, end) {
    for (let at = Math.min(end, this.next) - 1; at >= Math.max(from, this.first); at -= 1) {
      if (this.kind(at) !== event.RAN) continue;
      if (this.low(at) === low && this.high(at) === high) return at;
    }
    return -1;
  }

  /** The bytes of all of them. */
  bytes() {
    const words = new Uint32Array(this.length * event.WORDS);
    const tail = this.words.subarray(this.head * event.WORDS);
    words.set(tail.subarray(0, words.length));
    if (words.length > tail.length) {
      words.set(this.words.subarray(0, words.length - tail.length), tail.length);
    }
    return new Uint8Array(words.buffer);
  }
}
