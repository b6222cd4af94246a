// Calls: the line of deferred calls, which run in the order in which they were left.
//
// They all have one line, whatever they are called: the nth run is that of the nth call that was
// left. Some may have been left before the first event; the runs show how many there were at least.

import { Columns } from './columns.js';

export class Calls {
  constructor(eventsMax) {
    // The rows are numbered as the calls are, and hold the numbers of their events.
    this.left = new Columns({ number: [Float64Array, 1] }, eventsMax);
    this.ran = new Columns({ number: [Float64Array, 1] }, eventsMax);
    /** How many lay in the line before the first event, at least. */
    this.before = 0;
    /** Events before this one are of a line that got lost. */
    this.since = 0;
  }

  /** What follows is out of step with what was before. */
  restart(number) {
    this.left.restart(0);
    this.ran.restart(0);
    this.before = 0;
    this.since = number;
  }

  /** A call was left. Gives its place in the line. */
  leave(number) {
    const slot = this.left.push();
    this.left.number[slot] = number;
    return this.left.next - 1;
  }

  /** A call ran. Gives its place in the line. */
  run(number) {
    const slot = this.ran.push();
    this.ran.number[slot] = number;
    this.before = Math.max(this.before, this.ran.next - this.left.next);
    return this.ran.next - 1;
  }

  /** The event by which the nth run's call was left, -1 if that is not known. */
  leftOf(nthRun) {
    return numberOf(this.left, nthRun - this.before);
  }

  /** The event by which the nth call that was left ran, -1 if it has not. */
  runOf(nthLeft) {
    return numberOf(this.ran, nthLeft + this.before);
  }

  /** How many that were left and recorded have not run: the last ones of the line. */
  get waiting() {
    return this.left.next + this.before - this.ran.next;
  }
}

function numberOf(line, nth) {
  if (nth < line.first || nth >= line.next) return -1;
  return line.number[line.slot(nth)];
}
