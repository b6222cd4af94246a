// The puzzles in a browser: what each script prints, beside what the book says that it does.
//
// node tools/puzzles/run.mjs FOLDER [NUMBER...], with PAGE_BROWSER the name of Chromium. FOLDER is
// for the pages. Exits with 1 if the book is wrong, or if it has a puzzle that isn't there.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Browser } from '../page/browser.mjs';
import { serve } from '../page/serve.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const SCRIPTS = path.join(ROOT, 'examples/puzzle/puzzles');
const BOOK = path.join(ROOT, 'docs/book/src/puzzles.md');

/** How often each is run: a browser that may choose should have the opportunity. */
const RUNS = 20;
/** So long a script may take for its words, and so long it is listened to after them. */
const WORDS_MS = 10_000;
const SILENCE_MS = 120;
/** The one that waits for the mouse, and what is clicked on: the inner box, not the outer. */
const CLICKED = { file: 'p10b', selector: 'div > div' };

/** The rows of the table: `{ number, title, file, orders }`; no orders: a browser can't run it. */
function rows() {
  const lines = fs.readFileSync(BOOK, 'utf8').split('\n');
  const first = lines.findIndex((line) => line.startsWith('| | puzzle |')) + 2;
  const end = lines.findIndex((line, at) => at >= first && !line.startsWith('|'));
  return lines.slice(first, end).map((line) => {
    const [number, title, , , browser] = line.split('|').slice(1, -1).map((cell) => cell.trim());
    const [, digits, letter] = /^(\d+)(.*)$/.exec(number);
    const orders = [...browser.matchAll(/`([^`]*)`/g)].map(([, order]) => order);
    return { number, title, file: `p${digits.padStart(2, '0')}${letter}`, orders };
  });
}

/** Waits for so many words or a fault; and then, whether any more comes. */
async function listen(tab, words, count) {
  const end = Date.now() + WORDS_MS;
  let heard = -1;
  while (heard < words.length || (words.length < count && tab.faults.length === 0)) {
    heard = words.length;
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    if (Date.now() > end) return;
  }
}

/** Runs a script once; gives `{ order, fault }`. */
async function run(tab, url, { file, orders }) {
  const words = [];
  tab.faults.length = 0;
  tab.listeners.set('Runtime.consoleAPICalled', ({ type, args }) => {
    if (type === 'log') words.push(args.map((arg) => arg.value).join(' '));
  });
  await tab.send('Page.navigate', { url: `${url}${file}.html` });
  await tab.until('the page to be loaded', (name) => document.readyState === 'complete'
    && location.pathname.endsWith(name), `${file}.html`);
  if (file === CLICKED.file) await tab.press(CLICKED.selector);
  // Of a script that can't be run no words are waited for, but what is wrong with it.
  const counts = orders.map((order) => order.split(' ').length);
  await listen(tab, words, Math.max(1, ...counts));
  return { order: words.join(' '), fault: tab.faults[0] ?? null };
}

/** What is wrong with a row, or null. */
function judge({ orders }, came, faults) {
  if (orders.length === 0) {
    return faults.size > 0 ? null : 'the book says that it can\'t be run, and it runs';
  }
  if (faults.size > 0) return 'it fails';
  const strange = [...came.keys()].find((order) => !orders.includes(order));
  return strange === undefined ? null
    : `the book has ${orders.map((order) => `\`${order}\``).join(' or ')}, not \`${strange}\``;
}

/** Runs a puzzle time and again, prints what came, and gives whether the book has it. */
async function look(tab, url, row) {
  const runs = row.orders.length === 0 ? 1 : RUNS;
  const came = new Map();
  const faults = new Set();
  for (let i = 0; i < runs; i += 1) {
    const { order, fault } = await run(tab, url, row);
    if (fault) faults.add(fault.split('\n')[0]);
    else came.set(order, (came.get(order) ?? 0) + 1);
  }
  const said = [...came].map(([order, times]) => `${order} (${times} of ${runs})`);
  console.log(`${row.number.padStart(3)}  ${[...said, ...faults].join('\n     ')}`);
  const wrong = judge(row, came, faults);
  if (wrong) console.log(`     WRONG: ${wrong}`);
  return wrong === null;
}

async function main() {
  const [folder, ...numbers] = process.argv.slice(2);
  const all = rows();
  const chosen = all.filter(({ number }) => numbers.length === 0 || numbers.includes(number));
  for (const { file, title } of all) {
    const script = `<!doctype html><title>${title}</title><body><script src="${file}.js"></script>`;
    fs.writeFileSync(path.join(folder, `${file}.html`), script);
    fs.copyFileSync(path.join(SCRIPTS, `${file}.js`), path.join(folder, `${file}.js`));
  }
  fs.writeFileSync(path.join(folder, 'favicon.ico'), '');
  const { url, close } = await serve(folder);
  const browser = await Browser.start(process.env.PAGE_BROWSER ?? 'chromium');
  let good = 0;
  try {
    const { product } = await browser.send('Browser.getVersion');
    console.log(product);
    const tab = await browser.tab();
    for (const row of chosen) good += await look(tab, url, row) ? 1 : 0;
  } finally {
    await browser.close();
    close();
  }
  console.log(`puzzles: the browser's order is in the book for ${good} of ${chosen.length}`);
  process.exit(good === chosen.length && good > 0 ? 0 : 1);
}

await main();
