// Model: the one door from the views to the model, with what it has learned kept.
//
// Promises that a turn's story is told once while nothing of it has changed.

import { NOTHING, PHASES as NUMBERED, taskOf, tellTurn } from '../model/index.js';

export {
  Moments, Names, Recording, nextStop, readFile, stopAt, stopsOf, tellMissing, underWaySince,
  whyRan, whyWaited, whyWaits, writeFile,
} from '../model/index.js';

/** The phases of a turn, in order. Their numbers begin at 1. */
export const PHASES = NUMBERED.slice(1);

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
    const isUnderWay = recording.underWay !== null && i === recording.turnCount - 1;
    const known = isUnderWay ? undefined : kept.get(key);
    if (known) return known;
    const story = tellTurn(recording, names, i);
    if (!isUnderWay) kept.set(key, story);
    if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value);
    return story;
  }
}

/** What a loop that does not answer is at, by its row: what `Recording.setNow` takes. */
export function nowOf(row, nowNs) {
  const now = row?.now;
  if (!now?.phase || now.phase === 'wait') return {};
  const other = { kind: 'other', index: 0, generation: 0, key: '', text: now.item };
  const item = taskOf(now.task) ?? (now.item ? other : NOTHING);
  return { underWay: { item, phase: now.phase, turn: now.turn }, nowNs: Math.round(nowNs) };
}

/** The name of a task alone, '' if nobody knows it. */
export function taskName(names, key) {
  return names?.tasks.get(key) ?? '';
}
