// Marks: what lies over and under the timeline's picture: waits, arrows, the playhead, the pointer.
//
// They promise that few arrows are drawn where many wakes are: those of what is selected or
// pointed at. An arrow leads from who woke to who was woken.

import { laneKey } from './lanes.js';
import { keyOfBy } from './keys_of.js';
import { underWaySince } from './model.js';
import { isAsleep } from './scene.js';
import { bare, fileOf, shortSource } from './words.js';
import { LANE_HEIGHT, LOOP_HEIGHT, STALL_NS } from './paint.js';

/** So many wakes are looked at for arrows, and so many arrows are drawn unasked. */
const WAKES_MAX = 6000;
const ARROWS_MAX = 160;
/** So many of those in line are drawn. */
const STANDING_MAX = 20_000;
/** So much room do words need. */
const REASON_WIDTH = 130;
const GATHER_EVERY_MS = 250;

/** Draws it all; gives the arrows that were drawn, to be picked. */
export function drawMarks(pen, timeline) {
  const { frame, store, colours } = timeline;
  drawWaits(pen, timeline);
  drawSleep(pen, timeline);
  pen.save();
  pen.beginPath();
  pen.rect(0, LOOP_HEIGHT, frame.width, frame.bottom);
  pen.clip();
  pen.drawImage(timeline.below, 0, 0, timeline.width, timeline.height);
  drawStanding(pen, timeline);
  pen.restore();
  pen.drawImage(timeline.kept, 0, 0, timeline.width, timeline.height);
  drawUnderWay(pen, timeline);
  const wakes = gather(timeline);
  const arrows = wakes.filter((arrow) => isShown(arrow, timeline));
  drawReasons(pen, timeline, wakes);
  for (const arrow of arrows) drawArrow(pen, timeline, arrow);
  drawRuler(pen, frame, colours, store.beginNs);
  if (!store.isFollowing) drawPlayhead(pen, frame, store.ns, colours);
  return arrows;
}

/** The thin line of who waits, under everything else. */
function drawWaits(pen, { frame, lanes, store, colours, height }) {
  const lit = new Set([store.selected, ...store.hovered]);
  const first = Math.max(0, Math.floor(frame.scroll / LANE_HEIGHT));
  const last = Math.min(lanes.count, first + Math.ceil(height / LANE_HEIGHT) + 1);
  const edge = Math.min(frame.x(Math.max(store.endNs, store.isFollowing ? store.nowNs() : 0)),
    frame.width);
  for (let lane = first; lane < last; lane += 1) {
    const key = lanes.keys[lane];
    const y = LOOP_HEIGHT + lane * LANE_HEIGHT - frame.scroll;
    if (lit.has(key)) {
      pen.fillStyle = colours.edge;
      pen.globalAlpha = 0.35;
      pen.fillRect(0, y, frame.width, LANE_HEIGHT);
      pen.globalAlpha = 1;
    }
    if (!key.startsWith('#')) continue;
    const life = lanes.life(key);
    const from = Math.max(0, frame.x(life.from));
    const to = Math.min(edge, frame.x(life.to));
    pen.fillStyle = colours.waiting;
    pen.globalAlpha = 0.5;
    if (to > from) pen.fillRect(from, y + LANE_HEIGHT / 2 - 1, to - from, 2);
    pen.globalAlpha = 1;
  }
}

/** The sleep that goes on: its event comes when it is over. */
function drawSleep(pen, { frame, store, colours }) {
  if (!store.isFollowing || store.recording.underWay || !isAsleep(store.row)) return;
  const x = Math.max(0, frame.x(store.endNs));
  const heard = store.nowNs() - Math.max(0, performance.now() - store.feed.heardMs - 1000) * 1e6;
  pen.fillStyle = colours.sleep;
  pen.fillRect(x, 3, Math.max(0, frame.x(heard) - x), LOOP_HEIGHT - 6);
}

/** In words, what a task waited for, where there is room for them. */
function drawReasons(pen, { frame, store, lanes, colours }, wakes) {
  const last = new Map();
  pen.font = '10.5px system-ui, sans-serif';
  pen.textBaseline = 'middle';
  for (const wake of wakes) {
    const from = Math.max(last.get(wake.key) ?? 0, 0);
    const to = frame.x(wake.at_ns);
    last.set(wake.key, Math.max(to, frame.x(wake.run_at_ns ?? wake.at_ns)) + 8);
    const y = frame.y(lanes.of(wake.key));
    if (to - from < REASON_WIDTH || y < LOOP_HEIGHT) continue;
    const text = shortReason(store.names.by(wake.by));
    const width = Math.min(pen.measureText(text).width, to - from - 24);
    const x = Math.max(from + 8, to - width - 14);
    pen.fillStyle = colours.panel;
    pen.fillRect(x - 4, y + 2, width + 8, LANE_HEIGHT - 4);
    pen.fillStyle = colours.faint;
    pen.fillText(text, x, y + LANE_HEIGHT / 2, width);
  }
}

function shortReason(by) {
  const timer = /^timer of (.*)$/.exec(by);
  return timer ? `timer ${fileOf(timer[1])}` : shortSource(bare(by));
}

/** Who stands in line while somebody holds the loop: no run tells of their end. */
function drawStanding(pen, timeline) {
  const { frame, store, lanes } = timeline;
  if (!store.recording.underWay) return;
  const { ready, tasks } = store.moments.at(store.endNs);
  pen.fillStyle = timeline.hatch;
  const end = frame.x(store.isFollowing ? store.nowNs() : store.endNs);
  for (const item of ready.slice(0, STANDING_MAX)) {
    const y = frame.y(lanes.of(laneKey(item)));
    const since = tasks.get(item.key)?.since_ns;
    if (y < 0 || since === undefined || item.key === store.recording.underWay.item.key) continue;
    const x = frame.x(since);
    pen.fillRect(x, y + 3, end - x, LANE_HEIGHT - 6);
  }
}

/** What runs and has not ended: no event tells of it, so it is drawn as far as it has come. */
function drawUnderWay(pen, { frame, store, lanes, colours }) {
  const { recording } = store;
  const since = recording.underWay ? underWaySince(recording) ?? recording.endNs : null;
  if (since === null) return;
  const x = frame.x(since);
  const width = Math.max(2, frame.x(store.isFollowing ? store.nowNs() : store.endNs) - x);
  pen.fillStyle = store.endNs - since > STALL_NS ? colours.fault : colours.running;
  pen.fillRect(x, 3, width, LOOP_HEIGHT - 6);
  const { item } = recording.underWay;
  const y = item.key ? frame.y(lanes.of(laneKey(item))) : -1;
  if (y >= 0) pen.fillRect(x, y + 3, width, LANE_HEIGHT - 6);
}

/** The wakes in sight, as arrows; kept for a while. */
function gather(timeline) {
  const { frame, store } = timeline;
  const nowMs = performance.now();
  const old = timeline.gathered;
  const isSame = old && old.from === frame.from && old.to === frame.to;
  // A narrow picture that rolls is soon another one.
  const every = Math.min(GATHER_EVERY_MS, (frame.to - frame.from) / 1e7);
  if (isSame || (old && nowMs - old.atMs < every)) return old.list;
  const list = [];
  const share = (frame.to - frame.from) / Math.max(1, store.endNs - store.beginNs);
  if (store.recording.length * Math.min(share, 1) < WAKES_MAX * 4) {
    store.recording.eachWake(frame.from, frame.to, (wake) => {
      if (list.length < WAKES_MAX) list.push({ ...wake, key: laneKey(wake.item) });
    });
  }
  timeline.gathered = { from: frame.from, to: frame.to, atMs: nowMs, list };
  return list;
}

function isShown(arrow, { store, gathered, lanes }) {
  if (arrow.byKey === undefined) arrow.byKey = keyOfBy(arrow.by, store.names);
  const by = arrow.byKey;
  arrow.byLane = by?.startsWith('#') ? lanes.byKey.get(by) : undefined;
  if (store.hovered.length > 0) {
    return store.hovered.includes(arrow.key) || store.hovered.includes(by);
  }
  if (gathered.list.length <= ARROWS_MAX) return true;
  return store.selected !== null && (arrow.key === store.selected || by === store.selected);
}

function drawArrow(pen, timeline, arrow) {
  const { frame, lanes, colours } = timeline;
  const y1 = frame.y(lanes.of(arrow.key));
  if (y1 < 0) return;
  const x = frame.x(arrow.at_ns);
  const from = arrow.byLane === undefined ? LOOP_HEIGHT - 3 : frame.y(arrow.byLane);
  const y0 = from < 0 ? LOOP_HEIGHT - 3 : from + (arrow.byLane === undefined ? 0 : LANE_HEIGHT / 2);
  const end = y1 + LANE_HEIGHT / 2;
  const run = arrow.run_at_ns === null || arrow.run_at_ns === undefined
    ? x : frame.x(arrow.run_at_ns);
  const tip = Math.max(run, x);
  pen.strokeStyle = colours.ready;
  pen.lineWidth = 1.3;
  pen.beginPath();
  pen.moveTo(x, y0);
  pen.bezierCurveTo(x + 6, (y0 + end) / 2, tip - 10, end, tip, end);
  pen.stroke();
  pen.fillStyle = colours.ready;
  pen.beginPath();
  pen.moveTo(tip + 1, end);
  pen.lineTo(tip - 5, end - 3.5);
  pen.lineTo(tip - 5, end + 3.5);
  pen.fill();
  Object.assign(arrow, { x, y0, tip, end });
}

/** Times along the upper edge. */
function drawRuler(pen, frame, colours, beginNs) {
  const wide = frame.to - frame.from;
  const rough = wide / Math.max(2, frame.width / 130);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  const first = Math.ceil((frame.from - beginNs) / step) * step + beginNs;
  pen.font = '10px system-ui, sans-serif';
  pen.textBaseline = 'top';
  for (let ns = first; ns < frame.to; ns += step) {
    const x = Math.round(frame.x(ns)) + 0.5;
    pen.fillStyle = colours.faint;
    pen.globalAlpha = 0.25;
    pen.fillRect(x, 0, 1, frame.bottom);
    pen.globalAlpha = 1;
    // Words on a ground of their own: what lies below has any colour.
    const text = ruled(ns - beginNs, step, frame.to - beginNs);
    pen.fillStyle = colours.panel;
    pen.fillRect(x + 1, LOOP_HEIGHT - 15, pen.measureText(text).width + 5, 12);
    pen.fillStyle = colours.ink;
    pen.fillText(text, x + 3, LOOP_HEIGHT - 14);
  }
}

const UNITS = [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']];

/** A time with as many figures as the ruler's step has, in a unit that suits the last one. */
function ruled(ns, step, last) {
  const [size, name] = UNITS.find(([unit]) => last >= unit) ?? UNITS.at(-1);
  const figures = Math.min(9, Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9)));
  return `${(ns / size).toFixed(figures)} ${name}`;
}

function drawPlayhead(pen, frame, ns, colours) {
  const x = frame.x(ns);
  if (x < -4 || x > frame.width + 4) return;
  pen.fillStyle = colours.ink;
  pen.fillRect(x - 0.75, 0, 1.5, frame.bottom);
  pen.beginPath();
  pen.moveTo(x - 5, 0);
  pen.lineTo(x + 5, 0);
  pen.lineTo(x, 7);
  pen.fill();
}

/** What is at a point: an arrow, a run, a lane or a turn. */
export function pick(timeline, x, y) {
  const { frame, store, lanes, marks = [] } = timeline;
  if (!frame) return null;
  const ns = frame.from + x / frame.perNs;
  const lane = Math.floor((y - LOOP_HEIGHT + frame.scroll) / LANE_HEIGHT);
  const key = y < LOOP_HEIGHT ? null : lanes.keys[lane] ?? null;
  if (x < 0) return key ? { kind: 'lane', key, ns: null } : null;
  const arrow = marks.find((one) => isNear(one, x, y));
  if (arrow) return { kind: 'arrow', arrow, ns };
  if (y < LOOP_HEIGHT) return { kind: 'turn', index: store.recording.turnIndexAt(ns), ns };
  if (key === null) return { kind: 'space', ns };
  const near = 2.5 / frame.perNs;
  let run = null;
  let looked = 0;
  store.recording.eachRun(ns - near, ns + near, (at, took, item, outcome) => {
    looked += 1;
    if (looked < 5000 && laneKey(item) === key) run = { at, took, item: { ...item }, outcome };
  });
  return { kind: run ? 'run' : 'lane', key, run, ns };
}

function isNear({ x, y0, tip, end }, px, py) {
  if (x === undefined) return false;
  if (Math.hypot(px - tip, py - end) < 6) return true;
  const low = Math.min(y0, end);
  return Math.abs(px - x) < 3 && py > low && py < Math.max(y0, end) - 4;
}
