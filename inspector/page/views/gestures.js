// Gestures: what the pointer does on the timeline: hover, click, drag, wheel.
//
// They promise that a click on an arrow goes to its cause, that a click on a lane selects its task
// and goes to that instant, and that every gesture has a key as well.

import { setText, show } from './dom.js';
import { keyOfBy } from './keys_of.js';
import { count, shown, time } from './words.js';

/** Pixels that a drag may shake and still be a click. */
const CLICK_MAX = 4;

export function listen(timeline) {
  const { canvas } = timeline;
  let grabbed = null;
  canvas.addEventListener('pointerdown', (event) => {
    if (!timeline.frame || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    const { from, to } = timeline.store.view();
    grabbed = { x: event.offsetX, y: event.offsetY, from, to, scroll: timeline.scroll };
  });
  canvas.addEventListener('pointermove', (event) => {
    if (grabbed) drag(timeline, grabbed, event);
    else hover(timeline, event);
  });
  canvas.addEventListener('pointerup', (event) => {
    if (grabbed && !grabbed.isDrag) click(timeline, event);
    grabbed = null;
  });
  canvas.addEventListener('pointerleave', () => {
    show(timeline.tip, false);
    timeline.store.hover([]);
  });
  canvas.addEventListener('wheel', (event) => wheel(timeline, event), { passive: false });
}

function drag(timeline, grabbed, event) {
  const dx = event.offsetX - grabbed.x;
  const dy = event.offsetY - grabbed.y;
  if (!grabbed.isDrag && Math.hypot(dx, dy) < CLICK_MAX) return;
  grabbed.isDrag = true;
  show(timeline.tip, false);
  const ns = (grabbed.to - grabbed.from) * (dx / timeline.frame.width);
  timeline.scrollTo(grabbed.scroll - dy);
  timeline.store.look(grabbed.from - ns, grabbed.to - ns);
}

function hover(timeline, event) {
  const found = timeline.at(event.offsetX, event.offsetY);
  const { store, tip } = timeline;
  const keys = keysOf(found, store);
  store.hover(keys);
  const text = found ? describe(found, timeline) : '';
  show(tip, text !== '');
  if (!text) return;
  setText(tip, shown(text));
  const right = event.offsetX > timeline.width - 330;
  tip.style.left = right ? 'auto' : `${event.offsetX + 14}px`;
  tip.style.right = right ? `${timeline.width - event.offsetX + 10}px` : 'auto';
  const low = event.offsetY > timeline.height - 60;
  tip.style.top = `${event.offsetY + (low ? -44 : 14)}px`;
}

function keysOf(found, store) {
  if (!found) return [];
  if (found.kind === 'arrow') {
    return [found.arrow.key, keyOfBy(found.arrow.by, store.names)].filter(Boolean);
  }
  return found.key ? [found.key] : [];
}

function describe(found, { store }) {
  const { names } = store;
  switch (found.kind) {
    case 'arrow': {
      const { arrow } = found;
      const stood = arrow.run_at_ns === null || arrow.run_at_ns === undefined
        ? 'it has not run since' : `it ran ${time(arrow.run_at_ns - arrow.at_ns)} later`;
      return `${names.by(arrow.by)} woke ${names.item(arrow.item)}; ${stood}. `
        + 'Click: go to the cause.';
    }
    case 'run': {
      const { run } = found;
      return `${names.item(run.item)} ran ${time(run.took)} (${run.outcome})`;
    }
    case 'turn': {
      const turn = store.recording.turn(found.index);
      const wait = turn.wait ? `slept ${time(turn.wait.took_ns)}, then ` : '';
      return `turn ${count(turn.number)}: ${wait}busy for ${time(turn.took_ns)}`;
    }
    case 'lane':
      return found.key.startsWith('#')
        ? `${names.task?.(found.key) ?? found.key}: waits here, at no cost` : found.key;
    default: return '';
  }
}

function click(timeline, event) {
  const { store } = timeline;
  const found = timeline.at(event.offsetX, event.offsetY);
  if (!found) return;
  if (found.kind === 'arrow') {
    toCause(store, found.arrow);
    return;
  }
  if (found.key) store.select(found.key);
  if (found.ns !== null) store.goTo(found.kind === 'run' ? found.run.at : found.ns);
}

/** Goes to who woke somebody. */
export function toCause(store, wake) {
  const key = keyOfBy(wake.by, store.names);
  if (key) store.select(key);
  store.goTo(wake.at_ns);
}

function wheel(timeline, event) {
  event.preventDefault();
  const { store, frame } = timeline;
  if (!frame) return;
  const isNames = event.offsetX < timeline.namesWidth;
  if (isNames) {
    timeline.scrollTo(timeline.scroll + event.deltaY);
    return;
  }
  const sideways = event.shiftKey ? event.deltaY : event.deltaX;
  const { from, to } = store.view();
  if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
    const ns = (sideways / frame.width) * (to - from);
    store.look(from + ns, to + ns);
    return;
  }
  const at = from + (event.offsetX - timeline.namesWidth) / frame.perNs;
  zoom(store, Math.exp(event.deltaY * 0.0022), at);
}

/** Makes the span wider or narrower around an instant. */
export function zoom(store, factor, at = null) {
  const { from, to } = store.view();
  if (store.isFollowing && at === null) {
    store.spanWidth = Math.min(Math.max(store.spanWidth * factor, 1e3), 120e9);
    store.note('span');
    return;
  }
  const middle = at ?? (store.ns >= from && store.ns <= to ? store.ns : (from + to) / 2);
  store.look(middle - (middle - from) * factor, middle + (to - middle) * factor);
}
