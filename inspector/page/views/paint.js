// Paint: draws a span of the recording into the lanes of a canvas.
//
// Running is solid, ready is hatched, waiting is a thin line, the loop's sleep is calm grey; what
// is too short to see is a pixel. Promises to read each event of the span once, and nothing else.

import { laneKey } from './lanes.js';

export const LOOP_HEIGHT = 26;
export const LANE_HEIGHT = 18;
/** A turn of this length is a stall. */
export const STALL_NS = 100e6;
/** Turns closer than this are drawn as shares of their time. */
const TURNS_EXACT_MAX = 400;

let known = null;

/** Forgets the colours: light and dark have changed. */
export function forgetColours() {
  known = null;
}

/** The colours of the page, as they are at the moment. */
export function colours() {
  if (known) return known;
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  known = {
    running: of('--running'), ready: of('--ready'), waiting: of('--waiting'),
    done: of('--done'), fault: of('--fault'), ink: of('--ink'), faint: of('--faint'),
    paper: of('--paper'), panel: of('--panel'), sleep: of('--sleep'), edge: of('--edge'),
  };
  return known;
}

/** A hatching of the colour of who is ready: to be told apart without colours. */
export function hatch(context, colour, paper) {
  const tile = new OffscreenCanvas(6, 6);
  const pen = tile.getContext('2d');
  pen.fillStyle = paper;
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = colour;
  pen.lineWidth = 2.4;
  for (const shift of [-6, 0, 6]) {
    pen.beginPath();
    pen.moveTo(shift, 6);
    pen.lineTo(shift + 6, 0);
    pen.stroke();
  }
  return context.createPattern(tile, 'repeat');
}

/** What is drawn where: `{ from, to, width, top, bottom, lanes, scroll }`. */
export class Frame {
  constructor(fields) {
    Object.assign(this, fields);
    this.perNs = this.width / (this.to - this.from);
  }

  x(ns) {
    return (ns - this.from) * this.perNs;
  }

  /** The upper edge of a lane, or -1 if it is out of sight. */
  y(lane) {
    const y = LOOP_HEIGHT + lane * LANE_HEIGHT - this.scroll;
    return y + LANE_HEIGHT < LOOP_HEIGHT || y > this.bottom ? -1 : y;
  }
}

/**
 * Draws a span of the frame. Who stands in line is drawn on a layer of its own, below: from being
 * woken to running may be longer than the span.
 */
export function paintSpan(pen, below, frame, recording, look, from, to) {
  const woken = paintReady(below, frame, recording, look, from, to);
  const x0 = Math.floor(frame.x(from));
  const x1 = Math.ceil(frame.x(to));
  pen.save();
  pen.beginPath();
  pen.rect(x0, 0, x1 - x0, frame.bottom);
  pen.clip();
  pen.clearRect(x0, 0, x1 - x0, frame.bottom);
  paintLoop(pen, frame, recording, look, from, to);
  pen.beginPath();
  pen.rect(x0, LOOP_HEIGHT, x1 - x0, frame.bottom - LOOP_HEIGHT);
  pen.clip();
  const ran = paintRuns(pen, frame, recording, look, from, to);
  pen.restore();
  return woken + ran;
}

/** The loop's own lane: asleep or not. */
function paintLoop(pen, frame, recording, look, from, to) {
  const first = recording.turnIndexAt(from);
  const last = recording.turnIndexAt(to);
  const height = LOOP_HEIGHT - 6;
  const stride = Math.max(1, Math.ceil((last - first) / TURNS_EXACT_MAX));
  const colour = look.colours;
  // Where turns are dense, a turn is as wide as it is: the grey between them is the truth.
  const least = Math.min(1, ((frame.x(to) - frame.x(from)) / (last - first + 1)) * 0.12);
  for (let i = first; i >= 0 && i <= last; i += stride) {
    const turn = recording.turn(i);
    const begin = frame.x(turn.wait ? turn.wait.at_ns : turn.at_ns);
    const busy = frame.x(turn.at_ns);
    let end = frame.x(turn.at_ns + turn.took_ns);
    if (stride > 1) {
      const next = recording.turn(Math.min(i + stride, recording.turnCount - 1));
      const share = turn.took_ns / Math.max(1, turn.took_ns + (turn.wait?.took_ns ?? 0));
      const stop = Math.max(frame.x(next.at_ns), begin + 1);
      pen.fillStyle = colour.sleep;
      pen.fillRect(begin, 3, stop - begin, height);
      pen.fillStyle = colour.running;
      pen.globalAlpha = share;
      pen.fillRect(begin, 3, stop - begin, height);
      pen.globalAlpha = 1;
      continue;
    }
    pen.fillStyle = colour.sleep;
    pen.fillRect(begin, 3, Math.max(busy - begin, 0), height);
    end = Math.max(end, busy + least);
    pen.fillStyle = turn.took_ns > look.stallNs ? colour.fault : colour.running;
    pen.fillRect(busy, 3, end - busy, height);
  }
}

/** From a wake to the run it led to. */
function paintReady(pen, frame, recording, look, from, to) {
  let seen = 0;
  pen.fillStyle = look.hatch;
  const height = LANE_HEIGHT - 6;
  recording.eachWake(from, to, (wake) => {
    seen += 1;
    if (wake.run_at_ns === null || wake.run_at_ns === undefined) return;
    const key = laneKey(wake.item);
    const y = frame.y(look.lanes.of(key));
    if (y < 0) return;
    look.lanes.sawAt(key, wake.at_ns, false);
    const x = frame.x(wake.at_ns);
    const end = frame.x(wake.run_at_ns);
    if (end - x < 0.7) return;
    pen.fillRect(x, y + 3, end - x, height);
  });
  return seen;
}

/** How strong the mark of a short run is: where there is one in each pixel, it is no solid bar. */
function strength(frame, look, key) {
  const rate = look.lanes.rates.get(key);
  if (rate === undefined) return 1;
  return Math.min(1, Math.max(0.28, frame.perNs / rate / 4));
}

function paintRuns(pen, frame, recording, look, from, to) {
  let seen = 0;
  const height = LANE_HEIGHT - 6;
  const { running, done, fault } = look.colours;
  const drawn = look.drawn;
  drawn.clear();
  pen.fillStyle = running;
  recording.eachRun(from, to, (at, took, item, outcome) => {
    seen += 1;
    const key = laneKey(item);
    const lane = look.lanes.of(key);
    const isEnd = outcome === 'finished' || outcome === 'panicked' || outcome === 'cancelled';
    if (isEnd) look.lanes.sawAt(key, at + took, true);
    const y = frame.y(lane);
    if (y < 0) return;
    const x = frame.x(at);
    const width = Math.max(took * frame.perNs, 1);
    if (isEnd) {
      pen.fillStyle = outcome === 'panicked' ? fault : done;
      pen.fillRect(x + width - 1, y + 2, Math.max(3, LANE_HEIGHT - 10), LANE_HEIGHT - 4);
      pen.fillStyle = running;
    } else if (width <= 1) {
      // Many in a pixel are one pixel.
      const pixel = x | 0;
      if (drawn.get(lane) === pixel) return;
      drawn.set(lane, pixel);
      pen.globalAlpha = strength(frame, look, key);
      pen.fillRect(pixel, y + 3, 1, height);
      pen.globalAlpha = 1;
      return;
    }
    pen.fillRect(x, y + 3, width, height);
  });
  return seen;
}
