// Brush: the whole recording as a strip of turns, with the part that the timeline shows.
//
// A bar is the longest turn of its time; red is a stall. Promises a bounded memory: bars are joined
// as the recording grows. Drag moves the part, a click goes there.

import { el } from './dom.js';
import { underWaySince } from './model.js';
import { STALL_NS, colours } from './paint.js';
import { count, plural, time } from './words.js';

/** So many bars; then two become one. */
const BARS_MAX = 4096;
const BAR_NS = 1e6;
/** So long turns are read in a frame. */
const READ_MS = 3;
const HEIGHT = 40;
const LEFT = 190;

export class Brush {
  topics = ['data', 'time', 'span', 'mode', 'size'];

  constructor(root, { store }) {
    Object.assign(this, { root, store });
    this.canvas = el('canvas', {
      class: 'brush-canvas', tabindex: '0', role: 'slider', 'aria-label': 'The recording',
      'aria-valuemin': '0',
    });
    this.label = el('span', { class: 'brush-label' });
    root.append(this.label, this.canvas);
    this.pen = this.canvas.getContext('2d');
    this.reset();
    new ResizeObserver(() => this.resize()).observe(root);
    this.listen();
  }

  reset() {
    this.barNs = BAR_NS;
    this.longest = new Float64Array(BARS_MAX);
    this.originNs = null;
    /** The end of the last turn that was read. */
    this.readNs = -1;
    this.stalls = 0;
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    this.width = Math.max(100, Math.floor(this.root.getBoundingClientRect().width) - LEFT);
    this.canvas.width = this.width * ratio;
    this.canvas.height = HEIGHT * ratio;
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${HEIGHT}px`;
    this.ratio = ratio;
    this.store.note('size');
  }

  draw(changed) {
    const { store } = this;
    if (changed.has('mode') && this.recording !== store.recording) {
      this.recording = store.recording;
      this.reset();
    }
    if (!store.hasEvents || !this.width) return false;
    if (this.ratio !== (devicePixelRatio || 1)) this.resize();
    const isMore = this.read();
    this.paint();
    return isMore;
  }

  /** Reads the turns that have come. */
  read() {
    const { recording } = this.store;
    this.originNs ??= recording.beginNs;
    let i = this.readNs < 0 ? 0 : recording.turnIndexAt(this.readNs);
    const begin = performance.now();
    const end = recording.turnCount;
    for (; i < end && performance.now() - begin < READ_MS; i += 1) {
      const turn = recording.turn(i);
      if (turn.at_ns > this.readNs) this.add(turn.at_ns, turn.took_ns);
      this.readNs = Math.max(this.readNs, turn.at_ns);
    }
    return i < end;
  }

  add(at, took) {
    let bar = Math.floor((at - this.originNs) / this.barNs);
    while (bar >= BARS_MAX) {
      this.halve();
      bar = Math.floor((at - this.originNs) / this.barNs);
    }
    if (bar < 0) return;
    if (took > STALL_NS) this.stalls += 1;
    const last = Math.min(BARS_MAX - 1, Math.floor((at + took - this.originNs) / this.barNs));
    for (let i = bar; i <= last; i += 1) {
      if (took > this.longest[i]) this.longest[i] = took;
    }
  }

  halve() {
    for (let i = 0; i < BARS_MAX / 2; i += 1) {
      this.longest[i] = Math.max(this.longest[2 * i], this.longest[2 * i + 1]);
    }
    this.longest.fill(0, BARS_MAX / 2);
    this.barNs *= 2;
  }

  x(ns) {
    const { beginNs, endNs } = this.store;
    return ((ns - beginNs) / Math.max(1, endNs - beginNs)) * this.width;
  }

  nsAt(x) {
    const { beginNs, endNs } = this.store;
    return beginNs + (x / this.width) * (endNs - beginNs);
  }

  paint() {
    const { pen, store, width } = this;
    const colour = colours();
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, width, HEIGHT);
    pen.fillStyle = colour.sleep;
    pen.fillRect(0, 0, width, HEIGHT);
    const barWidth = Math.max(1, this.x(store.beginNs + this.barNs));
    for (let i = 0; i < BARS_MAX; i += 1) {
      const took = this.longest[i];
      if (took === 0) continue;
      const x = this.x(this.originNs + i * this.barNs);
      if (x < -barWidth || x > width) continue;
      // From a microsecond to a second, by powers of ten.
      const share = Math.min(1, Math.max(0.06, Math.log10(Math.max(took, 1e3) / 1e3) / 6));
      pen.fillStyle = took > STALL_NS ? colour.fault : colour.running;
      pen.fillRect(x, HEIGHT * (1 - share), Math.max(barWidth - 0.3, 1), HEIGHT * share);
    }
    const { recording } = store;
    if (recording.underWay) {
      const x = this.x(underWaySince(recording) ?? recording.endNs);
      pen.fillStyle = this.isHeld() ? colour.fault : colour.running;
      pen.fillRect(x, 0, width - x, HEIGHT);
    }
    this.window(colour);
    const told = time(store.endNs - store.beginNs);
    const lost = store.recording.lost;
    const stalls = this.stalls + (this.isHeld() ? 1 : 0);
    this.label.textContent = `${plural(store.recording.turnCount, 'turn')} in ${told}`
      + `${stalls > 0 ? `, ${plural(stalls, 'stall')}` : ''}`
      + `${lost > 0 ? `; ${plural(lost, 'older event')} not kept` : ''}`;
    const at = store.isFollowing ? store.endNs : store.ns;
    this.canvas.setAttribute('aria-valuemax', String(Math.round(store.endNs - store.beginNs)));
    this.canvas.setAttribute('aria-valuenow', String(Math.round(at - store.beginNs)));
    this.canvas.setAttribute('aria-valuetext', `${time(at - store.beginNs)} of ${told}`);
  }

  /** Whether what runs has taken as long as a stall. */
  isHeld() {
    const { endNs, recording } = this.store;
    return Boolean(recording.underWay) && endNs - recording.endNs > STALL_NS;
  }

  window(colour) {
    const { pen, store, width } = this;
    const { from, to } = store.view();
    const x0 = Math.max(0, this.x(from));
    const x1 = Math.min(width, Math.max(this.x(to), x0 + 3));
    pen.fillStyle = colour.paper;
    pen.globalAlpha = 0.55;
    pen.fillRect(0, 0, x0, HEIGHT);
    pen.fillRect(x1, 0, width - x1, HEIGHT);
    pen.globalAlpha = 1;
    pen.strokeStyle = colour.ink;
    pen.lineWidth = 1.5;
    pen.strokeRect(x0 + 0.75, 0.75, Math.max(x1 - x0 - 1.5, 2), HEIGHT - 1.5);
    if (!store.isFollowing) {
      pen.fillStyle = colour.ink;
      pen.fillRect(this.x(store.ns) - 1, 0, 2, HEIGHT);
    }
  }

  listen() {
    const { canvas, store } = this;
    let grabbed = null;
    canvas.addEventListener('pointerdown', (event) => {
      if (!store.hasEvents) return;
      canvas.setPointerCapture(event.pointerId);
      const { from, to } = store.view();
      const ns = this.nsAt(event.offsetX);
      const isInside = ns >= from && ns <= to;
      grabbed = { isInside, offset: ns - from, width: to - from, moved: false };
      if (!isInside) store.look(ns - (to - from) / 2, ns + (to - from) / 2);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!grabbed) return;
      grabbed.moved = true;
      const ns = this.nsAt(event.offsetX);
      const from = grabbed.isInside ? ns - grabbed.offset : ns - grabbed.width / 2;
      store.goTo(ns);
      store.look(from, from + grabbed.width);
    });
    canvas.addEventListener('pointerup', (event) => {
      if (grabbed && !grabbed.moved) store.goTo(this.nsAt(event.offsetX));
      grabbed = null;
    });
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  /** The keys of a slider: a hundredth of the recording at once. */
  key(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const { store } = this;
    if (!by || !store.hasEvents || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const from = store.isFollowing ? store.endNs : store.ns;
    store.goTo(from + (by * (store.endNs - store.beginNs)) / 100);
  }
}
