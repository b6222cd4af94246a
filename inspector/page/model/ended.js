// Ended: which tasks were seen to end, and by which event.
//
// It looks at the events when it is first asked, and then at those that came since. It knows as
// much as is held: what the ring has dropped is forgotten.

import { OUTCOMES, RAN, TASK } from './event.js';

/** Whether a run with this outcome was a task's last. */
export function isEnd(outcome) {
  return outcome === 'finished' || outcome === 'panicked' || outcome === 'cancelled';
}

/** The same by an outcome's number. */
export const ENDS = OUTCOMES.map(isEnd);

export class Ended {
  constructor(events) {
    this.events = events;
    this.looked = 0;
    this.numbers = new Map();
  }

  /** Whether this task ended before the event with this number. */
  isBefore(item, number) {
    if (item.kind !== 'task') return false;
    this.look();
    const end = this.numbers.get(keyOf(item.index, item.generation));
    return end !== undefined && end < number && end >= this.events.first;
  }

  look() {
    const { events, numbers } = this;
    for (let at = Math.max(this.looked, events.first); at < events.next; at += 1) {
      if (events.kind(at) !== RAN || events.high(at) >>> 28 !== TASK) continue;
      if (!ENDS[events.outcomeNumber(at)]) continue;
      const key = keyOf(events.high(at) & 0xffffff, events.low(at));
      const known = numbers.get(key);
      if (known === undefined || known < events.first) numbers.set(key, at);
    }
    this.looked = events.next;
    // There are no more ends than events; the others are of events that were dropped.
    if (numbers.size > events.length) this.sweep();
  }

  sweep() {
    for (const [key, number] of this.numbers) {
      if (number < this.events.first) this.numbers.delete(key);
    }
  }
}

/** Ids are given once: the index beside the generation is for safety. */
function keyOf(index, generation) {
  return index * 2 ** 32 + generation;
}
