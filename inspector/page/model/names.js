// Names: what the ids of a recording are called, in words.
//
// Twin of inspector/src/names.rs. They come from states: the tasks and sources that live, and the
// tasks that ended last. Who is in none of them is called by its number alone. It remembers so many
// names and then forgets the oldest.

import { NOTHING, UNKNOWN_PLACE, isSame } from './event.js';

const NAMES_MAX = 100_000;
/** A recorded source has the low bits of its generation only. */
const SOURCE_GENERATION = 0x0fffffff;

/** A map that forgets what was set longest ago. */
class Known extends Map {
  learn(key, value) {
    this.delete(key);
    this.set(key, value);
    if (this.size > NAMES_MAX) this.delete(this.keys().next().value);
  }
}

export class Names {
  constructor() {
    this.tasks = new Known();
    this.sources = new Known();
    this.places = new Known();
    this.loop = '';
  }

  /** Adds those that a loop's state knows. Of a task that has two the later counts. */
  addState(row) {
    const { loop } = row;
    if (loop) this.loop = `loop ${loop.number} (${loop.thread})`;
    for (const task of [...(row.recorded?.ended ?? []), ...(row.tasks ?? [])]) {
      if (task.id) this.tasks.learn(task.id, task.name);
    }
    for (const source of row.sources ?? []) {
      const [index, generation] = source.id.split('#').map(Number);
      const called = source.descriptor === null || source.descriptor === undefined
        ? `${source.kind} ${index}` : `descriptor ${source.descriptor} (${source.name})`;
      this.sources.learn(`${index}#${generation % (SOURCE_GENERATION + 1)}`, called);
      this.sources.learn(`source ${index}`, called);
    }
  }

  /** Adds places, by their numbers. */
  addPlaces(places) {
    for (const [number, place] of Object.entries(places ?? {})) {
      this.places.learn(Number(number), place);
    }
  }

  /** A task: "task #3.9 `conn`". */
  task(key) {
    return `task ${this.short(key)}`;
  }

  /** The same without the word: "#3.9 `conn`". */
  short(key) {
    const name = this.tasks.get(key);
    return name === undefined ? key ?? '-' : `${key} \`${name}\``;
  }

  /** What an entry of the ready queue is called. */
  item(item) {
    switch (item.kind) {
      case 'task': return this.task(item.key);
      case 'callback': return item.key;
      case 'deferred': {
        const place = this.place(item.generation);
        return place === null ? 'a deferred call' : `a call deferred at ${place}`;
      }
      case 'microtask': return 'a microtask';
      case 'wake': return 'a waker';
      case 'flush': return 'a corked writer';
      case 'observer': return 'an observer';
      default: return item.text ?? 'an item';
    }
  }

  /** A place in the program's source, null if nobody knows it. */
  place(number) {
    if (number === UNKNOWN_PLACE) return null;
    return this.places.get(number) ?? null;
  }

  /** A timer, by where it is waited for. */
  timer(place) {
    const at = this.place(place);
    return at === null ? 'timer' : `timer of ${at}`;
  }

  /** A source, by its ids or by its key, 'source 4': "descriptor 9 (tcp 3 127.0.0.1:80)". */
  source(of) {
    if (typeof of === 'string') return this.sources.get(of) ?? `${of} (gone)`;
    const generation = of.generation % (SOURCE_GENERATION + 1);
    return this.sources.get(`${of.index}#${generation}`) ?? `source ${of.index} (gone)`;
  }

  /** Who woke somebody. */
  by(by) {
    switch (by.type) {
      case 'item': return this.item(by.item);
      case 'source': return this.source(by);
      case 'timer': return this.timer(by.place);
      case 'phase': return `phase ${by.phase}`;
      case 'thread': return 'another thread';
      case 'host': return 'the host';
      default: return 'somebody';
    }
  }

  /** What runs: an item, or the phase itself. */
  underWay({ item, phase }) {
    const isPhase = isSame(item, NOTHING) && phase !== null;
    return isPhase ? `phase ${phase}` : this.item(item);
  }

  /** The loop: "loop 1 (main)". */
  ofLoop() {
    return this.loop || 'loop';
  }

  /** Whom a wake's maker is, as a key: '#3.9', 'source 4', 'timer src/x.rs:12'; '' for nobody. */
  keyOf(by) {
    if (by.type !== 'timer') return by.key;
    const place = this.place(by.place);
    return place === null ? '' : `timer ${place}`;
  }
}
