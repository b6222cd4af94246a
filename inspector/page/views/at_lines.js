// Who is at which line: the tasks of an instant, by the lines of one source file.
//
// Promises that each task stands at one line at most: where it waits, where it waited last if it
// runs or is in line, or where it was spawned.

import { placeOf } from './words.js';

/** So many states there are, those that are looked at first. */
const ORDER = ['running', 'ready', 'waiting'];

/**
 * @typedef {'spawned'|'asked'|'await'} How what a task or a call has to do with its line
 * @typedef {{line: number, state: string, how: How, key: string, name: string}} Mark
 * @returns {{marks: Map<number, Mark[]>, current: number|null, how: How, next: number|null,
 *   elsewhere: string|null}} by line; where the loop is, where that will wait next, and the file
 *   that it is in if not in this one
 */
export function atLines(store, scene, file) {
  const { names } = store;
  const isLive = store.isAlong && store.row?.tasks;
  const all = isLive ? ofRow(store.row) : ofMoment(scene.moment, names);
  const marks = new Map();
  for (const one of all.tasks) {
    const at = placeOf(one.place);
    if (!at || at.file !== file || !ORDER.includes(one.state)) continue;
    if (!marks.has(at.line)) marks.set(at.line, []);
    marks.get(at.line).push({ ...one, line: at.line, name: names?.short(one.key) ?? one.key });
  }
  for (const those of marks.values()) {
    those.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  }
  const current = placeOf(all.place);
  const next = placeOf(all.rest);
  const lineOf = (place) => (place?.file === file ? place.line : null);
  const elsewhere = current && current.file !== file ? current.file : null;
  return { marks, current: lineOf(current), how: all.how, next: lineOf(next), elsewhere };
}

/** Now, by the state of the loop. */
function ofRow(row) {
  const tasks = row.tasks.map((task) => ({
    key: task.id, state: task.state, place: task.awaits ?? task.born, how: howOf(!task.awaits),
  }));
  const { task, awaits, born } = row.now ?? {};
  const how = task ? howOf(!awaits) : 'asked';
  return { tasks, place: task ? awaits ?? born : born, how, rest: null };
}

/** At an instant of the recording. */
function ofMoment(moment, names) {
  if (!moment || !names) return { tasks: [], place: null, how: 'asked', rest: null };
  const tasks = [...moment.tasks].map(([key, { state, born, place }]) => (
    { key, state, place: names.place(place), how: howOf(place === born) }));
  const runs = moment.running?.kind === 'task' ? moment.tasks.get(moment.running.key) : null;
  return {
    tasks, place: names.place(moment.place), rest: names.place(moment.rest),
    how: runs ? howOf(runs.place === runs.born) : 'asked',
  };
}

function howOf(isBorn) {
  return isBorn ? 'spawned' : 'await';
}
