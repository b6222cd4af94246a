// Model: the one door from the views to the model, with what it has learned kept.
//
// Promises that a turn's story is told once while nothing of it has changed.

import { tellTurn } from '../model/story.js';

export { whyRan } from '../model/cause.js';
export { readFile, writeFile } from '../model/file.js';
export { Moments } from '../model/moment.js';
export { Names } from '../model/names.js';
export { Recording } from '../model/recording.js';
export { whyWaits } from '../model/wait_chain.js';

/** So many stories are kept. */
const KEPT_MAX = 64;

/** Tells turns, and keeps the last ones. */
export class Stories {
  constructor(recording, names) {
    this.recording = recording;
    this.names = names;
    this.kept = new Map();
  }

  /** The story of the turn at this index. */
  tell(i) {
    const { recording, names, kept } = this;
    // What is said depends on the turn's events and on the names that are known.
    const [from, to] = recording.span(i);
    const key = `${from} ${to} ${names.tasks.size}`;
    const known = kept.get(key);
    if (known) return known;
    const story = tellTurn(recording, names, i);
    kept.set(key, story);
    if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value);
    return story;
  }
}

/** The name of a task alone, '' if nobody knows it. */
export function taskName(names, key) {
  return names?.tasks.get(key) ?? '';
}
