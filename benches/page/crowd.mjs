// Crowd: a program with ten thousand tasks on one loop, and what it says it has done.
//
// It is the benchmarks' own program in a role of its own: benches/src/inspection/crowd.rs. A second
// lies between two of its accounts; time and processor time are in nanoseconds.

import { spawn } from 'node:child_process';
import readline from 'node:readline';

const ACCOUNT_EVERY_MS = 1000;
/** An account may be so late: the machine is busy. */
const PATIENCE_MS = 20_000;
const NAMES = ['at', 'polls', 'events', 'ofLoop', 'ofProcess'];

export class Crowd {
  /** `processor` is that of its loop, or 'anywhere'. */
  static async start(program, shape, processor) {
    const args = ['child', 'crowd', shape, String(ACCOUNT_EVERY_MS), String(processor)];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const crowd = new Crowd(child);
    crowd.url = await crowd.line();
    return crowd;
  }

  constructor(child) {
    Object.assign(this, { child, waits: [] });
    const lines = readline.createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      for (const { resolve } of this.waits.splice(0)) resolve(line);
    });
    const over = () => {
      this.isOver = true;
      for (const { reject } of this.waits.splice(0)) reject(new Error('the crowd has ended'));
    };
    child.on('exit', over);
    child.on('error', over);
  }

  /** The next line that it says. */
  line() {
    if (this.isOver) return Promise.reject(new Error('the crowd has ended'));
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`no word of the crowd in ${PATIENCE_MS / 1000} s`));
      const timer = setTimeout(late, PATIENCE_MS);
      const done = (end) => (value) => {
        clearTimeout(timer);
        end(value);
      };
      this.waits.push({ resolve: done(resolve), reject: done(reject) });
    });
  }

  async account() {
    const numbers = (await this.line()).split(' ').map(Number);
    return Object.fromEntries(NAMES.map((name, i) => [name, numbers[i]]));
  }

  /** What is done from the next account on, in so many seconds. */
  async over(seconds, begins = async () => {}) {
    const begin = await this.account();
    await begins();
    let end = begin;
    for (let left = seconds; left > 0; left -= 1) end = await this.account();
    const took = (end.at - begin.at) / 1e9;
    const [polls, ofLoop] = [end.polls - begin.polls, end.ofLoop - begin.ofLoop];
    return {
      polls: polls / took,
      events: (end.events - begin.events) / took,
      nsAPoll: ofLoop / polls,
      loopShare: ofLoop / 1e9 / took,
      othersShare: (end.ofProcess - begin.ofProcess - ofLoop) / 1e9 / took,
    };
  }

  /** Says and does nothing more, and keeps its connections. */
  stop() {
    this.child.kill('SIGSTOP');
  }

  goOn() {
    this.child.kill('SIGCONT');
  }

  end() {
    this.child.kill('SIGKILL');
  }
}
