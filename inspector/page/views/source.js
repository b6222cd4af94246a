// Source: what is asked for beside the pushes: lines of the source, and the whole of a task.
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

  /** The lines around a place, or null if they are not known (yet). */
  of(place) {
    return place ? this.known(place, `place=${encodeURIComponent(place)}`) : null;
  }

  /** What is known under a name, or is asked for by this query. */
  known(name, query) {
    const known = this.kept.get(name);
    if (known !== undefined) return known || null;
    if (!this.ask) return null;
    if (this.kept.size >= KEPT_MAX) this.kept.delete(this.kept.keys().next().value);
    this.kept.set(name, null);
    this.ask(`/source?${query}`)
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((found) => {
        this.kept.set(name, found?.lines?.length > 0 ? found : false);
        this.store.note('select');
      })
      .catch(() => {});
    return null;
  }

  /** All lines of a file, by a place in it; null if they are not known (yet). */
  whole(file, place) {
    return this.known(`whole ${file}`, `place=${encodeURIComponent(place)}&whole=1`);
  }

  /** Whether it is known that a file can't be read. */
  isMissing(file) {
    return file === null || this.kept.get(`whole ${file}`) === false
      || (!this.ask && !this.kept.has(`whole ${file}`));
  }

  clear() {
    this.kept.clear();
  }
}

/** From one time that it is asked for to the next. */
const WHOLE_EVERY_MS = 2000;

/** The whole of a task's row, of which pushes bring a part. */
export class Whole {
  constructor(store, sources) {
    Object.assign(this, { store, sources });
    this.id = null;
    this.times = null;
    this.askedMs = -Infinity;
  }

  /** The times of a task, or null if they are not known yet. */
  of(id) {
    const isDue = performance.now() - this.askedMs > WHOLE_EVERY_MS;
    if (this.sources.ask && (isDue || id !== this.id)) this.askFor(id);
    return id === this.id ? this.times : null;
  }

  async askFor(id) {
    if (id !== this.id) this.times = null;
    this.id = id;
    this.askedMs = performance.now();
    const number = this.store.loop?.number;
    const query = `loop=${number}&task=${encodeURIComponent(id)}`;
    const answer = await this.sources.ask(`/state?${query}`).catch(() => null);
    if (!answer?.ok) return;
    const found = (await answer.json()).loops?.[0]?.tasks?.find((task) => task.id === id);
    if (found && id === this.id) this.times = found.times;
    this.store.note('row');
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
