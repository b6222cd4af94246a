// Moments: the page's model at an event of a recording, beside what the program itself said there.
//
// examples/moments.rs says time and again what is what, and how many events there were. Each of a
// thousand such lines, of many seeds and in any order, so that the model steps forth and back, is
// compared with the moment of that event: the state of each task, where it waits, who stands in
// line in which order, what runs, and the turn. Once with the whole recording, and once with its
// last part alone, as a ring holds it: who is known must be as it was. Ends with 1 if anything
// differs or too little was compared.
//
// node tools/page/moments.mjs, with PAGE_PROGRAMS the folder of the programs.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Moments, Recording, readFile, stopsOf } from '../../inspector/page/model/index.js';
import { RAN, itemOf } from '../../inspector/page/model/event.js';

const SEEDS = 20;
const LINES = 1_000;
const SHOWN = 5;
/** Of a recording that is cut so many events are left. */
const KEPT = 400;

const program = path.join(process.env.PAGE_PROGRAMS ?? '.', 'moments');

/** Numbers that are the same each time. */
function diceOf(seed) {
  let state = BigInt(seed);
  return (end) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(end));
  };
}

function shuffled(list, below) {
  for (let left = list.length; left > 1; left -= 1) {
    const at = below(left);
    [list[left - 1], list[at]] = [list[at], list[left - 1]];
  }
  return list;
}

/** What one seed's program left. */
function lived(folder, seed) {
  const { status, stderr } = spawnSync(program, ['--seed', `${seed}`, '--folder', folder]);
  if (status !== 0) throw new Error(`${program}, seed ${seed}: ${stderr}`);
  const text = fs.readFileSync(path.join(folder, 'trace.json'), 'utf8');
  const { recording, names } = readFile(text);
  const lines = fs.readFileSync(path.join(folder, 'said.jsonl'), 'utf8').trim().split('\n');
  return { seed, recording, names, said: lines.map((line) => JSON.parse(line)) };
}

/** The last part of a recording. */
function lastOf({ recording }) {
  const last = new Recording({ eventsMax: KEPT });
  const { first } = recording;
  last.append({ first, turnNow: recording.turnNow, bytes: recording.events.bytes() });
  return last;
}

const keyOf = (bits) => itemOf(parseInt(bits.slice(8), 16), parseInt(bits.slice(0, 8), 16)).key;

/** The stops at which so many events had happened, in the midst of what the line says. */
function stopOf(recording, { event, runs }) {
  const here = recording.turnIndexOf(Math.min(event, recording.next - 1));
  const stops = [here - 1, here].filter((index) => index >= 0)
    .flatMap((index) => stopsOf(recording, index, 'event'))
    .filter(({ until }) => until === event);
  const { events } = recording;
  const isOf = ({ own }) => events.kind(own) === RAN && events.item(own).key === keyOf(runs);
  return (runs === null ? stops[0] : stops.find(isOf)) ?? null;
}

/** What differs between what the program said and what the model folds. */
function differences(said, moment, { names, recording }, isWhole) {
  const found = [];
  const same = (what, ours, theirs) => {
    if (ours !== theirs) found.push(`${what}: said ${theirs}, folded ${ours}`);
  };
  let runs = said.runs === null ? null : keyOf(said.runs);
  let line = said.ready.map(keyOf);
  if (runs === null && moment.running !== null) {
    // Between two items nothing happens: the next one may have begun.
    [runs, ...line] = line;
  }
  same('runs', moment.running?.key ?? null, runs);
  // What lies between two turns is of either.
  if (said.runs !== null && isWhole) same('turn', recording.numberOf(moment.turnIndex), said.turn);
  const ours = moment.ready.map(({ key }) => key);
  if (!isWhole) line = line.slice(line.length - ours.length);
  same('in line', ours.join(', '), line.join(', '));
  const alive = [...moment.tasks].filter(([, { state }]) => state !== 'done');
  if (isWhole) {
    same('alive', alive.map(([key]) => key).sort().join(), Object.keys(said.tasks).sort().join());
  }
  for (const [key, { state, place }] of alive) {
    const task = said.tasks[key];
    if (!task) {
      found.push(`${key}: said to be over, folded ${state}`);
      continue;
    }
    const isReady = task.state === 'aborted' ? 'ready' : task.state;
    const theirs = key === runs ? 'running' : isReady;
    if (isWhole || state !== 'waiting') same(`${key} is`, state, theirs);
    if (isWhole && task.waits) same(`${key} waits at`, names.place(place), task.place);
  }
  return found;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'page-moments-'));
let [compared, differing] = [0, 0];
try {
  const below = diceOf(1);
  const lives = Array.from({ length: SEEDS }, (_, at) => lived(folder, at + 1));
  const picked = [];
  for (const isWhole of [true, false]) {
    const all = lives.flatMap((life) => {
      const recording = isWhole ? life.recording : lastOf(life);
      const moments = new Moments(recording);
      const at = (said) => ({
        life, moments, said, isWhole, stop: stopOf(recording, said),
      });
      const isHeld = ({ event }) => event > recording.first;
      return life.said.filter(isHeld).map(at).filter(({ stop }) => stop !== null);
    });
    picked.push(...shuffled(all, below).slice(0, LINES));
  }
  for (const { life, moments, said, isWhole, stop } of picked) {
    const moment = moments.at(stop.ns, stop);
    const found = differences(said, moment, life, isWhole);
    compared += 1;
    if (found.length === 0) continue;
    differing += 1;
    if (differing > SHOWN) continue;
    const which = `seed ${life.seed}, event ${said.event}${isWhole ? '' : ', cut'}`;
    console.log(`${which}:\n  ${found.join('\n  ')}`);
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
console.log(`moments: ${compared} compared, ${differing} differ`);
process.exit(differing === 0 && compared === 2 * LINES ? 0 : 1);
