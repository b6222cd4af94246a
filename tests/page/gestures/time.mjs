// Gestures on time: pause, step, play, go along.

import assert from 'node:assert/strict';

import { nextStop, stopsOf, tellTurn } from '../../../inspector/page/model/index.js';
import { isAt, isAtEvent, moved, paused, playhead, read } from '../../../tools/page/sights.mjs';

/** An instant at which something began, late in the recording. */
function begun({ recording }) {
  const i = Math.floor(recording.turnCount * 0.8);
  return nextStop(recording, { ns: recording.turn(i).at_ns }, 1, 'poll').ns;
}

/** The playhead at a stop, or at an instant alone. */
const stopped = (at) => ({ ns: at.ns, stop: at.number === undefined ? null : at });

/** The longest row of events that have one instant, with the one before and the one behind it. */
function crowd({ recording }) {
  let best = [];
  for (let i = 1; i < recording.turnCount - 1; i += 1) {
    const stops = stopsOf(recording, i, 'event');
    for (let at = 1; at < stops.length - 1; at += 1) {
      let end = at;
      while (stops[end].ns === stops[at].ns && end < stops.length - 1) end += 1;
      if (end - at > best.length - 2) best = stops.slice(at - 1, end + 1);
    }
  }
  return best;
}

const grain = (tab) => tab.evaluate(() => document.querySelector('[aria-label="Step by"]').value);
const speed = (tab) => tab.evaluate(() => (
  Number(document.querySelector('[aria-label="Speed"]').value)));
const state = (tab) => tab.text('.feed-state');
const sent = (tab) => tab.evaluate(() => Number(/of ([\d\u202f]+) events/
  .exec(document.querySelector('.counts').textContent)[1].replace(/\u202f/g, '')));

/** How fast the playhead goes, of real time, over half a second. */
function rate(tab) {
  return tab.evaluate(() => new Promise((resolve) => {
    const node = document.querySelector('.brush-canvas');
    const now = () => [Number(node.getAttribute('aria-valuenow')), performance.now()];
    const [ns, ms] = now();
    const look = () => {
      const [later, end] = now();
      if (end - ms > 500) resolve((later - ns) / 1e6 / (end - ms));
      else requestAnimationFrame(look);
    };
    look();
  }));
}

export default {
  'space pauses the picture while the program goes on': async (house) => {
    const tab = await house.watching();
    await tab.keys(' ');
    await paused(tab);
    const story = await tab.text('#story .sub');
    const sentences = await tab.texts('.sentences li');
    const at = (await playhead(tab));
    const before = await sent(tab);
    await tab.wait('the program to send more', async () => await sent(tab) > before + 300);
    assert.equal(await tab.text('#story .sub'), story);
    assert.deepEqual(await tab.texts('.sentences li'), sentences);
    assert.equal(await playhead(tab), at);
  },

  'the key f goes along with the loop again': async (house) => {
    const tab = await house.watching();
    await tab.keys(' ');
    await paused(tab);
    const story = await tab.text('#story .sub');
    await tab.keys('f');
    await tab.until('the loop to be live', () => (
      document.querySelector('.feed-state').textContent === '● live'));
    await tab.wait('the story to go on', async () => await tab.text('#story .sub') !== story);
    assert.equal(await tab.evaluate(() => document.querySelector('button[aria-label^="Go along"]')
      .getAttribute('aria-pressed')), 'true');
  },

  'p steps back in the history of a program that runs': async (house) => {
    const tab = await house.watching();
    await tab.keys('p');
    await paused(tab);
    let at = await playhead(tab);
    const turns = new Set();
    for (let i = 0; i < 6; i += 1) {
      turns.add((await tab.text('#story .sub')).split(',')[0]);
      await tab.keys('p');
      const next = await moved(tab, at);
      assert.ok(next < at, `${next} is before ${at}`);
      at = next;
    }
    assert.ok(turns.size > 1, 'the story goes back with it');
    assert.ok((await tab.texts('.sentences li')).length > 0);
  },

  'n steps on to the next run, p back to the same instant': async (house) => {
    const known = read(await house.recording());
    const { recording, beginNs } = known;
    const from = begun(known);
    const tab = await house.opened({ view: { at: from } });
    await isAt(tab, from - beginNs);
    let stop = { ns: from };
    for (let i = 0; i < 4; i += 1) {
      stop = nextStop(recording, stopped(stop), 1, 'poll');
      await tab.keys('n');
      await isAt(tab, stop.ns - beginNs);
    }
    const sentences = await tab.texts('.sentences li');
    assert.ok(sentences.length > 0);
    for (let i = 0; i < 4; i += 1) {
      stop = nextStop(recording, stopped(stop), -1, 'poll');
      await tab.keys('p');
      await isAt(tab, stop.ns - beginNs);
    }
    assert.equal(stop.ns, from, 'back where it began');
  },

  'steps of an event go to each, also where many have the same instant': async (house) => {
    const known = read(await house.recording());
    const all = crowd(known);
    const [first, ...others] = all;
    const view = { at: first.ns, event: first.number, step: 'event' };
    const tab = await house.opened({ view });
    const isTold = async ({ number, ns }) => {
      await isAtEvent(tab, number);
      await isAt(tab, ns - known.beginNs);
    };
    await isTold(first);
    for (const stop of others) {
      await tab.keys('n');
      await isTold(stop);
      const { ready, running } = known.moments.at(stop.ns, stop);
      const line = ready.map(({ key }) => key).filter((key) => key !== running?.key);
      await tab.until(`${line} to be in line`, (keys) => [...document
        .querySelectorAll('.line .chip')].map((node) => node.dataset.keys).join() === keys,
      line.slice(0, 8).join());
    }
    for (const stop of all.slice(0, -1).reverse()) {
      await tab.keys('p');
      await isTold(stop);
    }
  },

  'the buttons step and pause as the keys do': async (house) => {
    const known = read(await house.recording());
    const from = begun(known);
    const tab = await house.opened({ view: { at: from } });
    await tab.press('button[aria-label^="Step on"]');
    const next = nextStop(known.recording, { ns: from }, 1, 'poll');
    await isAt(tab, next.ns - known.beginNs);
    await tab.press('button[aria-label^="Step back"]');
    await isAt(tab, from - known.beginNs);
    await tab.press('button[aria-label^="Pause or play"]');
    await tab.wait('it to play', async () => await playhead(tab) > from - known.beginNs);
  },

  'the key g chooses how large a step is': async (house) => {
    const known = read(await house.recording());
    const from = begun(known);
    const tab = await house.opened({ view: { at: from } });
    await isAt(tab, from - known.beginNs);
    assert.equal(await grain(tab), 'poll');
    let stop = { ns: from };
    const tell = (i) => tellTurn(known.recording, known.names, i);
    for (const wanted of ['phase', 'turn', 'sentence', 'event']) {
      await tab.keys('g');
      await tab.wait(`steps of a ${wanted}`, async () => await grain(tab) === wanted);
      stop = nextStop(known.recording, stopped(stop), 1, wanted, tell);
      await tab.keys('n');
      await isAt(tab, stop.ns - known.beginNs);
    }
  },

  'a recording is played at the speed that is chosen': async (house) => {
    const tab = await house.opened();
    await tab.keys('Home');
    await isAt(tab, 0);
    assert.equal(await speed(tab), 1);
    await tab.keys('<', '<');
    await tab.wait('a tenth of the speed', async () => await speed(tab) === 0.1);
    await tab.keys(' ');
    await tab.wait('it to play', async () => await playhead(tab) > 0);
    const tenth = await rate(tab);
    assert.ok(tenth > 0.02 && tenth < 0.13, `a tenth: ${tenth}`);
    await tab.keys('<');
    await tab.wait('a hundredth of the speed', async () => await speed(tab) === 0.01);
    const hundredth = await rate(tab);
    assert.ok(hundredth > 0.002 && hundredth < 0.013, `a hundredth: ${hundredth}`);
    await tab.keys('>', '>', '>', '>');
    await tab.wait('twice the speed', async () => await speed(tab) === 2);
    await tab.keys(' ');
    await tab.wait('it to stand', async () => await rate(tab) === 0);
  },

  'Home and End go to the two ends of the recording': async (house) => {
    const known = read(await house.recording());
    const tab = await house.opened({ view: { at: begun(known) } });
    await tab.keys('Home');
    await isAt(tab, 0);
    await tab.keys('End');
    await isAt(tab, known.endNs - known.beginNs);
    assert.equal(await state(tab), 'a recording');
  },
};
