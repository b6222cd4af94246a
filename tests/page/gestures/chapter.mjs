// Gestures on the chapter: a program that waits for who watches, its text and its sentences.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { docLength } from '../../../inspector/page/views/prose.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** An example: its lines, and the numbers of those that hold a text. */
function example(name) {
  const file = `examples/${name}.rs`;
  const lines = fs.readFileSync(path.join(ROOT, file), 'utf8').split('\n').slice(0, -1);
  const at = (text) => lines.findIndex((line) => line.includes(text)) + 1;
  return { file, lines, at };
}

/** A tab that has opened the page of an example that waited for it. */
async function opened(house, name, look = undefined) {
  const program = await house.startWaiting(name);
  const tab = await house.tab(look);
  // It ends, and cannot be asked any more.
  tab.allow(/ERR_CONNECTION_REFUSED .*icon\.svg/);
  await tab.go(program.url);
  await tab.until('the program\'s text', () => (
    document.querySelectorAll('#chapter:not([hidden]) .chapter-line').length > 0
    && document.querySelector('.chapter-sentence').textContent !== ''));
  return { tab, program };
}

const current = () => [...document.querySelectorAll('.chapter-line[aria-current="step"] > i')]
  .map((node) => Number(node.textContent));

/** What stands at which line: `{ 9: ['▶ #0.1 main'] }`. */
const marks = () => Object.fromEntries([...document.querySelectorAll('.chapter-line')]
  .map((node) => [node.querySelector('i').textContent,
    [...node.querySelectorAll('.chip')].map((chip) => chip.textContent)])
  .filter(([, chips]) => chips.length > 0));

/** Goes from sentence to sentence until one says so; gives all that was seen on the way. */
async function walk(tab, until, most = 60) {
  const seen = [];
  for (let step = 0; step < most; step += 1) {
    seen.push({
      text: await tab.text('.chapter-sentence'), now: await tab.text('.chapter-now'),
      lines: await tab.evaluate(current), marks: await tab.evaluate(marks),
    });
    if (until.test(seen.at(-1).text)) return seen;
    await tab.keys('n');
    await tab.until('the next sentence', (before) => {
      const now = document.querySelector('.chapter-sentence').textContent;
      return now !== before;
    }, seen.at(-1).text);
  }
  throw new Error(`no sentence says ${until}: ${seen.map(({ text }) => text).join(' | ')}`);
}

/** Where the lit line is, in the code's pane, and what else a step could have moved. */
const sight = () => {
  const pane = document.querySelector('.chapter-code').getBoundingClientRect();
  const lit = document.querySelector('.chapter-line[aria-current="step"]');
  const inside = (node, box) => {
    const { left, right, top, bottom } = node.getBoundingClientRect();
    return left >= box.left && right <= box.right && top >= box.top && bottom <= box.bottom;
  };
  const { top, bottom, height } = lit?.getBoundingClientRect() ?? {};
  return {
    text: document.querySelector('.chapter-sentence').textContent,
    isLit: lit !== null, isIn: lit && top >= pane.top && bottom <= pane.bottom,
    isNoteIn: lit && inside(lit.querySelector('.chapter-note'), pane),
    share: lit && (top + height / 2 - pane.top) / pane.height,
    code: pane.height, whole: document.getElementById('chapter').clientHeight,
    moved: [document.scrollingElement, document.getElementById('panels'),
      document.getElementById('chapter')].map((node) => node.scrollTop),
    focus: document.activeElement.id,
  };
};

export default {
  'a program that waits for who watches is read from its first sentence': async (house) => {
    const { file, lines } = example('01_timer');
    const { tab } = await opened(house, '01_timer');
    await tab.until('the beginning', () => (
      /^before it, the host spawned/
        .test(document.querySelector('.chapter-sentence').textContent)));
    const shownLines = await tab.evaluate(() => [...document.querySelectorAll('.chapter-line code')]
      .map((node) => node.textContent));
    const code = lines.slice(docLength(lines)).map((line) => line || ' ');
    assert.deepEqual(shownLines, code, 'the lines are those of the file');
    const prose = await tab.text('.chapter-prose');
    assert.equal(prose, lines.slice(0, docLength(lines)).join(' ').replaceAll('//! ', ''));
    assert.ok((await tab.text('#chapter-title')).includes(file));
  },

  'each step is a sentence, and the line is lit at which the program is': async (house) => {
    const { at } = example('01_timer');
    const { tab } = await opened(house, '01_timer');
    const seen = await walk(tab, /finished\./);
    const now = seen.map(({ now: text }) => text);
    const [born, slept, ticked] = ['glassloop::run(async', 'sleep(ms(30)).await',
      'ticks.tick().await'].map(at);
    for (const told of [
      `runs for the first time: spawned at line ${born}, up to the await at line ${slept}.`,
      `runs from line ${slept} up to the await at line ${ticked}.`, 'Now the loop sleeps.',
    ]) assert.ok(now.some((text) => text.endsWith(told)), `${told} in ${now.join(' | ')}`);
    // Its name may not have come yet.
    const runs = seen.filter(({ text }) => /^task #\S+ (\S+ )?ran /.test(text));
    const first = runs[0].lines;
    assert.deepEqual(first, [at('glassloop::run(async')], 'it begins where it was spawned');
    assert.deepEqual(runs[1].lines, [at('sleep(ms(30)).await')], 'it goes on where it waited');
    assert.deepEqual(runs[2].lines, [at('ticks.tick().await')]);
    const callback = seen.find(({ text }) => /^callback/.test(text));
    const asked = [at('call_later(ms(10)')];
    assert.deepEqual(callback.lines, asked, 'a callback where it was asked for');
    const asleep = seen.find(({ text }) => /^waited .* until/.test(text));
    assert.deepEqual(asleep.lines, [], 'nothing runs while the loop sleeps');
    // Back, sentence by sentence, it is the same.
    for (const { text, lines } of seen.reverse().slice(1, 8)) {
      await tab.keys('p');
      await tab.until('the sentence before', (wanted) => (
        document.querySelector('.chapter-sentence').textContent === wanted), text);
      assert.deepEqual(await tab.evaluate(current), lines, text);
    }
  },

  'the lit line is near the middle of the code after each step': async (house) => {
    for (const look of [{}, { width: 1000, height: 700 }, { motion: 'reduce' }]) {
      const { tab } = await opened(house, 'ch04_a_waker_is_a_note', look);
      assert.match(await tab.text('.chapter-prose'), /A waker is a note/, 'the words are first');
      const gap = await tab.evaluate(() => (
        document.querySelector('.chapter-steps').getBoundingClientRect().top
        - document.querySelector('.chapter-told').lastChild.getBoundingClientRect().bottom));
      assert.ok(gap >= 0, 'what is told is whole above the buttons');
      await tab.evaluate(() => document.getElementById('ring').focus());
      const lit = [];
      // Of how many sentences each turn is made is the machine's affair.
      for (let step = 0; step < 6 || (lit.length < 3 && step < 12); step += 1) {
        const before = await tab.text('.chapter-sentence');
        await tab.keys('n');
        await tab.until('the next sentence', (text) => (
          document.querySelector('.chapter-sentence').textContent !== text), before);
        const seen = await tab.evaluate(sight);
        assert.deepEqual([seen.moved, seen.focus], [[0, 0, 0], 'ring'], seen.text);
        assert.ok(seen.code >= seen.whole / 2, `${seen.code} of ${seen.whole} are the code`);
        if (seen.isLit) {
          assert.ok(seen.isNoteIn, `${seen.text}: its note is in sight`);
          assert.ok(seen.isIn && seen.share > 0.2 && seen.share < 0.8,
            `${seen.text}: at ${seen.share} of the pane`);
          lit.push(seen.text);
        }
      }
      assert.ok(lit.length >= 3, lit.join(' | '));
      // The words are not gone, and the line stays in sight, even if it was the last one.
      await tab.evaluate(() => {
        const code = document.querySelector('.chapter-code');
        const line = document.querySelector('.chapter-line[aria-current="step"]');
        code.scrollTop = line.offsetTop + line.offsetHeight - code.clientHeight;
      });
      await tab.press('#chapter .bar button');
      await tab.until('the words and the line', () => {
        const pane = document.querySelector('.chapter-code').getBoundingClientRect();
        const line = document.querySelector('.chapter-line[aria-current="step"]')
          .getBoundingClientRect();
        return !document.querySelector('.chapter-prose').hidden
          && line.top >= pane.top && line.bottom <= pane.bottom;
      });
    }
  },

  'the lit line is in sight while the page goes along with the loop': async (house) => {
    const stall = await house.start('stall', '--work', '2', '--seconds', '60');
    const tab = await house.watching(stall, { width: 1000, height: 700 });
    await tab.keys('t');
    await tab.until('who waits to be in sight', () => {
      const pane = document.querySelector('.chapter-code').getBoundingClientRect();
      const line = document.querySelector('.chapter-line.is-waiting')?.getBoundingClientRect();
      return line && line.top >= pane.top && line.bottom <= pane.bottom;
    });
    // By hand it can be scrolled away, until another line is lit.
    await tab.evaluate(() => { document.querySelector('.chapter-code').scrollTop = 0; });
    await tab.until('who holds the loop', () => (
      document.querySelector('.chapter-line.is-fault[aria-current="step"]')));
    const { isIn, share, text } = await tab.evaluate(sight);
    assert.ok(isIn && share > 0.2 && share < 0.8, `${text}: at ${share} of the pane`);
    assert.equal(await tab.text('.chapter-line.is-fault .chapter-note'), '← waited here');
  },

  'beside the lit line it says what was done there': async (house) => {
    const { tab } = await opened(house, 'ch04_a_waker_is_a_note');
    const note = () => document.querySelector('.chapter-line[aria-current="step"] .chapter-note')
      ?.textContent ?? null;
    const { lines } = example('ch04_a_waker_is_a_note');
    assert.equal(await tab.evaluate(() => document.querySelector('.chapter-prose em').textContent),
      'waker', 'words between asterisks are stressed');
    assert.match(lines.join(' '), /\*waker\*/);
    const seen = [];
    for (let step = 0; step < 7; step += 1) {
      const [now, text] = [await tab.text('.chapter-now'), await tab.text('.chapter-sentence')];
      seen.push({ now, text, note: await tab.evaluate(note) });
      if (step === 6) break;
      await tab.keys('n');
      await tab.until('the next sentence', (before) => (
        document.querySelector('.chapter-sentence').textContent !== before), text);
    }
    const at = (pattern) => seen.find(({ text }) => pattern.test(text));
    const [first, again] = seen.filter(({ text }) => /^task #0\.0 reader ran/.test(text));
    assert.equal(first.note, '← spawned here');
    assert.match(first.now, /for the first time: spawned at line \d+\.$/);
    assert.equal(again.note, '← spawned here');
    assert.match(again.now, /runs again: spawned at line \d+\.$/);
    // What is said of now, and the sentence under it.
    assert.equal(at(/^before it, the host/).now, 'Now a turn is about to begin.');
    assert.equal(at(/^did not wait/).now, 'Now the loop goes on without sleeping.');
    assert.equal(at(/^waited /).now, 'Now the loop sleeps.');
    const timer = await opened(house, '01_timer');
    await walk(timer.tab, /^callback/);
    assert.equal(await timer.tab.evaluate(note), '← asked for here');
    await walk(timer.tab, /^task .* and finished/);
    assert.equal(await timer.tab.evaluate(note), '← waited here');
  },

  'each task stands at the line where it waits': async (house) => {
    const { at } = example('02_spawn');
    const { tab } = await opened(house, '02_spawn');
    const seen = await walk(tab, /spawned task \S+ endless/);
    const yields = seen.filter(({ marks: all }) => (
      all[at('yield_now().await')] ?? []).length === 3);
    assert.ok(yields.length > 0, 'three tasks wait at one line');
    const spawned = seen.find(({ marks: all }) => (all[at('spawn(async move')] ?? []).length > 0);
    assert.ok(spawned, 'who has not run yet stands where he was spawned');
    if (house.shots) {
      for (let step = 0; step < 9; step += 1) await tab.keys('p');
      await tab.until('a step of many tasks', () => (
        document.querySelectorAll('.chapter-line .chip').length >= 4
        && !document.querySelector('.flying')
        && document.querySelector('.feed-state').textContent === '■ ended'));
      await tab.shot(path.join(house.shots, 'chapter.png'));
    }
    await tab.hover('.chapter-line .chip');
    await tab.until('the task to be lit', () => (
      document.querySelector('.chapter-line .chip.is-lit')));
  },

  'the key t shows the program beside its text, and all panels again': async (house) => {
    const tab = await house.watching();
    const isShown = (selector) => tab.evaluate((one) => (
      document.querySelector(one).getClientRects().length > 0), selector);
    assert.deepEqual([await isShown('#chapter'), await isShown('#tasks')], [false, true]);
    await tab.keys('t');
    await tab.until('the chapter', () => (
      document.querySelectorAll('#chapter:not([hidden]) .chapter-line').length > 20));
    assert.deepEqual([await isShown('#chapter'), await isShown('#tasks')], [true, false]);
    assert.deepEqual([await isShown('#ring'), await isShown('#place')], [true, true]);
    // A program of several files: each of them can be shown.
    const files = await tab.evaluate(() => [...document.querySelectorAll('#chapter option')]
      .map((node) => node.value));
    assert.ok(files.includes('examples/tour/main.rs') && files.includes('examples/tour/server.rs'),
      files.join(' '));
    assert.ok(files.every((file) => !file.startsWith('/')), files.join(' '));
    await tab.press('.chapter-steps button:last-child');
    await tab.until('all panels', () => document.querySelector('#chapter').hidden);
    assert.equal(await isShown('#tasks'), true);
  },

  'the source of a recording that cannot be read is told of': async (house) => {
    const tab = await house.opened();
    await tab.keys('t');
    await tab.until('why there is no text', () => (
      /can't be read/.test(document.querySelector('.chapter-prose').textContent)));
  },
};
