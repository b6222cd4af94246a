// Source: lines of the program's source around a place, asked for once.
//
// Promises at most one request for a place, and to say nothing where the source can't be read.

import { about, el } from './dom.js';

/** So many places are kept. */
const KEPT_MAX = 200;

export class Sources {
  constructor(store) {
    this.store = store;
    this.kept = new Map();
    /** Set by the feed: how to ask. */
    this.ask = null;
  }

  /** The lines, or null if they are not known (yet). */
  of(place) {
    if (!place || !this.ask) return null;
    const known = this.kept.get(place);
    if (known !== undefined) return known;
    if (this.kept.size >= KEPT_MAX) this.kept.delete(this.kept.keys().next().value);
    this.kept.set(place, null);
    this.ask(`/source?place=${encodeURIComponent(place)}`)
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((found) => {
        if (!found?.lines) return;
        this.kept.set(place, found);
        this.store.note('select');
      })
      .catch(() => {});
    return null;
  }

  clear() {
    this.kept.clear();
  }
}

/** A place, with its lines where they are known. */
export function placeWithSource(sources, label, place) {
  if (!place) return null;
  const name = about(el('code', { class: 'place', title: place }, place), `place ${place}`);
  const node = el('div', { class: 'source' }, el('span', { class: 'label' }, label), ' ', name);
  const found = sources.of(place);
  if (found) {
    const lines = found.lines.map(([number, text]) => {
      const isIt = number === found.line;
      return el('span', { class: isIt ? 'code-line is-it' : 'code-line' },
        el('i', {}, String(number)), text, '\n');
    });
    node.append(el('pre', {}, ...lines));
  }
  return node;
}
