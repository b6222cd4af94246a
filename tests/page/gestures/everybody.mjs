// Gestures for everybody: keyboard, colours and shapes, little motion; and names that mean harm.

import assert from 'node:assert/strict';
import path from 'node:path';

import { colour, pixels, read, rows, selected } from '../../../tools/page/sights.mjs';
import {
  contrast as contrastOf, luminance as luminanceOf, rgb,
} from '../../../tools/page/wcag.mjs';

const STATES = ['running', 'ready', 'waiting', 'done'];
const EVIL = '<img src=x onerror=alert(1)>';

/** Of two colours as the page has them: '#17804c'. */
const contrast = (a, b) => contrastOf(rgb(a), rgb(b));
const luminance = (hex) => luminanceOf(rgb(hex));

async function palette(tab) {
  const names = ['paper', 'panel', 'ink', 'faint', 'fault', ...STATES];
  const values = await Promise.all(names.map((name) => colour(tab, name)));
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

export default {
  'four colours have a fixed meaning, and a shape each': async (house) => {
    const tab = await house.opened();
    const legend = await tab.evaluate(() => [...document.querySelectorAll('.legend span')]
      .map((node) => ({ text: node.textContent, state: node.className.replace('ink-', '') })));
    assert.deepEqual(legend.map(({ text }) => text.split(' ')[0]), ['▶', '◆', '○', '■', '✖']);
    assert.deepEqual(legend.map(({ state }) => state), [...STATES, 'fault']);
    for (const scheme of ['light', 'dark']) {
      await tab.look({ scheme });
      const all = await palette(tab);
      assert.equal(new Set(STATES.map((state) => all[state])).size, 4, 'four colours');
      for (const state of ['running', 'ready', 'done', 'fault']) {
        const found = contrast(all[state], all.panel);
        assert.ok(found >= 3, `${scheme}: ${state} can be told from the paper: ${found}`);
      }
    }
    await tab.keys('?');
    const card = await tab.text('#help');
    for (const told of ['▶ running', '◆ ready', '○ waiting', '■ done', '✖ fault']) {
      assert.ok(card.includes(`${told}: `), `the card has ${told}`);
    }
  },

  'light and dark follow the system': async (house) => {
    const tab = await house.opened();
    for (const scheme of ['light', 'dark']) {
      await tab.look({ scheme });
      const { paper, panel, ink, faint } = await palette(tab);
      assert.ok(scheme === 'light' ? luminance(paper) > 0.8 : luminance(paper) < 0.05, paper);
      assert.ok(contrast(ink, panel) >= 7, 'words can be read');
      assert.ok(contrast(faint, panel) >= 4.5, `faint ones, too: ${contrast(faint, panel)}`);
      await tab.wait('the timeline to be painted so', async () => (await pixels(
        tab, '.timeline-canvas', { x: 0, y: 0, width: 180, height: 20 },
      ))[paper] > 500);
      if (house.shots) await tab.shot(path.join(house.shots, `${scheme}.png`));
    }
  },

  'all panels fit a small window': async (house) => {
    for (const [width, height] of [[1440, 900], [1024, 768]]) {
      const tab = await house.opened({ look: { width, height } });
      const look = () => tab.evaluate(() => ({
        isTooWide: document.documentElement.scrollWidth > innerWidth,
        panels: [...document.querySelectorAll('.panel')].filter((node) => (
          node.getClientRects().length > 0)).map((node) => {
          const { width: wide, height: high, right, bottom } = node.getBoundingClientRect();
          return wide > 200 && high > 100 && right <= innerWidth + 1 && bottom <= innerHeight + 1
            ? 'in sight' : `${node.id} ${right} ${bottom}`;
        }),
      }));
      const inSight = (panels) => ({ isTooWide: false, panels: Array(panels).fill('in sight') });
      assert.deepEqual(await look(), inSight(6), `${width} x ${height}`);
      // The program beside its text has four.
      await tab.keys('t');
      await tab.until('the chapter', () => !document.querySelector('#chapter').hidden);
      assert.deepEqual(await look(), inSight(4), `${width} x ${height}, beside the text`);
    }
    // What is smaller, or larger by zoom, is one column: it scrolls down, never to the side.
    for (const [width, height] of [[720, 450], [320, 568]]) {
      const tab = await house.opened();
      await tab.send('Emulation.setDeviceMetricsOverride', {
        width, height, deviceScaleFactor: 2, mobile: false,
      });
      await tab.until(`no panel to be wider than ${width}`, () => (
        document.documentElement.scrollWidth <= innerWidth
        && [...document.querySelectorAll('.panel')].every((node) => (
          node.getBoundingClientRect().right <= innerWidth + 1))));
      const ring = await tab.box('.ring-picture');
      assert.ok(ring.height < height, `the ring is in sight as a whole: ${ring.height}`);
    }
  },

  'the header is one row where a program has several loops': async (house) => {
    for (const width of [1440, 1280]) {
      const tab = await house.watching(undefined, { width, height: 720 });
      await tab.until('the loops to be there', () => (
        document.querySelector('#header select[aria-label="Which loop"]').checkVisibility()));
      // After a while there have been many events.
      const height = await tab.evaluate(() => {
        const counts = document.querySelector('.counts');
        counts.textContent = counts.textContent.replace(/[\d\u202f]+/g, (one) => (
          one === '0' ? one : '2\u202f345\u202f678'));
        return document.querySelector('#header').getBoundingClientRect().height;
      });
      assert.ok(height < 45, `at ${width} it is ${height} high`);
    }
  },

  'every panel and every control is reached by the keyboard': async (house) => {
    const tab = await house.opened();
    for (const [i, panel] of ['ring', 'place', 'story', 'time', 'tasks', 'detail'].entries()) {
      await tab.keys(String(i + 1));
      await tab.until(`${panel} to have the focus`, (id) => (
        document.activeElement.id === id), panel);
    }
    const wanted = new Set(await tab.evaluate(() => {
      const nodes = [...document.querySelectorAll('button, select, input, canvas, [role=tree]')]
        .filter((node) => !node.disabled && node.checkVisibility()
          && !node.closest('dialog, summary'));
      nodes.forEach((node, i) => { node.number = i; });
      return nodes.map((_, i) => i);
    }));
    await tab.keys('1');
    for (let i = 0; i < 150 && wanted.size > 0; i += 1) {
      await tab.keys('Tab');
      wanted.delete(await tab.evaluate(() => document.activeElement.number ?? -1));
    }
    const left = await tab.evaluate((numbers) => [...document.querySelectorAll('*')]
      .filter((node) => numbers.includes(node.number)).map((node) => node.outerHTML.slice(0, 80)),
    [...wanted]);
    assert.deepEqual(left, [], 'the Tab key comes everywhere');
    await tab.keys('1', 'Tab');
    const outline = await tab.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid', 'one sees where the focus is');
  },

  'the keyboard alone lights and selects': async (house) => {
    const { row } = read(await house.recording());
    const { id } = row.tasks.find(({ name }) => name === 'server');
    const tab = await house.opened();
    await tab.keys('2');
    await tab.wait('its place in the room to have the focus', async () => {
      await tab.keys('Tab');
      return tab.evaluate((key) => document.activeElement.matches('.chip')
        && document.activeElement.dataset.keys.startsWith(`${key}\n`), id);
    });
    await tab.until('its row to be lit', (key) => [...document.querySelectorAll('.task-row.is-lit')]
      .some((node) => node.dataset.keys.startsWith(`${key}\n`)), id);
    await tab.keys('Enter');
    await selected(tab, id);
  },

  'the key ? shows all keys, and Escape closes the card': async (house) => {
    const tab = await house.opened();
    await tab.keys('?');
    await tab.until('the card', () => document.querySelector('#help').open);
    const keys = await tab.texts('#help td:first-child');
    for (const key of ['space', 'n', 'p', 'e', 'w', 'y', '/', 'Esc']) {
      assert.ok(keys.includes(key), `the card has ${key}`);
    }
    // While it is open its page hears no keys.
    await tab.keys('j');
    assert.equal(await tab.evaluate(() => document.querySelector('[aria-selected="true"]')), null);
    await tab.keys('Escape');
    await tab.until('the card to go', () => !document.querySelector('#help').open);
  },

  'who asked for little motion gets little': async (house) => {
    const quiet = await house.watching(undefined, { motion: 'reduce' });
    const moves = await quiet.evaluate(() => [...document.querySelectorAll('*')]
      .filter((node) => {
        const { transitionDuration, animationName } = getComputedStyle(node);
        return transitionDuration.split(', ').some((one) => parseFloat(one) > 0)
          || animationName !== 'none';
      }).length);
    assert.equal(moves, 0, 'nothing slides or fades');
    // The timeline goes on with each state, not with each frame.
    const changes = (tab) => tab.evaluate(() => new Promise((resolve) => {
      const pen = CanvasRenderingContext2D.prototype;
      const { fillText } = pen;
      let count = 0;
      let frames = 0;
      pen.fillText = function counted(text, ...rest) {
        if (this.canvas.className === 'timeline-canvas' && /^loop \d/.test(text)) count += 1;
        return fillText.call(this, text, ...rest);
      };
      const begin = performance.now();
      const look = () => {
        frames += 1;
        if (performance.now() - begin > 1500 && frames > 20) {
          pen.fillText = fillText;
          resolve(count / frames);
        } else requestAnimationFrame(look);
      };
      look();
    }));
    const little = await changes(quiet);
    const much = await changes(await house.watching());
    assert.ok(little < much * 0.8, `${little} drawn a frame with little motion, ${much} with much`);
  },

  'a task that is named like a picture appears as text': async (house) => {
    const { text } = await house.recording();
    const file = JSON.parse(text);
    const { state } = file.glassloop;
    const names = state.tasks.map(({ name }) => name);
    state.tasks.forEach((task) => { task.name = `${EVIL}${task.name}`; });
    state.loop.thread = EVIL;
    file.glassloop.loop = { ...file.glassloop.loop, thread: EVIL };
    file.glassloop.program = EVIL;
    const { places } = file.glassloop;
    for (const key of Object.keys(places)) places[key] = `${EVIL}.rs:1`;
    for (const task of state.tasks) {
      for (const wait of task.waits) wait.of = EVIL;
    }
    const evil = house.write('evil.trace.json', JSON.stringify(file));
    const tab = await house.opened({ recording: { file: evil } });
    const shown = await rows(tab);
    assert.equal(shown.length, names.length);
    assert.ok(shown.every(({ name }) => name.includes(EVIL)), shown[0].name);
    assert.equal(await tab.text('.program'), EVIL);
    await tab.keys('j');
    await selected(tab, shown[0].key);
    await tab.until('the title of the detail', (wanted) => (
      document.querySelector('#detail-title').textContent.includes(wanted)), EVIL);
    await tab.hover('.room .chip');
    await tab.hover('.sentences li');
    for (const key of ['w', 'y', 'p', 'p', 's', ' ', 'Home', 'End']) await tab.keys(key);
    await tab.until('the room to be full again', () => document.querySelector('.room .chip'));
    const { x, y } = await tab.box('.timeline-canvas');
    for (let lane = 0; lane < 4; lane += 1) {
      await tab.move(x + 60, y + 35 + lane * 18);
      await tab.move(x + 400, y + 35 + lane * 18);
    }
    const found = await tab.evaluate(() => ({
      images: document.querySelectorAll('img, script:not([src]), iframe').length,
      html: document.body.innerHTML.includes('<img'),
      room: document.querySelector('.room').textContent.includes('<img src=x'),
    }));
    assert.deepEqual(found, { images: 0, html: false, room: true });
  },

  'the page fetches nothing from anywhere but the inspector': async (house) => {
    const tour = await house.tour();
    const tab = await house.watching(tour);
    await tab.keys('j', 'w', '?', 'Escape', ' ', 's');
    await tab.until('slow motion', () => (
      document.querySelector('button[aria-label^="Play this turn"][aria-pressed="true"]')));
    assert.ok(tab.requests.length > 20, `${tab.requests.length} requests`);
    const elsewhere = tab.requests.filter((url) => new URL(url).host !== tour.address);
    assert.deepEqual(elsewhere, []);
    assert.ok(tab.requests.some((url) => url.startsWith(`ws://${tour.address}/live`)));
  },

  'the console stays clean while a program is watched': async (house) => {
    const tab = await house.watching();
    await tab.keys('j');
    await tab.until('the detail of a task', () => document.querySelector('#why-not'));
    await tab.keys('Escape');
    await tab.until('the detail of the loop', () => (
      document.querySelector('#detail-title').textContent.startsWith('Loop ')));
    assert.deepEqual(tab.faults, []);
  },
};
