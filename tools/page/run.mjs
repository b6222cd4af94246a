// Run: every gesture of tests/page/list.txt against the page, one line a test.
//
// A line of the list without a test that passed is a failure, and so is a test without a line. With
// words as arguments it runs only the tests whose names have them all, and passes no judgement.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Browser } from './browser.mjs';
import * as programs from './programs.mjs';
import { serve } from './serve.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GESTURES = path.join(ROOT, 'tests/page/gestures');
/** So long the tour is recorded before its trace is taken. */
const RECORDED_EVENTS_MIN = 6000;
const TEST_MS = 60_000;
/**
 * What is no test's concern but one's: that the lines of a place can't be read, and that the tests
 * look at the canvas.
 */
const ALWAYS_ALLOWED = [/404 .*\/source/, /willReadFrequently/];

/** What the tests share: made once, when the first of them asks for it. */
class House {
  constructor(browser, folder, programsIn) {
    Object.assign(this, { browser, folder, programsIn, shots: process.env.PAGE_SHOTS });
    this.known = new Map();
  }

  once(name, make) {
    if (!this.known.has(name)) this.known.set(name, make());
    return this.known.get(name);
  }

  start(name, ...args) {
    return programs.start(this.programsIn, name, ...args);
  }

  startWaiting(name, ...args) {
    return programs.startWaiting(this.programsIn, name, ...args);
  }

  /** A tour that all may look at and nobody ends. */
  tour() {
    return this.once('tour', () => this.start('tour', '--seconds', '600'));
  }

  /** The page's files with no program behind them. */
  page() {
    return this.once('page', () => serve(path.join(ROOT, 'inspector/page')));
  }

  /** The page with a made-up program behind it. */
  standIn(answers) {
    return serve(path.join(ROOT, 'inspector/page'), answers);
  }

  /** A recording of the tour, as the inspector gives it: `{ file, text }`. */
  recording() {
    return this.once('recording', async () => {
      const tour = await this.start('tour', '--seconds', '600');
      const end = Date.now() + 20_000;
      let row = await tour.row();
      while ((row.recorded?.events ?? 0) < RECORDED_EVENTS_MIN && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        row = await tour.row();
      }
      const text = await tour.trace();
      tour.end();
      return { file: this.write('tour.trace.json', text), text };
    });
  }

  /** A recording of the stall, made while it hangs. */
  hung() {
    return this.once('hung', async () => {
      const stall = await this.start('stall', '--work', '1', '--seconds', '60');
      const end = Date.now() + 20_000;
      while (!(await stall.row()).stall && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const text = await stall.trace();
      stall.end();
      return { file: this.write('stall.trace.json', text), text };
    });
  }

  write(name, text) {
    const file = path.join(this.folder, name);
    fs.writeFileSync(file, text);
    return file;
  }

  async tab(look) {
    const tab = await this.browser.tab(look);
    for (const pattern of ALWAYS_ALLOWED) tab.allow(pattern);
    this.tabs.push(tab);
    return tab;
  }

  /**
   * A tab that has opened a recording: dropped on a page without a program. `view` is what its
   * address says: `{ at, from, to }`.
   */
  async opened({ recording = undefined, look = undefined, view = {} } = {}) {
    const { file } = recording ?? await this.recording();
    const { url } = await this.page();
    const tab = await this.tab(look);
    await tab.go(`${url}#${new URLSearchParams(view)}`);
    await tab.drop(file);
    await tab.until('the recording to be open', () => (
      document.querySelector('.feed-state').textContent === 'a recording'
      && document.querySelector('#story .sentences li') !== null
      && document.querySelector('.task-rows .task-row') !== null));
    return tab;
  }

  /** A tab that watches a program. */
  async watching(program = undefined, look = undefined) {
    const { url } = program ?? await this.tour();
    const tab = await this.tab(look);
    await tab.go(url);
    await tab.until('the program to be live', () => (
      /live/.test(document.querySelector('.feed-state').textContent)
      && document.querySelectorAll('.task-rows .task-row').length > 0
      && /^of turn /.test(document.querySelector('#story .sub').textContent)));
    return tab;
  }
}

async function tests() {
  const found = new Map();
  for (const file of fs.readdirSync(GESTURES).sort().filter((name) => name.endsWith('.mjs'))) {
    const { default: all } = await import(path.join(GESTURES, file));
    for (const [name, test] of Object.entries(all ?? {})) {
      if (found.has(name)) throw new Error(`two tests are called: ${name}`);
      found.set(name, test);
    }
  }
  return found;
}

/** Runs one; gives what went wrong, or null. */
async function judge(house, test) {
  house.tabs = [];
  let wrong = null;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took over ${TEST_MS / 1000} s`)), TEST_MS);
  });
  try {
    await Promise.race([test(house), late]);
    const [fault] = house.tabs.flatMap((tab) => tab.wrongs);
    if (fault) wrong = `the page says: ${fault}`;
  } catch (error) {
    wrong = process.env.PAGE_TRACE ? error.stack : error.message;
    const faults = house.tabs.flatMap((tab) => tab.wrongs);
    if (faults.length > 0) wrong += `; the page says: ${faults[0]}`;
  }
  clearTimeout(timer);
  for (const tab of house.tabs) await tab.close();
  return wrong;
}

async function main() {
  const words = process.argv.slice(2);
  const list = fs.readFileSync(path.join(ROOT, 'tests/page/list.txt'), 'utf8').split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const all = await tests();
  const chosen = [...all].filter(([name]) => words.every((word) => name.includes(word)));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'page-'));
  const browser = await Browser.start(process.env.PAGE_BROWSER ?? 'chromium');
  const house = new House(browser, folder, process.env.PAGE_PROGRAMS ?? '.');
  await browser.send('Browser.getVersion');
  if (house.shots) fs.mkdirSync(house.shots, { recursive: true });
  const passed = new Set();
  let failed = 0;
  try {
    for (const [name, test] of chosen) {
      const wrong = await judge(house, test);
      if (wrong === null) passed.add(name);
      else failed += 1;
      console.log(wrong === null ? `passed  ${name}` : `FAILED  ${name}\n        ${wrong}`);
    }
  } finally {
    programs.endAll();
    await browser.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const without = list.filter((line) => !all.has(line));
  const unlisted = [...all.keys()].filter((name) => !list.includes(name));
  const twice = list.filter((line, at) => list.indexOf(line) !== at);
  for (const line of without) console.log(`FAILED  no test is called: ${line}`);
  for (const name of unlisted) console.log(`FAILED  the list has no line: ${name}`);
  for (const line of twice) console.log(`FAILED  the list has it twice: ${line}`);
  const good = list.filter((line) => passed.has(line)).length;
  console.log(words.length > 0 ? `${passed.size} of ${chosen.length} that were asked for`
    : `page: ${good} of ${list.length} panels and gestures`);
  const isGood = words.length > 0 ? failed === 0
    : good === list.length && failed + without.length + unlisted.length + twice.length === 0;
  process.exit(isGood ? 0 : 1);
}

await main();
