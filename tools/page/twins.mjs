// Twins: the page's model beside the inspector, of a tour that goes on and of a loop that hangs.
//
// Takes each program's trace with the answers that the inspector gave at that time, and has
// tests/page/model/twin.mjs compare them. Ends with 1 if anything differs or nothing was compared.
//
// node tools/page/twins.mjs, with PAGE_PROGRAMS the folder of the programs.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as programs from './programs.mjs';

const TWIN = fileURLToPath(new URL('../../tests/page/model/twin.mjs', import.meta.url));
const EVENTS_MIN = 6000;
const PATIENCE_MS = 30_000;
/** A loop that has hung for so long is no longer waited for by whoever asks. */
const HELD_MS = 1500;

const CASES = [
  ['tour', ['--seconds', '600'], (row) => row.recorded?.events >= EVENTS_MIN],
  ['stall', ['--work', '1', '--seconds', '60'], (row) => row.stall?.for_ms >= HELD_MS],
];

/** The program's row, once it is far enough. */
async function grown(program, isEnough) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const row = await program.row();
    if (isEnough(row)) return row;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the program did not come so far');
}

async function asked(program, route) {
  const answer = await program.ask(route);
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}

/** The trace comes last: all that the answers before it tell of is in it. */
async function compare(folder, [name, args, isEnough]) {
  const program = await programs.start(process.env.PAGE_PROGRAMS ?? '.', name, ...args);
  const row = await grown(program, isEnough);
  const loop = `loop=${row.loop.number}`;
  const story = await asked(program, `/story?${loop}&turns=10000&idle=1`);
  const why = [];
  for (const { id } of row.tasks) {
    const answer = await program.ask(`/why?${loop}&task=${encodeURIComponent(id)}`);
    // One that has ended meanwhile may be known no longer.
    if (answer.ok) why.push(await answer.text());
  }
  const trace = await asked(program, `/trace?${loop}`);
  program.end();
  const files = Object.entries({ trace, story, why: `[${why.join()}]` }).map(([kind, text]) => {
    const file = path.join(folder, `${name}.${kind}.json`);
    fs.writeFileSync(file, text);
    return file;
  });
  const { status, stdout, stderr } = spawnSync(process.execPath, [TWIN, ...files]);
  process.stdout.write(`${stdout}`.replace(/^(?=.)/gm, `${name}: `));
  process.stderr.write(stderr);
  return status === 0;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'page-twins-'));
let isGood = true;
try {
  for (const one of CASES) isGood = await compare(folder, one) && isGood;
} finally {
  programs.endAll();
  fs.rmSync(folder, { recursive: true, force: true });
}
process.exit(isGood ? 0 : 1);
