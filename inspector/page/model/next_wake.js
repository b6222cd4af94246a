// NextWake: why a task did not run at an instant of the past, by what came after it.
//
// What a task waits for is in no event, but what woke it next is: that it waited for. It promises
// to claim no more: of a task that nothing woke up to the end it says so, and no reason.

import { BORN, RAN, WOKE, taskOf, wordsOfItem } from './event.js';
import { ENDS } from './ended.js';
import { shortTime } from './short_time.js';
import { stopAt } from './stops.js';

/**
 * Of a task at a moment: a sentence, whom it mentions, and the number of the event that goes on
 * with it: the wake, or the run where it stands in line. Null where none is known.
 * @returns {{text: string, keys: string[], next: number|null}|null} null if it is no task
 */
export function whyWaited(recording, names, moment, taskKey) {
  const task = taskOf(taskKey);
  if (task === null) return null;
  const state = moment.tasks.get(taskKey)?.state;
  if (state === 'running') return { text: 'It is running', keys: [], next: null };
  if (state === 'done') return { text: 'It has ended', keys: [], next: null };
  const asked = { recording, names, moment, words: wordsOfItem(task) };
  return state === 'ready' ? inLine(asked) : asleep(asked);
}

/** Who has been woken stands in line until its run. */
function inLine({ recording, names, moment, words }) {
  const { events, arrows } = recording;
  let wake = -1;
  // Of two wakes the first counts.
  for (let at = moment.next - 1; at >= events.first && !isRun(events, at, words); at -= 1) {
    if (isWakeOf(events, at, words)) wake = at;
  }
  if (wake < 0) return { text: 'It stands in line', keys: [], next: null };
  const by = events.by(wake);
  const run = arrows.runOf(wake);
  const ago = shortTime(moment.ns - events.at(wake));
  const goesOn = run < 0 ? 'it has not run since' : `it runs ${later(recording, moment, run)}`;
  return {
    text: `It stands in line: ${names.by(by)} woke it ${ago} before; ${goesOn}`,
    keys: [names.keyOf(by)].filter(Boolean), next: run < 0 ? null : run,
  };
}

/** Who waits does so until it is woken. */
function asleep({ recording, names, moment, words }) {
  const { events } = recording;
  let wake = moment.next;
  while (wake < events.next && !isWakeOf(events, wake, words)) wake += 1;
  if (wake >= events.next) {
    const left = shortTime(Math.max(0, recording.endNs - moment.ns));
    const text = `Nothing wakes it up to the recording's end, ${left} later`;
    return { text, keys: [], next: null };
  }
  const by = events.by(wake);
  const keys = [names.keyOf(by)].filter(Boolean);
  const when = later(recording, moment, wake);
  const text = events.kind(wake) === BORN
    ? `It is not there yet: ${names.by(by)} spawns it ${when}`
    : `It waits ${untilWoken(recording, names, wake, by)}: that wakes it ${when}`;
  return { text, keys, next: wake };
}

function untilWoken(recording, names, wake, by) {
  switch (by.type) {
    case 'source': return `for ${names.source(by)} to become ready`;
    case 'timer': return `until the ${names.timer(by.place)} is due`;
    case 'item': return `for ${names.item(by.item)}${endsIn(recording, wake) ? ' to end' : ''}`;
    default: return `for ${names.by(by)}`;
  }
}

/** Whether the run that made a wake was its task's last. */
function endsIn(recording, wake) {
  const { events } = recording;
  const own = stopAt(recording, wake)?.own ?? wake;
  return events.kind(own) === RAN && ENDS[events.outcomeNumber(own)];
}

function later(recording, moment, number) {
  const ns = shortTime(Math.max(0, recording.events.at(number) - moment.ns));
  return `${ns} later, in turn ${recording.numberOf(recording.turnIndexOf(number))}`;
}

function isWakeOf(events, at, [low, high]) {
  const kind = events.kind(at);
  return (kind === WOKE || kind === BORN) && events.low(at) === low && events.high(at) === high;
}

function isRun(events, at, [low, high]) {
  return events.kind(at) === RAN && events.low(at) === low && events.high(at) === high;
}
