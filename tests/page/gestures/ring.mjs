// Gestures on the ring: its arcs, what it says in the middle, its clerk.

import assert from 'node:assert/strict';

import { PHASES } from '../../../inspector/page/views/model.js';
import { time } from '../../../inspector/page/views/words.js';
import { read } from '../../../tools/page/sights.mjs';

/** An instant in the middle of a run, late in the recording, of a turn that waited. */
function whileRunning({ recording }) {
  for (let i = recording.turnCount - 2; i >= 0; i -= 1) {
    const turn = recording.turn(i);
    const run = turn.steps.find(({ work, took_ns: took }) => (
      work.item?.key.startsWith('#') && took > 100));
    // The address holds whole nanoseconds: a wait of a few can't be looked into.
    if (turn.wait?.took_ns > 10_000 && run) {
      return { turn, run, ns: run.at_ns + Math.floor(run.took_ns / 2) };
    }
  }
  throw new Error('nothing ran');
}

/** The arcs: `[{ phase, sweep, isHollow }]`, by the points that they are drawn from. */
function arcs(tab) {
  return tab.evaluate(() => [...document.querySelectorAll('.ring-picture .arc')].map((node) => {
    const [x0, y0, , , , , , x1, y1] = node.getAttribute('d').match(/-?[\d.]+/g).map(Number);
    const angle = (x, y) => ((Math.atan2(x, -y) * 180) / Math.PI + 360) % 360;
    return {
      phase: node.dataset.keys.replace('phase ', ''),
      sweep: (angle(x1, y1) - angle(x0, y0) + 360) % 360,
      isHollow: node.classList.contains('is-hollow'),
    };
  }));
}

/** Points at the middle of a phase's arc. */
async function pointAt(tab, phase) {
  const at = await tab.evaluate((key) => {
    const node = document.querySelector(`.arc[data-keys="${key}"]`);
    const [x0, y0, , , , , , x1, y1] = node.getAttribute('d').match(/-?[\d.]+/g).map(Number);
    const from = Math.atan2(x0, -y0);
    let to = Math.atan2(x1, -y1);
    if (to < from) to += 2 * Math.PI;
    const middle = (from + to) / 2;
    const point = new DOMPoint(Math.sin(middle) * 114, -Math.cos(middle) * 114);
    const { x, y } = point.matrixTransform(node.getScreenCTM());
    return { x, y };
  }, `phase ${phase}`);
  await tab.move(at.x, at.y);
}

export default {
  'the ring shows each phase of the turn as an arc of time': async (house) => {
    const known = read(await house.recording());
    const { turn, ns } = whileRunning(known);
    const tab = await house.opened({ view: { at: ns } });
    await tab.until('the ring to be of that turn', (number) => document
      .querySelector('#ring-title').textContent.replace(/\s/g, '')
      .startsWith(`Theturn${number}:`), String(turn.number));
    const shown = await arcs(tab);
    assert.deepEqual(shown.map(({ phase }) => phase), PHASES);
    const total = shown.reduce((sum, { sweep }) => sum + sweep + 1.4, 0);
    assert.ok(Math.abs(total - 360) < 2, `the arcs make a ring: ${total} degrees`);
    const labels = await tab.texts('.arc-labels text');
    const wait = labels.find((text) => text.startsWith('wait '));
    assert.equal(wait, `wait ${time(turn.wait.took_ns)}`);
    const longest = Math.max(...shown.map(({ sweep }) => sweep));
    const others = turn.took_ns;
    if (turn.wait.took_ns > others) assert.equal(shown[0].sweep, longest);
    for (const arc of shown) {
      const label = labels.find((text) => text.split(' ')[0] === arc.phase);
      assert.equal(arc.isHollow, label.trim() === arc.phase, `${arc.phase} is hollow without time`);
    }
  },

  'hovering a phase lights its arc and says what it is for': async (house) => {
    const { ns } = whileRunning(read(await house.recording()));
    const tab = await house.opened({ view: { at: ns } });
    await pointAt(tab, 'run');
    await tab.until('the arc to be lit', () => (
      document.querySelector('.arc[data-keys="phase run"]').classList.contains('is-lit')
      && !document.querySelector('.arc[data-keys="phase wait"]').classList.contains('is-lit')));
    const title = await tab.text('.arc[data-keys="phase run"] title');
    assert.match(title, /^run: who stands in the ready line runs.* Here: .*%\.$/);
    const opacity = await tab.until('the other phases to be dimmed', () => {
      const node = document.querySelector('.arc[data-keys="phase wait"]');
      const value = getComputedStyle(node).opacity;
      return value < 0.95 ? value : null;
    });
    assert.ok(opacity < 0.95);
  },

  'the middle of the ring says what the loop does at that instant': async (house) => {
    const known = read(await house.recording());
    const { run, turn, ns } = whileRunning(known);
    const tab = await house.opened({ view: { at: ns } });
    const { key } = run.work.item;
    await tab.until('the middle to name who runs', (who) => document
      .querySelector('.ring-middle').textContent.startsWith('▶ running')
      && document.querySelector('.ring-middle').textContent.includes(who), key);
    // Into the wait before it.
    const asleep = turn.wait.at_ns + Math.floor(turn.wait.took_ns / 2);
    const sleep = await house.opened({ view: { at: asleep } });
    await sleep.until('the middle to say that the loop sleeps, and how long yet', () => (
      /^○ asleepfor .* more/.test(document.querySelector('.ring-middle').textContent)));
  },

  'the clerk goes round the ring in slow motion': async (house) => {
    const { ns } = whileRunning(read(await house.recording()));
    const tab = await house.opened({ view: { at: ns } });
    await tab.keys('s');
    const seen = new Set();
    await tab.wait('the clerk to be in five places', async () => {
      const clerk = () => document.querySelector('.clerk').getAttribute('transform');
      seen.add(await tab.evaluate(clerk));
      return seen.size >= 5;
    });
    assert.equal(await tab.evaluate(() => document
      .querySelector('button[aria-label^="Play this turn"]').getAttribute('aria-pressed')), 'true');
    await tab.keys(' ');
    await tab.until('slow motion to end', () => (
      document.querySelector('button[aria-label^="Play this turn"][aria-pressed="false"]')));
  },
};
