// Gestures on the story: its sentences, its links, and what is read out.

import assert from 'node:assert/strict';

import { stopsOf, tellTurn } from '../../../inspector/page/model/index.js';
import { shown } from '../../../inspector/page/views/words.js';
import { isAt, lit, read, rows, selected } from '../../../tools/page/sights.mjs';

/** A late turn whose story mentions a task. */
function told({ recording, names }) {
  for (let i = recording.turnCount - 3; i >= 0; i -= 1) {
    const story = tellTurn(recording, names, i);
    const at = story.sentences.findIndex(({ keys }) => keys[0]?.startsWith('#'));
    if (at >= 0) return { i, story, at, key: story.sentences[at].keys[0], ns: story.at_ns };
  }
  throw new Error('no story names a task');
}

/** The turn with the longest story: what follows it is below the edge of its panel. */
function longest({ recording, names }) {
  let best = null;
  for (let i = 1; i < recording.turnCount; i += 1) {
    const story = tellTurn(recording, names, i);
    if (story.sentences.length > (best?.story.sentences.length ?? 0)) best = { i, story };
  }
  return { ...best, ns: best.story.at_ns };
}

export default {
  'the story tells the turn in sentences': async (house) => {
    const known = read(await house.recording());
    const { story, ns } = told(known);
    const tab = await house.opened({ view: { at: ns } });
    await tab.until('the sentences to be those of the turn', (wanted) => {
      const there = [...document.querySelectorAll('.sentences li')].map((node) => node.textContent);
      return JSON.stringify(there) === JSON.stringify(wanted);
    }, story.sentences.map(({ text }) => shown(text)));
    const sub = (await tab.text('#story .sub')).replace(/\u202f/g, '');
    assert.match(sub, new RegExp(`^of turn ${story.turn}, .* into the recording$`));
  },

  'a click on an earlier turn of the story goes there': async (house) => {
    const known = read(await house.recording());
    const { ns, story } = longest(known);
    const tab = await house.opened({ view: { at: ns } });
    const begin = ns - known.beginNs;
    await isAt(tab, begin);
    const name = await tab.until('an earlier turn', (number) => {
      const text = document.querySelector('.story-before button')?.textContent;
      const now = document.querySelector('#story .sub').textContent.replace(/\u202f/g, '');
      return text && now.startsWith(`of turn ${number},`) ? text : null;
    }, story.turn);
    await tab.press('.story-before button');
    await tab.until('the story to be of that turn', (wanted) => (
      document.querySelector('#story .sub').textContent.startsWith(`of ${wanted},`)), name);
    const { recording } = known;
    let i = recording.turnIndexAt(ns);
    while (`turn ${recording.turn(i).number}` !== name.replace(/\u202f/g, '')) i -= 1;
    await isAt(tab, recording.turn(i).at_ns - known.beginNs);
  },

  'a story that is scrolled stays so': async (house) => {
    const known = read(await house.recording());
    const { i } = longest(known);
    const stop = stopsOf(known.recording, i, 'poll').at(-1);
    const view = { at: stop.ns, event: stop.number };
    const tab = await house.opened({ view, look: { width: 1024, height: 640 } });
    const scrolled = () => tab.evaluate(() => document.querySelector('#story').scrollTop);
    await tab.wait('what runs to be scrolled to', async () => await scrolled() > 20);
    const { x, y } = await tab.box('#story');
    await tab.wheel(x + 100, y + 100, -2000);
    await tab.wait('the beginning', async () => await scrolled() === 0);
    // All is drawn anew when a step is something else.
    await tab.keys('g');
    await tab.evaluate(() => new Promise((resolve) => {
      let left = 20;
      const next = () => {
        left -= 1;
        if (left > 0) requestAnimationFrame(next);
        else resolve();
      };
      next();
    }));
    assert.equal(await scrolled(), 0, 'nobody scrolls but the user');
  },

  'hovering a sentence lights all that is related and dims the rest': async (house) => {
    const { ns, at, key } = told(read(await house.recording()));
    const tab = await house.opened({ view: { at: ns } });
    await tab.hover(`.sentences li:nth-child(${at + 1})`);
    await tab.until('the task to be lit in the tree', (wanted) => [...document
      .querySelectorAll('.task-row.is-lit')]
      .some((node) => node.dataset.keys.split('\n')[0] === wanted), key);
    assert.ok((await lit(tab)).includes(key));
    const others = (await rows(tab)).filter((row) => !row.isLit);
    assert.ok(others.length > 0, 'the others are not lit');
    await tab.until('the others to be dimmed', (other) => [...document
      .querySelectorAll('.task-row')].some((node) => node.dataset.keys?.split('\n')[0] === other
        && getComputedStyle(node).opacity < 0.5), others[0].key);
    await tab.move(5, 5);
    await tab.until('nothing to be lit any more', () => document.querySelector('.is-lit') === null
      && !document.querySelector('.has-hover'));
  },

  'a click on a task in a sentence selects it': async (house) => {
    const known = read(await house.recording());
    const { ns, key } = told(known);
    const tab = await house.opened({ view: { at: ns } });
    await isAt(tab, ns - known.beginNs);
    await tab.press(`.sentences b[data-keys="${key}"]`);
    await selected(tab, key);
    assert.ok((await tab.text('#detail-title')).includes(key));
  },

  'a screen reader is told the story': async (house) => {
    const { ns, story } = told(read(await house.recording()));
    const tab = await house.opened({ view: { at: ns } });
    const [first] = story.sentences;
    await tab.until('the story to be read out', (text) => {
      const log = document.querySelector('#spoken[role="log"][aria-live="polite"]');
      return log.textContent.includes(text);
    }, first.text);
    const { nodes } = await tab.send('Accessibility.getFullAXTree');
    const names = nodes.filter((node) => !node.ignored).map((node) => (
      `${node.role?.value}: ${node.name?.value ?? ''}`));
    for (const wanted of [/^alert|^log: The story/, /^region: The turn/, /^region: Story/,
      /^region: Timeline/, /^region: Tasks/, /^tree: Tasks/, /^image: The turn/,
      /^slider: The recording/, /^toolbar: Time/]) {
      assert.ok(names.some((name) => wanted.test(name)), `somebody is ${wanted}`);
    }
    const mute = nodes.filter((node) => !node.ignored && !node.name?.value
      && /^(button|combobox|searchbox|slider|link)$/.test(node.role?.value));
    assert.deepEqual(mute.map((node) => node.role.value), [], 'every control has a name');
  },
};
