// Source: what is asked for beside the pushes: lines of the source, and the whole of a task.
//
// Promises at most one request for a place, and to say nothing where the source can't be read.

import { about, el } from './dom.js';
import { placeOf } from './words.js';

/** So many files are kept of a program that ends. */
const FILES_MAX = 40;
/** So many places are kept. */
const KEPT_MAX = 200;

export class Sources {
  constructor(store) {
    this.store = store;
    this.kept = new Map();
    /** What is asked for and not there yet. */
    this.asked = new Map();
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
    const { kept } = this;
    kept.set(name, null);
    const asked = this.ask(`/source?${query}`)
      .then((answer) => answer.json())
      .then((found) => {
        kept.set(name, found.lines?.length > 0 ? found : false);
        this.store.note('select');
      })
      // It may be asked for again.
      .catch(() => kept.delete(name))
      .finally(() => this.asked.delete(name));
    this.asked.set(name, asked);
    return null;
  }

  /** All lines of a file, by a place in it; null if they are not known (yet). */
  whole(file, place) {
    return this.known(`whole ${file}`, `place=${encodeURIComponent(place)}&whole=1`);
  }

  /** Asks for all files that the program has named, and waits until they are there. */
  async keep(places) {
    for (const [file, place] of [...places].slice(0, FILES_MAX)) this.whole(file, place);
    await Promise.all(this.asked.values());
  }

  /** Whether it is known that a file can't be read. */
  isMissing(file) {
    return file === null || this.kept.get(`whole ${file}`) === false
      || (!this.ask && !this.kept.has(`whole ${file}`));
  }

  /** What was asked of another program is no longer waited for. */
  clear() {
    this.kept = new Map();
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

/** A place, with its lines where they are known; without `sources` none are wanted. */
export function placeWithSource(sources, label, place) {
  if (!place) return null;
  const name = about(el('code', { class: 'place', title: place }, place), `place ${place}`);
  const node = el('div', { class: 'source' }, el('span', { class: 'label' }, label), ' ', name);
  const found = sources?.of(place);
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

/** A place in each source file that the program has named, by file; that of its loop is first. */
export function placesOf({ names, row, loop }) {
  const all = [loop?.made, ...(names?.places.values() ?? [])];
  for (const task of row?.tasks ?? []) all.push(task.born, task.awaits);
  const places = new Map();
  for (const place of all) {
    const file = placeOf(place)?.file;
    // What is told by its whole path was built elsewhere.
    if (file && !/^([/\\]|\w:)/.test(file) && !places.has(file)) places.set(file, place);
  }
  return places;
}
