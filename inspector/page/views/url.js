// URL: the view in the address, so that a moment can be shared; and the token out of it.
//
// Promises that the token stands in the address for an instant only, and that no view changes it
// more than once in some time.

import { stopAt } from './model.js';
import { GRAINS, SORTS } from './store.js';

const EVERY_MS = 700;
const TOKEN = /^[0-9a-f]{64}$/;
const KEPT = 'glassloop.token';

/** Takes the token out of the address; gives it, or the one of this tab. */
export function takeToken() {
  const hash = location.hash.slice(1);
  const [first, ...rest] = hash.split('&');
  if (TOKEN.test(first)) {
    sessionStorage.setItem(KEPT, first);
    history.replaceState(null, '', `${location.pathname}#${rest.join('&')}`);
    return first;
  }
  return sessionStorage.getItem(KEPT);
}

/** The view that the address holds. */
export function readView() {
  const view = new URLSearchParams(location.hash.slice(1));
  const number = (name) => {
    const text = view.get(name) ?? '';
    return /^\d{1,16}$/.test(text) ? Number(text) : null;
  };
  return {
    loop: number('loop'), at: number('at'), event: number('event'), from: number('from'),
    to: number('to'), selected: view.get('sel'), filter: view.get('filter') ?? '',
    sort: view.get('sort'), grain: view.get('step'), isReading: view.get('read') === '1',
  };
}

/** Applies it, once there is something to look at. Times are in ns since the recording began. */
export function applyView(store, view) {
  if (view.filter) store.filter = view.filter;
  if (SORTS[view.sort]) store.sort = view.sort;
  if (GRAINS.includes(view.grain)) store.grain = view.grain;
  if (view.isReading) store.isReading = true;
  if (view.selected) store.select(view.selected);
  if (view.at !== null) store.seek(view.at, stopAt(store.recording, view.event));
  const { from, to } = view;
  const isInside = from !== null && to !== null && from < store.endNs && to > store.beginNs;
  if (isInside && to > from) store.look(from, to);
  store.note('filter');
}

export class Address {
  topics = ['time', 'span', 'select', 'filter', 'mode'];

  constructor(store) {
    this.store = store;
    this.wroteMs = -Infinity;
  }

  draw() {
    const nowMs = performance.now();
    if (nowMs - this.wroteMs < EVERY_MS) return true;
    this.wroteMs = nowMs;
    const { store } = this;
    if (store.source === 'none') return false;
    const view = new URLSearchParams();
    if (store.loop && store.loops.length > 1) view.set('loop', store.loop.number);
    if (!store.isFollowing) {
      view.set('at', Math.round(store.ns));
      if (store.stop) view.set('event', store.stop.number);
      const { from, to } = store.view();
      view.set('from', Math.round(from));
      view.set('to', Math.round(to));
    }
    if (store.selected) view.set('sel', store.selected);
    if (store.filter) view.set('filter', store.filter);
    if (store.sort !== 'tree') view.set('sort', store.sort);
    if (store.grain !== 'poll') view.set('step', store.grain);
    if (store.isReading) view.set('read', '1');
    const hash = view.size > 0 ? `#${view}` : '';
    if (location.hash !== hash) {
      history.replaceState(null, '', `${location.pathname}${location.search}${hash}`);
    }
    return false;
  }
}
