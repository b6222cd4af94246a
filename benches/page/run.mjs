// Run: a crowd with nobody watching and with the page watching, by turns, as a table.
//
// A speed is measured and set beside its bound, never asserted. What is exact is: the script fails
// if what the page shows as dropped is not what it was sent less what it drew, if that is not what
// came over the socket, or if anything went wrong on the page.

import fs from 'node:fs';
import os from 'node:os';

import { Browser } from '../../tools/page/browser.mjs';
import { Crowd } from './crowd.mjs';
import { Watched } from './watched.mjs';

const USAGE = `usage: ./page.sh [--quick] [WORD...]
  --quick   two pairs of 3 s in place of five of 10 s
  WORD      only: paced, saturated, anywhere, apart`;
const SHAPES = ['paced', 'saturated'];
const PLACES = {
  anywhere: 'loop and browser wherever the system puts them',
  apart: 'the loop has a processor, the browser is kept to another',
};
const GAP_BOUND_MS = 33;
const POLLS_BOUND = 0.95;
/** A page has the first state, and a program whom nobody watches any more knows it. */
const SETTLE_S = 2;
/** Longer than the ring holds events. */
const HELD_MS = 4000;

const wrongs = [];

/** The processors that this process may use. */
function processors() {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(status)[1];
  return list.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** Processor seconds of all processes of a browser. */
function secondsOf(browser) {
  let ticks = 0;
  for (const name of fs.readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [, , group] = fields;
      if (Number(group) === browser.process.pid) ticks += Number(fields[11]) + Number(fields[12]);
    } catch { /* It has gone. */ }
  }
  return ticks / 100;
}

/** Processor seconds of everybody, as the system has counted them. */
function secondsOfAll() {
  const fields = fs.readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1);
  const [user, nice, system, , , irq, softirq, steal] = fields.map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}

function sorted(values) {
  return [...values].sort((a, b) => a - b);
}

function quantile(values, share) {
  const all = sorted(values);
  return all[Math.round((all.length - 1) * share)];
}

function median(rows, name) {
  return quantile(rows.map((row) => row[name]), 0.5);
}

/** What the crowd does, and beside it the browser and whoever else is on this machine. */
async function over(crowd, browser, seconds, begins) {
  const now = () => ({ all: secondsOfAll(), browser: secondsOf(browser) });
  let before;
  const done = await crowd.over(seconds, async () => {
    before = now();
    await begins?.();
  });
  const after = now();
  done.browserShare = (after.browser - before.browser) / seconds;
  const all = (after.all - before.all) / seconds;
  done.elseShare = all - done.browserShare - done.loopShare - done.othersShare;
  return done;
}

async function unwatched(crowd, browser, seconds) {
  await crowd.over(SETTLE_S);
  return over(crowd, browser, seconds);
}

async function watched(crowd, browser, seconds) {
  const page = await Watched.open(browser, crowd.url);
  await crowd.over(SETTLE_S);
  let before;
  const done = await over(crowd, browser, seconds, async () => {
    before = (await page.counts()).wire;
    await page.begin();
  });
  const gaps = await page.gaps();
  const { wire } = await page.counts();
  Object.assign(done, {
    p95: quantile(gaps, 0.95),
    longest: Math.max(...gaps),
    frames: gaps.length / seconds,
    bytes: (wire.bytes - before.bytes) / seconds,
    shown: await counted(crowd, page),
  });
  await page.close();
  return done;
}

/** What the page shows once the program has stopped and all that came is drawn. */
async function counted(crowd, page) {
  crowd.stop();
  try {
    const shown = await page.atRest();
    judge(shown, page);
    return shown;
  } finally {
    crowd.goOn();
  }
}

function judge({ drawn, sent, dropped, wire }, page) {
  const isIt = (text, one, other) => {
    if (one !== other) wrongs.push(`${text}: ${one} is not ${other}`);
  };
  isIt('dropped is sent less drawn', dropped, sent - drawn);
  isIt('sent is what came over the socket, and what was lost', sent, wire.events + wire.lost);
  isIt('messages that do not begin where the last one ended', wire.faults, 0);
  if (dropped < wire.lost) wrongs.push(`dropped ${dropped}, but ${wire.lost} never came`);
  if (drawn === 0) wrongs.push('nothing was drawn');
  wrongs.push(...page.faults);
}

/** A page that stands still for longer than the ring holds: events are dropped, and all counted. */
async function held(crowd, browser) {
  const page = await Watched.open(browser, crowd.url);
  await crowd.over(SETTLE_S);
  await page.hold(HELD_MS);
  await crowd.over(SETTLE_S);
  const shown = await counted(crowd, page);
  if (shown.dropped === 0) wrongs.push('a page that stood still has dropped nothing');
  await page.close();
  return shown;
}

function number(value) {
  return Math.round(value).toLocaleString('en');
}

function verdict(isGood) {
  return isGood ? 'within' : 'MISSED';
}

function line(name, ...cells) {
  console.log(`  ${name.padEnd(34)}${cells.map((cell) => cell.padStart(15)).join('')}`);
}

function print(alone, seen) {
  const both = (name) => [median(alone, name), median(seen, name)];
  const row = (title, name, told, note = '') => {
    const [without, by] = both(name);
    line(title, told(without), told(by), (by / without).toFixed(3), note);
  };
  line('', 'nobody watches', 'page watches', 'ratio', 'bound');
  const [without, by] = both('polls');
  row('polls a second', 'polls', number, `0.95 ${verdict(by / without >= POLLS_BOUND)}`);
  row('processor time a poll, ns', 'nsAPoll', number);
  row('events recorded a second', 'events', number);
  const share = (value) => `${(value * 100).toFixed(1)} %`;
  row("loop's thread, of a processor", 'loopShare', share);
  row("inspector's thread", 'othersShare', share);
  row('browser', 'browserShare', share);
  row('everybody else on this machine', 'elseShare', share);
  line('pushed a second, MB', '', (median(seen, 'bytes') / 1e6).toFixed(2));
  const p95 = median(seen, 'p95');
  const ms = (value) => value.toFixed(1);
  const note = `${GAP_BOUND_MS} ${verdict(p95 <= GAP_BOUND_MS)}`;
  line('frame to frame, p95, ms', '', ms(p95), '', note);
  line('  p95 of each run', '', seen.map((one) => ms(one.p95)).join(' '));
  line('  longest of all, ms', '', ms(Math.max(...seen.map((one) => one.longest))));
  line('frames a second', '', ms(median(seen, 'frames')));
}

function printCounts(title, { drawn, sent, dropped }) {
  const is = dropped === sent - drawn ? '=' : 'IS NOT';
  const sum = `${number(dropped)} ${is} ${number(sent)} - ${number(drawn)}`;
  console.log(`  ${title.padEnd(34)} dropped ${is} sent - drawn: ${sum}`);
}

async function measure(program, shape, place, { pairs, seconds }) {
  const [ofLoop, ofBrowser] = processors();
  const isApart = place === 'apart';
  console.log(`\n${shape}, ${PLACES[place]}: ${pairs} pairs of ${seconds} s`);
  if (isApart && ofBrowser === undefined) {
    console.log('  not run: there is only one processor');
    return;
  }
  const under = isApart ? ['taskset', '-c', String(ofBrowser)] : [];
  const browser = await Browser.start(process.env.PAGE_BROWSER ?? 'chromium', under);
  let crowd;
  try {
    crowd = await Crowd.start(program, shape, isApart ? ofLoop : 'anywhere');
    const [alone, seen] = [[], []];
    for (let pair = 0; pair < pairs; pair += 1) {
      const turns = [
        async () => alone.push(await unwatched(crowd, browser, seconds)),
        async () => seen.push(await watched(crowd, browser, seconds)),
      ];
      // Who is first is last in the next pair.
      if (pair % 2 === 1) turns.reverse();
      for (const turn of turns) await turn();
      process.stderr.write(`[${shape}, ${place}: pair ${pair + 1} of ${pairs}]\n`);
    }
    print(alone, seen);
    for (const one of seen) printCounts('as the page shows it', one.shown);
    printCounts(`after it stood still for ${HELD_MS / 1000} s`, await held(crowd, browser));
  } finally {
    crowd?.end();
    await browser.close();
  }
}

async function main() {
  const [program, ...words] = process.argv.slice(2);
  const known = ['--quick', ...SHAPES, ...Object.keys(PLACES)];
  if (words.some((word) => !known.includes(word))) {
    console.error(USAGE);
    process.exit(2);
  }
  const size = words.includes('--quick') ? { pairs: 2, seconds: 3 } : { pairs: 5, seconds: 10 };
  const chosen = (all) => {
    const named = all.filter((one) => words.includes(one));
    return named.length > 0 ? named : all;
  };
  console.log(`10,000 tasks, a page of headless Chromium; processors: ${os.cpus().length}`);
  for (const shape of chosen(SHAPES)) {
    for (const place of chosen(Object.keys(PLACES))) await measure(program, shape, place, size);
  }
  for (const wrong of wrongs) console.log(`WRONG: ${wrong}`);
  process.exit(wrongs.length === 0 ? 0 : 1);
}

await main();
