// A group: wakes of one step that have one reason, and are told in one sentence.
//
// Twin of inspector/src/story/group.rs. Timers of one place that are due together are one reason,
// be there a hundred of them; and so are those that are late together. Of many reasons of one
// step the last ones are counted.

import { isSameBy } from '../event.js';
import { shortTime } from '../short_time.js';

/** A timer is called late from here on. */
const LATE_NS = 1_000_000;

/** So many groups of one step are told one by one. */
export const GROUPS_TOLD = 6;

/** The first wakes with one reason. Whether a timer was late makes another one. */
export function firstGroup(wakes) {
  return wakes.slice(0, groupEnd(wakes, 0));
}

/** Where the group ends that begins there. */
function groupEnd(wakes, begin) {
  const isLate = (wake) => wake.late_ns >= LATE_NS;
  const first = wakes[begin];
  const isLike = (wake) => isSameBy(wake.by, first.by) && isLate(wake) === isLate(first);
  let end = begin;
  while (end < wakes.length && isLike(wakes[end])) end += 1;
  return end;
}

/** "due", "2.500 ms late" or "1.500 ms to 2.500 ms late", of a group of timers. */
export function timersDue(group) {
  let [least, most] = [Infinity, 0];
  for (const { late_ns } of group) {
    least = Math.min(least, late_ns);
    most = Math.max(most, late_ns);
  }
  if (most < LATE_NS) return 'due';
  const [from, to] = [shortTime(least), shortTime(most)];
  return from === to ? `${to} late` : `${from} to ${to} late`;
}

/** The reasons of these wakes, counted. */
export function more(wakes) {
  let groups = 0;
  for (let at = 0; at < wakes.length; groups += 1) at = groupEnd(wakes, at);
  const areAll = (type) => wakes.every(({ by }) => by.type === type);
  if (areAll('source')) return `${groups} more sources became ready`;
  if (areAll('timer')) return `${wakes.length} more timers were due`;
  return `${groups} more reasons came`;
}

/** Whether a group is of several timers, each of which woke one. */
export function areTimers(group) {
  return group.length > 1 && group[0].by.type === 'timer';
}
