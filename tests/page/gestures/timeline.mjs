// Gestures on the timeline and on the strip of turns below it.

import assert from 'node:assert/strict';

import { time } from '../../../inspector/page/views/words.js';
import {
  LANE, LOOP, NAMES, colour, isAt, laneAt, pixels, playhead, read, selected, tip, view,
} from '../../../tools/page/sights.mjs';

/** The lane of a task in the picture: they stand in the order of their birth. */
function laneOf({ row }, key) {
  const keys = [...row.tasks].sort((a, b) => a.birth - b.birth).map(({ id }) => id);
  return keys.indexOf(key);
}

/** A late wake, and the run it led to, that nothing else is near to: with a view around it. */
function lonely(known) {
  const { recording, row } = known;
  const ticker = row.tasks.find(({ name }) => name === 'ticker').id;
  const wakes = [];
  recording.eachWake(known.beginNs, known.endNs, (wake) => {
    if (wake.run_at_ns) wakes.push({ ...wake, item: { ...wake.item }, by: { ...wake.by } });
  });
  for (let i = wakes.length - 2; i > 0; i -= 1) {
    const wake = wakes[i];
    if (wake.item.key !== ticker || wake.by.type !== 'timer') continue;
    const stood = wake.run_at_ns - wake.at_ns;
    const from = Math.round(wake.at_ns - stood * 8);
    const to = Math.round(wake.run_at_ns + stood * 8);
    const others = wakes.filter((one) => one !== wake && one.run_at_ns > from - stood
      && one.at_ns < to + stood);
    if (others.length > 0 || stood < 500 || from < known.beginNs || to > known.endNs) continue;
    return { wake, ticker, span: { from, to }, lane: laneOf(known, ticker) };
  }
  throw new Error('no wake is alone');
}

/** The page at that wake, paused, and the view as the address has it. */
async function atWake(house, more = {}) {
  const known = read(await house.recording());
  const found = lonely(known);
  const tab = await house.opened({ ...more, view: { at: found.wake.at_ns, ...found.span } });
  const wide = time(found.span.to - found.span.from);
  await tab.until('the timeline to show that span', (text) => document
    .querySelector('#timeline .sub').textContent.startsWith(text), `${wide} wide`);
  return { ...found, known, tab };
}

const near = (a, b, by) => assert.ok(Math.abs(a - b) <= by, `${a} is ${b}, give or take ${by}`);

export default {
  'the timeline has one lane a task': async (house) => {
    const { known, tab } = await atWake(house);
    const ink = await colour(tab, 'ink');
    const there = known.row.tasks.length;
    const lanes = Number(/, (\d+) lanes/.exec(await tab.text('#timeline .sub'))[1]);
    assert.ok(lanes >= there, `${lanes} lanes for ${there} tasks`);
    const { height } = await tab.box('.timeline-canvas');
    for (let lane = 0; lane < there && LOOP + (lane + 1) * LANE < height; lane += 1) {
      await tab.wait(`lane ${lane} to have a name`, async () => (await pixels(
        tab, '.timeline-canvas', { x: 0, y: LOOP + lane * LANE, width: NAMES - 8, height: LANE },
      ))[ink] > 5);
    }
  },

  'a run is a solid bar in its lane, as wide as it is long': async (house) => {
    const { known, tab, wake, span, lane } = await atWake(house);
    let run = null;
    known.recording.eachRun(wake.run_at_ns - 1, wake.run_at_ns + 1, (at, took, item) => {
      if (item.key === wake.item.key) run = { at, took };
    });
    const { canvas } = await laneAt(tab, lane, run.at, span);
    const { width } = await tab.box('.timeline-canvas');
    const running = await colour(tab, 'running');
    const wide = (run.took / (span.to - span.from)) * (width - NAMES);
    const bar = { x: NAMES, y: canvas.y + LANE / 2 - 5, width: width - NAMES, height: 1 };
    await tab.wait('the bar to be drawn', async () => {
      const found = (await pixels(tab, '.timeline-canvas', bar))[running] ?? 0;
      return Math.abs(found - wide) <= 3 && found > 0;
    });
  },

  'who stands in line is hatched from the wake to the run': async (house) => {
    const { tab, wake, span, lane } = await atWake(house);
    const from = (await laneAt(tab, lane, wake.at_ns, span)).canvas;
    const to = (await laneAt(tab, lane, wake.run_at_ns, span)).canvas;
    const [ready, paper] = [await colour(tab, 'ready'), await colour(tab, 'paper')];
    await tab.wait('the hatching to be drawn', async () => {
      const found = await pixels(tab, '.timeline-canvas', {
        x: from.x + 8, y: from.y - 5, width: to.x - from.x - 24, height: 4,
      });
      return found[ready] > 3 && found[paper] > 3;
    });
  },

  'hovering a run says what ran and for how long': async (house) => {
    const { known, tab, wake, span, lane } = await atWake(house);
    let took = 0;
    known.recording.eachRun(wake.run_at_ns - 1, wake.run_at_ns + 1, (at, long, item) => {
      if (item.key === wake.item.key) took = long;
    });
    const at = await laneAt(tab, lane, wake.run_at_ns + took / 2, span);
    await tab.move(at.x + 6, at.y + 6);
    const said = await tab.wait('the tip', () => tip(tab));
    assert.match(said, new RegExp(`ticker ran ${time(took).replace('.', '\\.')} \\(`));
    await tab.until('its row in the tree to be lit', (key) => [...document
      .querySelectorAll('.task-row.is-lit')].some((node) => node.dataset.keys.startsWith(key)),
    wake.item.key);
  },

  'an arrow leads from who woke to who was woken, and says so': async (house) => {
    const { tab, wake, span, lane } = await atWake(house);
    const at = await laneAt(tab, lane, wake.run_at_ns, span);
    // The arrow begins in the loop's lane, where timers fire, and ends with a head.
    const begin = await laneAt(tab, lane, wake.at_ns, span);
    const orange = (found) => Object.entries(found).reduce((sum, [name, count]) => {
      const [red, , blue] = [1, 3, 5].map((i) => parseInt(name.slice(i, i + 2), 16));
      return red - blue > 50 ? sum + count : sum;
    }, 0);
    await tab.wait('the arrow to be drawn', async () => orange(await pixels(
      tab, '.timeline-canvas', { x: begin.canvas.x - 2, y: LOOP + 2, width: 10, height: LANE - 4 },
    )) > 4);
    const ready = await colour(tab, 'ready');
    assert.ok((await pixels(tab, '.timeline-canvas', {
      x: at.canvas.x - 5, y: at.canvas.y - 1, width: 5, height: 2,
    }))[ready] > 3, 'the head of the arrow');
    await tab.move(at.x, at.y);
    const said = await tab.wait('the tip', () => tip(tab));
    assert.match(said, /^timer of .*actions\.rs:\d+ woke task #\d+\.\d+ ticker; it ran /);
    assert.match(said, / later\. Click: go to the cause\.$/);
  },

  'a click on an arrow goes to its cause': async (house) => {
    const { known, tab, wake, span, lane } = await atWake(house);
    const at = await laneAt(tab, lane, wake.run_at_ns, span);
    await tab.keys('End');
    await isAt(tab, known.endNs - known.beginNs);
    await tab.keys('Home');
    await isAt(tab, 0);
    // The view has moved: back to the wake.
    const again = await atWake(house);
    await again.tab.keys('n');
    await again.tab.click(at.x, at.y);
    await isAt(again.tab, wake.at_ns - known.beginNs);
    await again.tab.until('the cause to be in the detail', () => /^Timers of .*actions\.rs:\d+$/
      .test(document.querySelector('#detail-title').textContent));
    const place = (await again.tab.text('#detail-title')).replace('Timers of ', '');
    assert.equal(known.names.place(wake.by.place), place);
  },

  'a click on a lane selects its task and goes to that instant': async (house) => {
    const { known, tab, span } = await atWake(house);
    const key = known.row.tasks.find(({ name }) => name === 'server').id;
    const ns = span.from + (span.to - span.from) * 0.8;
    const at = await laneAt(tab, laneOf(known, key), ns, span);
    await tab.click(at.x, at.y);
    await selected(tab, key);
    const pixel = (span.to - span.from) / 1000;
    await tab.wait('the playhead to be there', async () => (
      Math.abs(await playhead(tab) - (ns - known.beginNs)) < 2 * pixel));
  },

  'dragging the timeline moves it': async (house) => {
    const { tab, wake, span, lane } = await atWake(house);
    const from = await laneAt(tab, lane + 4, wake.at_ns, span);
    await tab.drag(from, { x: from.x + 240, y: from.y });
    const { width } = await tab.box('.timeline-canvas');
    const ns = (240 / (width - NAMES)) * (span.to - span.from);
    const now = await view(tab);
    near(Number(now.from), span.from - ns, (span.to - span.from) / 200);
    near(Number(now.to), span.to - ns, (span.to - span.from) / 200);
    assert.equal(Number(now.at), wake.at_ns, 'the playhead stays');
  },

  'the wheel zooms the timeline around the pointer': async (house) => {
    const { tab, span, lane } = await atWake(house);
    const ns = span.from + (span.to - span.from) * 0.25;
    const at = await laneAt(tab, lane + 4, ns, span);
    await tab.wheel(at.x, at.y, -200);
    await tab.wait('a narrower view', async () => !(await tab.text('#timeline .sub'))
      .startsWith(time(span.to - span.from)));
    const now = await view(tab);
    const [from, to] = [Number(now.from), Number(now.to)];
    near((to - from) / (span.to - span.from), Math.exp(-200 * 0.0022), 0.02);
    near((ns - from) / (to - from), 0.25, 0.01);
  },

  'the keys + and - zoom, and the arrows move': async (house) => {
    const { tab, span } = await atWake(house);
    const width = span.to - span.from;
    await tab.keys('+');
    let now = await view(tab);
    near((now.to - now.from) / width, 0.6, 0.01);
    await tab.keys('-');
    now = await view(tab);
    near((now.to - now.from) / width, 1, 0.01);
    const before = Number(now.from);
    await tab.keys('ArrowRight', 'ArrowRight', 'ArrowLeft');
    now = await view(tab);
    near((Number(now.from) - before) / width, 0.15, 0.01);
  },

  'the key 0 shows the whole recording': async (house) => {
    const { known, tab } = await atWake(house);
    await tab.keys('0');
    const now = await view(tab);
    near(Number(now.from), known.beginNs, 2);
    near(Number(now.to), known.endNs, 2);
  },

  'the wheel over the names scrolls the lanes': async (house) => {
    const hung = await house.hung();
    const tab = await house.opened({ recording: hung });
    const { row } = read(hung);
    const at = await laneAt(tab, 3);
    // A click on a name tells whose lane is there.
    const there = () => tab.until('a task in the detail', () => /^task (#\d+\.\d+) /
      .exec(document.querySelector('#detail-title').textContent)?.[1]);
    await tab.click(at.x, at.y);
    const first = laneOf({ row }, await there());
    // Who holds the loop is in sight from the beginning: there is room above.
    assert.ok(first > 10, `lane ${first}`);
    await tab.keys('Escape');
    await tab.until('nothing to be selected', () => (
      !document.querySelector('#detail-title').textContent.startsWith('task ')));
    await tab.wheel(at.x, at.y, -5 * LANE);
    await tab.wait('the lanes to have scrolled by five', async () => {
      await tab.click(at.x, at.y);
      return laneOf({ row }, await there()) === first - 5;
    });
  },

  'a drag along the strip of turns scrubs through the recording': async (house) => {
    const known = read(await house.recording());
    const tab = await house.opened();
    const { x, y, width, height } = await tab.box('.brush-canvas');
    const long = known.endNs - known.beginNs;
    await tab.click(x + width * 0.3, y + height / 2);
    await tab.wait('the playhead to be at three tenths', async () => (
      Math.abs(await playhead(tab) / long - 0.3) < 0.01));
    await tab.drag({ x: x + width * 0.3, y: y + 20 }, { x: x + width * 0.6, y: y + 20 });
    await tab.wait('the playhead to be at six tenths', async () => (
      Math.abs(await playhead(tab) / long - 0.6) < 0.01));
    const { turnCount } = known.recording;
    const said = (await tab.text('.brush-label')).replace(/\u202f/g, '');
    assert.equal(said.split(',')[0].split(';')[0], `${turnCount} turns in ${time(long)}`);
  },
};
