// Sights: what a user sees of the page, as values: where the playhead is, what is lit, colours.
//
// What is said of a recording is compared with the model, which has tests of its own.

import { Moments, readFile } from '../../inspector/page/model/index.js';

/** The timeline's measures, in pixels: the names, the loop's lane, a task's lane. */
export const NAMES = 190;
export const LOOP = 26;
export const LANE = 18;

/** A recording read: `{ recording, names, row, moments, from }`. */
export function read({ text }) {
  const found = readFile(text);
  const { recording } = found;
  const moments = new Moments(recording);
  while (moments.catchUp?.() === true);
  const end = Math.max(recording.endNs, recording.underWay ? recording.nowNs : 0);
  return { ...found, moments, beginNs: recording.beginNs, endNs: end };
}

/** Where the playhead is, in nanoseconds since the recording began. */
export function playhead(tab) {
  return tab.evaluate(() => (
    Number(document.querySelector('.brush-canvas').getAttribute('aria-valuenow'))));
}

/** Waits until the playhead is somewhere else; gives where. */
export async function moved(tab, from) {
  return tab.until('the playhead to move', (old) => {
    const now = Number(document.querySelector('.brush-canvas').getAttribute('aria-valuenow'));
    return now === old ? null : String(now);
  }, from).then(Number);
}

/** Waits until the playhead is there. */
export function isAt(tab, ns) {
  return tab.until(`the playhead to be at ${ns} ns`, (wanted) => Math.abs(
    Number(document.querySelector('.brush-canvas').getAttribute('aria-valuenow')) - wanted,
  ) <= 1, ns);
}

/** The view that the address holds, once it has come to rest. */
export async function view(tab) {
  let last = null;
  let same = 0;
  return tab.wait('the address to come to rest', async () => {
    const now = await tab.evaluate(() => location.hash);
    same = now === last ? same + 1 : 0;
    last = now;
    // The address is written every 700 ms, and looked at every 40.
    return same >= 24 ? Object.fromEntries(new URLSearchParams(now.slice(1))) : null;
  });
}

/** Waits until the page that watches a program stands still. */
export function paused(tab) {
  return tab.until('the pause', () => (
    document.querySelector('.feed-state').textContent === '‖ paused'));
}

/** Waits until the page is at this event. */
export function isAtEvent(tab, number) {
  return tab.until(`event ${number}`, (wanted) => document
    .querySelector('#story .sub').textContent.replace(/\u202f/g, '')
    .endsWith(` into the recording, event ${wanted}`), number);
}

/** The keys of what is lit. */
export function lit(tab) {
  return tab.evaluate(() => [...new Set([...document.querySelectorAll('.is-lit')]
    .map((node) => node.dataset.keys.split('\n')[0]))]);
}

/** How many pixels of each colour a part of a canvas has: `{ '#rrggbb': n }`. */
export function pixels(tab, selector, { x, y, width, height }) {
  return tab.evaluate((one, left, top, wide, high) => {
    const canvas = document.querySelector(one);
    const { data } = canvas.getContext('2d').getImageData(left, top, wide, high);
    const counts = {};
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = data.subarray(at, at + 4);
      if (alpha === 0) continue;
      const hex = [red, green, blue].map((part) => part.toString(16).padStart(2, '0'));
      const name = `#${hex.join('')}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }, selector, Math.round(x), Math.round(y), Math.round(width), Math.round(height));
}

/** A colour of the page, by its meaning: '#17804c'. */
export function colour(tab, name) {
  return tab.evaluate((one) => getComputedStyle(document.documentElement)
    .getPropertyValue(`--${one}`).trim(), name);
}

/** Where a lane of the timeline is on the page, at an instant of what is in sight. */
export async function laneAt(tab, lane, ns = null, span = null) {
  const box = await tab.box('.timeline-canvas');
  const x = ns === null ? 60
    : NAMES + ((ns - span.from) / (span.to - span.from)) * (box.width - NAMES);
  const y = LOOP + lane * LANE + LANE / 2;
  return { x: box.x + x, y: box.y + y, canvas: { x, y } };
}

/** The tip of the timeline, '' if there is none. */
export function tip(tab) {
  return tab.evaluate(() => {
    const node = document.querySelector('.tip');
    return node.hidden ? '' : node.textContent;
  });
}

/** The tasks in the tree, as they are listed: `{ key, name, level, isSelected, isLit, sign }`. */
export function rows(tab) {
  return tab.evaluate(() => [...document.querySelectorAll('.task-rows .task-row')]
    .map((node) => ({
      key: node.dataset.keys.split('\n')[0],
      name: node.querySelector('.task-name').textContent,
      level: Number(node.getAttribute('aria-level')),
      at: Number(node.getAttribute('aria-posinset')),
      isSelected: node.getAttribute('aria-selected') === 'true',
      isLit: node.classList.contains('is-lit'),
      sign: node.firstChild.textContent,
    })).sort((a, b) => a.at - b.at));
}

/** Waits until a task is selected. */
export function selected(tab, key) {
  return tab.until(`${key} to be selected`, (wanted) => [...document
    .querySelectorAll('.task-row[aria-selected="true"]')]
    .some((node) => node.dataset.keys.split('\n')[0] === wanted), key);
}
