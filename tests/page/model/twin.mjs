// The twin test: the page's model must say what the inspector says, character for character.
//
// node tests/page/model/twin.mjs TRACE STORY WHY
//
// TRACE is a recording's file, STORY an answer of `GET /story`, WHY a list of answers of `GET
// /why`. Where the loop went on between them, what both know is compared: the turns that are
// whole in the trace, and the tasks that have not run since. Exits with 1 if anything differs, or
// if of stories, reasons or arrows none was compared.

import { readFileSync } from 'node:fs';
import {
  readFile, tellMissing, tellTurn, whyRan, whyWaits,
} from '../../../inspector/page/model/index.js';

const SHOWN = 10;

class Comparison {
  constructor() {
    this.compared = 0;
    this.skipped = 0;
    this.differing = 0;
  }

  same(where, ours, theirs) {
    this.compared += 1;
    if (ours === theirs) return;
    this.differing += 1;
    if (this.differing <= SHOWN) {
      console.log(`${where}:\n  expected ${theirs}\n  came     ${ours}`);
    }
  }

  lists(where, ours, theirs) {
    for (let at = 0; at < Math.max(ours.length, theirs.length); at += 1) {
      this.same(`${where}, ${at + 1}`, ours[at], theirs[at]);
    }
  }

  tell(what) {
    const { compared, differing, skipped } = this;
    console.log(`${what}: ${compared} compared, ${differing} differ, ${skipped} skipped`);
  }
}

const [tracePath, storyPath, whyPath] = process.argv.slice(2);
if (!whyPath) {
  console.error('usage: node twin.mjs TRACE STORY WHY');
  process.exit(2);
}
const { recording, names, row, underWay } = readFile(readFileSync(tracePath, 'utf8'));
const hangs = Boolean(row?.stall);
const now = (nowNs) => recording.setNow({ underWay, nowNs: nowNs ?? 0, isOff: recording.isOff });

function compareStory(story) {
  const comparison = new Comparison();
  now(story.now_ns);
  if (story.lost === recording.lost) {
    comparison.same('what is missing', tellMissing(recording), story.missing);
  }
  const lasts = [story.turns.at(-1)?.turn ?? 0, recording.turnNumbers().last];
  // The last turn of either may have been read in its midst, unless the loop hangs in it.
  const isWhole = (turn) => hangs || turn < Math.min(...lasts);
  const ours = new Map();
  for (let at = 0; at < recording.turnCount && isWhole(recording.numberOf(at)); at += 1) {
    const told = tellTurn(recording, names, at);
    ours.set(told.turn, told);
  }
  const whole = ours.size;
  for (const theirs of story.turns) {
    const told = ours.get(theirs.turn);
    ours.delete(theirs.turn);
    if (!told) {
      comparison.skipped += 1;
      continue;
    }
    const sentences = told.sentences.map(({ text }) => text);
    comparison.lists(`turn ${theirs.turn}`, sentences, theirs.sentences);
    comparison.same(`turn ${theirs.turn} began`, told.at_ns, theirs.at_ns);
  }
  comparison.skipped += ours.size;
  comparison.tell(`story of ${whole} turns`);
  return comparison;
}

function compareWhy(answers) {
  const comparison = new Comparison();
  for (const theirs of answers) {
    now(theirs.now_ns);
    const last = theirs.steps.steps[0];
    // Who ran for a while, or had not run yet, may have done so since.
    const isPassing = !hangs && (theirs.running || !last);
    if (isPassing || (last && last.at_ns > recording.endNs && !theirs.running)) {
      comparison.skipped += 1;
    } else {
      compareRan(comparison, theirs, last);
    }
    compareWaits(comparison, theirs);
  }
  comparison.tell(`why of ${answers.length} tasks`);
  return comparison;
}

function compareRan(comparison, theirs, last) {
  const beforeNs = theirs.running || !last ? Infinity : last.at_ns;
  const ours = whyRan(recording, names, theirs.task, beforeNs);
  const lines = ours.steps.map(({ text }) => text);
  comparison.lists(theirs.task, ours.closing ? [...lines, ours.closing] : lines, theirs.ran);
  comparison.same(`${theirs.task}, origin`, ours.origin, theirs.steps.origin);
  ours.steps.forEach(({ turn, at_ns }, at) => {
    comparison.same(`${theirs.task}, turn of ${at + 1}`, turn, theirs.steps.steps[at]?.turn);
    comparison.same(`${theirs.task}, time of ${at + 1}`, at_ns, theirs.steps.steps[at]?.at_ns);
  });
}

/** A task may wait for something else by then, if the states are of two instants. */
function compareWaits(comparison, theirs) {
  if (!theirs.chain || row?.as_of?.turn !== theirs.as_of?.turn) {
    comparison.skipped += 1;
    return;
  }
  const of = ({ depth, tasks, end, text }) => `${depth} [${tasks}] ${end}: ${text}`;
  const { lines } = whyWaits(row, theirs.task);
  comparison.lists(`${theirs.task} waits`, lines.map(of), theirs.chain.lines.map(of));
}

/** The arrows that the trace draws have the numbers of their wakes. */
function compareArrows({ traceEvents }) {
  const comparison = new Comparison();
  const theirs = new Map();
  for (const { cat, flow_in: isEnd, bind_id: id, args } of traceEvents) {
    if (cat === 'item' && isEnd && args.outcome !== 'under way') theirs.set(Number(id), args.turn);
  }
  const turnOf = (number) => recording.numberOf(recording.turnIndexOf(number));
  recording.eachWake(0, Infinity, ({ number, run }) => {
    const turn = run === null ? undefined : turnOf(run);
    comparison.same(`turn that wake ${number} led to`, turn, theirs.get(number));
    if (run !== null) comparison.same(`cause of ${run}`, recording.arrows.causeOf(run), number);
  });
  comparison.tell(`${theirs.size} arrows`);
  return comparison;
}

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const all = [
  compareStory(read(storyPath)), compareWhy(read(whyPath)), compareArrows(read(tracePath)),
];
const isGood = ({ compared, differing }) => compared > 0 && differing === 0;
process.exit(all.every(isGood) ? 0 : 1);
