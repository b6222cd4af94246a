// Timeline: a lane a task; when each ran, stood in line and waited, and who woke whom.
//
// It promises to keep its picture: what has been drawn is moved, not drawn again, and what is new
// is drawn in slices that leave time for the rest of the page. The newest is drawn first.

import { el, setText, show } from './dom.js';
import { drawMarks, pick } from './marks.js';
import { Lanes } from './lanes.js';
import { taskName } from './model.js';
import {
  Frame, LANE_HEIGHT, LOOP_HEIGHT, STALL_NS, colours, forgetColours, hatch, paintSpan,
} from './paint.js';
import { fileOf, plural, shortName, time } from './words.js';

/** So long it may draw in a frame. */
const BUDGET_MS = 5;
/** Where frames come this late, every other one is left out. */
const LATE_MS = 24;
/** The whole is drawn in so many slices. */
const SLICES = 48;
/** The column of names. */
const NAMES_WIDTH = 190;

export class Timeline {
  topics = [
    'clock', 'data', 'time', 'scene', 'span', 'select', 'hover', 'mode', 'size', 'row', 'filter',
  ];

  constructor(root, { store, scene }) {
    Object.assign(this, { root, store, scene });
    this.lanes = new Lanes();
    this.scroll = 0;
    /** Spans that are not drawn yet, the next at the end. */
    this.todo = [];
    this.sub = el('span', { class: 'sub' });
    this.canvas = el('canvas', {
      class: 'timeline-canvas', tabindex: '0', role: 'application',
      'aria-label': 'Timeline. Arrows move it, plus and minus zoom, j and k select a lane.',
      'aria-describedby': 'time-title',
    });
    this.none = el('p', { class: 'timeline-none is-empty' },
      'Each task has a lane here: a line while it waits, hatched while it stands in the ready '
      + 'line, solid while it runs.');
    this.tip = el('div', { class: 'tip', hidden: true });
    const legend = el('span', { class: 'legend' });
    for (const [state, sign] of [['running', '▶ running'], ['ready', '◆ woken, in line'],
      ['waiting', '○ waiting'], ['done', '■ done'], ['fault', '✖ fault']]) {
      legend.append(el('span', { class: `ink-${state}` }, sign), ' ');
    }
    const title = el('h2', { id: 'time-title' }, 'Timeline ', this.sub, legend);
    this.box = el('div', { class: 'timeline-box' }, this.canvas, this.none, this.tip);
    root.append(title, this.box);
    this.pen = this.canvas.getContext('2d');
    // Two layers: who stands in line, and over it who runs.
    this.below = new OffscreenCanvas(1, 1);
    this.kept = new OffscreenCanvas(1, 1);
    this.belowPen = this.below.getContext('2d');
    this.keptPen = this.kept.getContext('2d');
    new ResizeObserver(() => this.resize()).observe(this.box);
    for (const wish of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
      matchMedia(wish).addEventListener('change', () => this.repaint());
    }
    this.repaint();
  }

  repaint() {
    forgetColours();
    this.colours = colours();
    this.hatch = hatch(this.pen, this.colours.ready, this.colours.paper);
    this.frame = null;
    this.store.note('span');
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    const { width, height } = this.box.getBoundingClientRect();
    this.width = Math.max(Math.floor(width), NAMES_WIDTH + 50);
    this.height = Math.max(Math.floor(height), 40);
    for (const canvas of [this.canvas, this.kept, this.below]) {
      canvas.width = this.width * ratio;
      canvas.height = this.height * ratio;
    }
    this.ratio = ratio;
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.frame = null;
    this.store.note('size');
  }

  get look() {
    const { colours: colour, hatch: pattern, lanes } = this;
    this.drawn ??= new Map();
    return { colours: colour, hatch: pattern, lanes, stallNs: STALL_NS, drawn: this.drawn };
  }

  draw(changed) {
    const { store } = this;
    if (changed.has('mode') && store.recording !== this.recording) {
      this.recording = store.recording;
      this.lanes.clear();
      this.frame = null;
      this.scroll = 0;
    }
    if (changed.has('row') || changed.has('mode')) this.learn(store.row);
    if (!this.width) return false;
    // The window has gone to another screen.
    if (this.ratio !== (devicePixelRatio || 1)) this.resize();
    if (this.isTooLate()) return true;
    this.showWhoHolds();
    this.scroll = Math.min(this.scroll, this.scrollMax());
    this.reframe();
    const isMore = this.work();
    this.compose();
    return isMore;
  }

  /** Brings the lane of who holds the loop into sight, once. */
  showWhoHolds() {
    const key = this.store.recording?.underWay?.item.key ?? null;
    if (key === this.held) return;
    this.held = key;
    if (key && this.store.selected === null) this.showLane(key);
  }

  /** Takes what a state tells of tasks. */
  learn(row) {
    this.lanes.addRow(row);
    const first = Math.floor(this.scroll / LANE_HEIGHT);
    this.lanes.learnRates(row, first, first + Math.ceil((this.height ?? 0) / LANE_HEIGHT) + 1);
  }

  /** Whether this frame is better left to the other panels. */
  isTooLate() {
    const nowMs = performance.now();
    const isLate = nowMs - (this.lastMs ?? nowMs) > LATE_MS && !this.wasLate;
    this.lastMs = nowMs;
    this.wasLate = isLate;
    return isLate;
  }

  /** Moves the picture to where the view is now; what is missing is to do. */
  reframe() {
    const { store } = this;
    const { from, to } = store.view();
    const width = this.width - NAMES_WIDTH;
    const old = this.frame;
    if (!store.hasEvents) {
      this.frame = null;
      return;
    }
    const isSameScale = old && old.width === width && old.scroll === this.scroll
      && Math.abs(old.to - old.from - (to - from)) < (to - from) * 1e-9;
    const shift = isSameScale ? Math.floor((from - old.from) * old.perNs) : 0;
    if (!isSameScale || Math.abs(shift) >= width) {
      this.begin(from, to, width);
      return;
    }
    const moved = old.from + shift / old.perNs;
    const frame = new Frame({ ...old, from: moved, to: moved + (old.to - old.from) });
    this.frame = frame;
    if (shift !== 0) {
      this.move(this.kept, this.keptPen, shift, width);
      this.move(this.below, this.belowPen, shift, width);
    }
    const edge = 1.5 / frame.perNs;
    if (shift < 0) {
      this.add(frame.from, Math.min(old.from + edge, frame.to));
      this.paintedTo = Math.min(this.paintedTo, frame.to);
    }
    const end = Math.min(store.endNs, frame.to);
    if (end > this.paintedTo) {
      this.add(Math.max(this.paintedTo - edge, frame.from), end);
      this.paintedTo = end;
    } else if (shift > 0) {
      this.add(Math.max(old.to - edge, frame.from), frame.to);
    }
  }

  /** A new picture. */
  begin(from, to, width) {
    const bottom = this.height;
    this.frame = new Frame({ from, to, width, bottom, scroll: this.scroll });
    for (const pen of [this.keptPen, this.belowPen]) {
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      pen.clearRect(0, 0, width + NAMES_WIDTH, bottom);
    }
    this.paintedTo = Math.min(this.store.endNs, to);
    this.todo = [];
    this.add(from, this.paintedTo);
  }

  /** A span that is to be drawn, in slices. */
  add(from, to) {
    const slice = (this.frame.to - this.frame.from) / SLICES;
    for (let begin = from; begin < to; begin += slice) {
      this.todo.push([begin, Math.min(begin + slice, to)]);
    }
  }

  move(canvas, pen, shift, width) {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalCompositeOperation = 'copy';
    pen.drawImage(canvas, -shift * this.ratio, 0);
    pen.globalCompositeOperation = 'source-over';
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    if (shift < 0) pen.clearRect(0, 0, -shift, this.height);
    else pen.clearRect(width - shift, 0, shift, this.height);
  }

  /** Draws what is to do until the time is up; whether there is more. */
  work() {
    if (!this.frame) return false;
    const begin = performance.now();
    while (this.todo.length > 0 && performance.now() - begin < BUDGET_MS) {
      const [from, to] = this.todo.pop();
      if (to <= this.frame.from || from >= this.frame.to) continue;
      const { keptPen, belowPen, frame, store, look } = this;
      paintSpan(keptPen, belowPen, frame, store.recording, look, from, to);
    }
    return this.todo.length > 0;
  }

  /** The picture, and what changes often on top of it. */
  compose() {
    const { pen, frame, store } = this;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    show(this.none, !frame);
    if (!frame) {
      setText(this.sub, 'no events are recorded yet');
      this.drawNames();
      return;
    }
    pen.save();
    pen.translate(NAMES_WIDTH, 0);
    pen.beginPath();
    pen.rect(0, 0, frame.width, this.height);
    pen.clip();
    this.marks = drawMarks(pen, this);
    pen.restore();
    this.drawNames();
    const wide = time(frame.to - frame.from);
    const tasks = plural(this.lanes.count, 'lane');
    setText(this.sub, `${wide} wide, ${tasks}; grey is sleep`);
    if (store.hovered.length === 0) show(this.tip, false);
  }

  drawNames() {
    const { pen, store } = this;
    const colour = this.colours;
    pen.fillStyle = colour.paper;
    pen.fillRect(0, 0, NAMES_WIDTH - 4, this.height);
    pen.font = '600 11.5px system-ui, sans-serif';
    pen.textBaseline = 'middle';
    pen.fillStyle = colour.ink;
    pen.fillText(this.loopName(), 8, LOOP_HEIGHT / 2);
    pen.save();
    pen.beginPath();
    pen.rect(0, LOOP_HEIGHT, NAMES_WIDTH, this.height);
    pen.clip();
    const first = Math.floor(this.scroll / LANE_HEIGHT);
    const last = first + Math.ceil(this.height / LANE_HEIGHT);
    for (let lane = first; lane < Math.min(last, this.lanes.count); lane += 1) {
      const key = this.lanes.keys[lane];
      const isLit = store.selected === key || store.hovered.includes(key);
      pen.font = `${isLit ? '700' : '400'} 11.5px system-ui, sans-serif`;
      pen.fillStyle = isLit || store.hovered.length === 0 ? colour.ink : colour.faint;
      const y = LOOP_HEIGHT + lane * LANE_HEIGHT - this.scroll + LANE_HEIGHT / 2;
      pen.fillText(this.laneName(key), 8, y, NAMES_WIDTH - 18);
    }
    pen.restore();
  }

  loopName() {
    const { loop } = this.store;
    return loop ? `loop ${loop.number} (${shortName(loop.thread ?? '', 18)})` : 'the loop';
  }

  laneName(key) {
    const call = /^call (\d+)$/.exec(key);
    if (call) {
      const place = this.store.names.place(Number(call[1]));
      return place ? `call ${fileOf(place)}` : 'a call';
    }
    if (!key.startsWith('#')) return key;
    const name = taskName(this.store.names, key);
    return name ? `${key} ${shortName(name, 22)}` : key;
  }

  scrollMax() {
    const all = this.lanes.count * LANE_HEIGHT + LOOP_HEIGHT + 8;
    return Math.ceil(Math.max(0, all - this.height) / LANE_HEIGHT) * LANE_HEIGHT;
  }

  /** Scrolls to a task's lane. */
  showLane(key) {
    if (!this.lanes.byKey.has(key)) return;
    const y = this.lanes.of(key) * LANE_HEIGHT;
    const room = this.height - LOOP_HEIGHT - LANE_HEIGHT;
    if (y < this.scroll) this.scrollTo(y);
    else if (y > this.scroll + room) this.scrollTo(y - room / 2);
  }

  scrollTo(y) {
    const lane = Math.round(Math.min(Math.max(y, 0), this.scrollMax()) / LANE_HEIGHT);
    this.scroll = lane * LANE_HEIGHT;
    this.learn(this.store.row);
    this.store.note('span');
  }

  /** What is at a point of the canvas. */
  at(x, y) {
    return pick(this, x - NAMES_WIDTH, y);
  }

  get namesWidth() {
    return NAMES_WIDTH;
  }
}
