// Run: the clients by turns, each a process of its own, with one server; and the table.
//
// A speed decides nothing. It fails if a client does, and each fails where its counts don't add up.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const USAGE = 'usage: run.mjs PROGRAMS FOLDER [--quick]';
const FULL = { rounds: 7, sizes: [50000, 20000, 3000, 20000] };
/** Does it run, are the counts right? */
const QUICK = { rounds: 1, sizes: [2000, 1000, 200, 2000] };
/** A client that takes longer is as good as dead. */
const PATIENCE_MS = 120_000;
const OURS = 'glassloop';

const rate = { title: 'a second', of: ({ count, seconds }) => count / seconds };
const processor = {
  title: 'processor time of the client each, us',
  of: (one) => (one.processor / one.count) * 1e6,
};
const MEASURES = [
  { name: 'put', title: 'events of 40 bytes to the server', columns: [rate, processor] },
  { name: 'put-1k', title: 'events of 1 KiB to the server', columns: [rate, processor] },
  { name: 'get', title: 'events of 40 bytes from the server', columns: [rate, processor] },
  { name: 'get-1k', title: 'events of 1 KiB from the server', columns: [rate, processor] },
  {
    name: 'ask',
    title: 'questions, one at a time',
    columns: [
      { title: 'median round trip, us', of: (one) => one.median_us },
      { title: 'p99 round trip, us', of: (one) => one.p99_us },
      processor,
    ],
  },
  { name: 'ask-64', title: 'questions, 64 in flight', columns: [rate, processor] },
];

/** The first two processors that this process may use: the server's, and the clients'. */
function processors() {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(status)[1];
  const all = list.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  return [all[0], all[1] ?? all[0]];
}

function clients(programs, folder) {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const theirs = path.join(programs, 'measured_theirs');
  return [
    { name: OURS, command: [path.join(programs, 'measured_ours')] },
    { name: 'rust_socketio', command: [theirs] },
    { name: 'rust_socketio, multi', command: [theirs], rest: ['multi'] },
    {
      name: 'node socket.io-client',
      command: ['node', path.join(here, 'client.mjs'), path.join(folder, 'client')],
    },
    { name: 'python-socketio', command: ['python3', path.join(here, 'client.py')] },
  ];
}

/** The server, once it has said its address. */
async function serve(folder, at) {
  const script = fileURLToPath(new URL('server.mjs', import.meta.url));
  const under = ['-c', String(at), 'node', script, path.join(folder, 'server')];
  const child = spawn('taskset', under, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((done, failed) => {
    child.stdout.once('data', (said) => done(String(said).trim()));
    child.once('exit', (code) => failed(new Error(`the server has ended: ${code}`)));
  });
  return { url, end: () => child.kill() };
}

/** The figures of one run of a client. What it grumbles is shown if it fails. */
function run({ name, command, rest = [] }, url, sizes, at) {
  const words = ['-c', String(at), ...command, url, ...sizes.map(String), ...rest];
  const ended = spawnSync('taskset', words, { encoding: 'utf8', timeout: PATIENCE_MS });
  if (ended.status !== 0) {
    throw new Error(`${name}: ${ended.error ?? `status ${ended.status}`}\n${ended.stderr}`);
  }
  const figures = JSON.parse(ended.stdout);
  assert.deepEqual(Object.keys(figures), MEASURES.map((one) => one.name), name);
  // What is known of theirs is told; nobody else may be broken.
  const broken = Object.values(figures).filter((one) => one.broken !== undefined);
  if (broken.length > 0) assert.match(name, /^rust_socketio/, JSON.stringify(broken));
  return figures;
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)];
}

function told(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value.toFixed(value >= 100 ? 0 : 2);
}

function row(name, ...cells) {
  console.log(`  ${name.padEnd(24)}${cells.map((cell) => cell.padStart(12)).join('')}`);
}

/** The runs of a client, where they could be measured. */
function valuesOf(client, name, column) {
  const runs = client.runs.map((figures) => figures[name]);
  return runs.filter((one) => one.broken === undefined).map(column.of);
}

function print(all) {
  const [ours] = all;
  for (const { name, title, columns } of MEASURES) {
    for (const column of columns) {
      console.log(`\n${title}: ${column.title}`);
      row('', 'median', 'min', 'max', 'to ours');
      const base = quantile(valuesOf(ours, name, column), 0.5);
      for (const client of all) {
        const values = valuesOf(client, name, column);
        if (values.length < client.runs.length) {
          const { broken } = client.runs.map((one) => one[name]).find((one) => one.broken);
          console.log(`  ${client.name.padEnd(24)}${values.length} of ${client.runs.length}`
            + ` runs came to an end; ${broken}`);
          continue;
        }
        const [median, min, max] = [0.5, 0, 1].map((share) => quantile(values, share));
        row(client.name, told(median), told(min), told(max), `${(median / base).toFixed(2)}x`);
      }
    }
  }
}

async function main() {
  const [programs, folder, ...words] = process.argv.slice(2);
  if (folder === undefined || words.some((word) => word !== '--quick')) {
    console.error(USAGE);
    process.exit(2);
  }
  const { rounds, sizes } = words.length > 0 ? QUICK : FULL;
  const [ofServer, ofClient] = processors();
  console.log(`Medians of ${rounds}; ${sizes.slice(0, 2).join(' and ')} events each way,`
    + ` ${sizes.slice(2).join(' and ')} questions. ${os.cpus().length} processors:`
    + ` the server has ${ofServer}, the clients ${ofClient}.`);
  const all = clients(programs, folder).map((client) => ({ ...client, runs: [] }));
  const server = await serve(folder, ofServer);
  try {
    // One round beforehand warms the server, and is thrown away.
    for (let round = 0; round <= rounds; round += 1) {
      for (let turn = 0; turn < all.length; turn += 1) {
        const client = all[(round + turn) % all.length];
        process.stderr.write(`[round ${round} of ${rounds}: ${client.name}]\n`);
        const figures = run(client, server.url, sizes, ofClient);
        if (round > 0) client.runs.push(figures);
      }
    }
  } finally {
    server.end();
  }
  print(all);
}

await main();
