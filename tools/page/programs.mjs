// Programs: the tour and the stall, started with an inspector, each with run files of its own.
//
// A program is ended by its number, and so is every one that is left when the tests end.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const BEGIN_MS = 10_000;

const running = new Set();

/** Starts a program of the folder; gives it once its inspector listens. */
export function start(folder, name, ...args) {
  return startWith('1', folder, name, ...args);
}

/** The same of one that waits for who watches. */
export function startWaiting(folder, name, ...args) {
  return startWith('wait', folder, name, ...args);
}

async function startWith(inspect, folder, name, ...args) {
  const found = [path.join(folder, `page-${name}`), path.join(folder, name)]
    .find((file) => fs.existsSync(file));
  if (!found) throw new Error(`${folder} has no program ${name}`);
  const run = fs.mkdtempSync(path.join(os.tmpdir(), 'page-run-'));
  fs.chmodSync(run, 0o700);
  const child = spawn(found, args, {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, GLASSLOOP_INSPECT: inspect, XDG_RUNTIME_DIR: run, RUST_LOG: 'info' },
  });
  const program = new Program(child, run);
  running.add(program);
  child.on('exit', () => { program.isOver = true; });
  child.on('error', () => { program.isOver = true; });
  const file = path.join(run, 'glassloop', `${child.pid}.json`);
  const end = Date.now() + BEGIN_MS;
  while (!program.isOver && Date.now() < end) {
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    if (text.endsWith('}')) {
      Object.assign(program, JSON.parse(text));
      return program;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  program.end();
  throw new Error(`${name} has no inspector`);
}

class Program {
  constructor(child, run) {
    Object.assign(this, { child, run, isOver: false });
  }

  get url() {
    return `http://${this.address}/#${this.token}`;
  }

  /** Asks the inspector; gives its answer. */
  ask(route) {
    return fetch(`http://${this.address}${route}`, {
      headers: { Authorization: `Bearer ${this.token}` },
    });
  }

  /** The row of the loop with the most tasks, once it has turned. */
  async row() {
    const tasks = (row) => row.tasks?.length ?? 0;
    const end = Date.now() + BEGIN_MS;
    while (Date.now() < end) {
      const { loops } = await (await this.ask('/state')).json();
      const [most] = loops.sort((a, b) => tasks(b) - tasks(a));
      if (most?.tasks) return most;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the program has no loop');
  }

  /** The trace of that loop, as text. */
  async trace() {
    const { loop } = await this.row();
    return (await this.ask(`/trace?loop=${loop.number}`)).text();
  }

  end() {
    if (!this.isOver) this.child.kill('SIGKILL');
    running.delete(this);
    fs.rmSync(this.run, { recursive: true, force: true });
  }
}

export function endAll() {
  for (const program of running) program.end();
}
