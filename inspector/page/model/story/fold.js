// A fold: runs of one turn that are alike, of which a few are told and the others counted.
//
// Twin of inspector/src/story/fold.rs. Each run is told or counted once, the longest are told by
// name, and what panicked is never folded. Those that woke somebody are told before those that did
// not.

import { NOTHING, isSame } from '../event.js';
import { shortTime } from '../short_time.js';
import { counted, together } from './predicates.js';

/** So many alike are told one by one, and no more are left out than these are worth. */
const ALIKE_MAX = 6;
/** Where there are more, so many are told by name. */
const TOLD = 4;
/** And of these so many because they took longest. */
const LONGEST = 2;

const PLURALS = {
  task: 'tasks',
  callback: 'callbacks',
  deferred: 'deferred calls',
  microtask: 'microtasks',
  wake: 'wakers',
  flush: 'corked writers',
  observer: 'observers',
  nothing: 'items',
};

/** What makes two steps alike; null if it is nobody's like. */
function likeOf({ phase, work }) {
  if (work.type === 'after') return 'after';
  if (work.type !== 'item' || work.outcome === 'panicked') return null;
  return `${work.item.kind} ${work.outcome} ${phase}`;
}

/**
 * How each step of a turn is told: 'alone', 'later', or together with these that came before it,
 * by their places; its own is the last. `its`, which is under way, is nobody's like.
 */
export function plan(steps, its) {
  const allAlike = new Map();
  steps.forEach((step, at) => {
    const like = step === its ? null : likeOf(step);
    if (like === null) return;
    if (!allAlike.has(like)) allAlike.set(like, []);
    allAlike.get(like).push(at);
  });
  const telling = steps.map(() => 'alone');
  for (const places of allAlike.values()) {
    if (places.length <= ALIKE_MAX) continue;
    const byName = toldByName(steps, places);
    const rest = places.filter((at) => !byName.includes(at));
    for (const at of rest) telling[at] = 'later';
    telling[rest.at(-1)] = rest;
  }
  return telling;
}

/** Which of these are told by name. */
function toldByName(steps, places) {
  const longest = [...places].sort((one, other) => steps[other].took_ns - steps[one].took_ns);
  const woke = places.filter((at) => steps[at].wakes.length > 0);
  const told = longest.slice(0, LONGEST);
  for (const at of [...woke, ...longest]) {
    if (told.length >= TOLD) break;
    if (!told.includes(at)) told.push(at);
  }
  return told;
}

/** Steps that are alike, in one sentence. */
export function tellFold(teller, steps) {
  const [{ phase, work }] = steps;
  const count = steps.length;
  const isByItself = (step) => step.wakes.length === 1
    && isSame(step.wakes[0].item, step.work.item ?? NOTHING);
  const effects = steps.every(isByItself)
    ? ['woke themselves'] : counted(steps.flatMap((step) => step.wakes));
  if (work.type !== 'item') {
    teller.say(`the microtasks after ${count} more items ${together(effects)}`);
    return;
  }
  const who = `${count} more ${PLURALS[work.item.kind]}`;
  const took = work.outcome === 'stale' ? '' : timeOf(teller, steps);
  const parts = [ran(who, work.outcome, phase, took), ...effects];
  if (work.outcome === 'pending') parts.push(waitOf(steps));
  if (work.outcome === 'finished') parts.push('finished');
  teller.say(together(parts));
}

function waitOf(steps) {
  const ready = steps.filter(isReadyAgain).length;
  if (ready === 0) return 'wait (Pending)';
  return ready === steps.length ? 'are ready again (Pending)'
    : `wait (Pending), ${ready} of them ready again`;
}

/** Whether an item woke itself while it ran: it waits for nothing. */
export function isReadyAgain({ work, wakes }) {
  return work.type === 'item' && wakes.some((wake) => isSame(wake.item, work.item));
}

function ran(who, outcome, phase, took) {
  if (outcome === 'stale') return `${who} were in the ready queue and had ended`;
  if (outcome === 'cancelled') return `${who} were aborted, which took ${took}`;
  return phase === 'run' ? `${who} ran ${took}` : `${who} ran ${took} in phase ${phase}`;
}

/** How long they took in all, and which took longest. */
function timeOf(teller, steps) {
  let [all, longest] = [0, steps[0]];
  for (const step of steps) {
    all += step.took_ns;
    // The first of those that took the same.
    if (step.took_ns > longest.took_ns) longest = step;
  }
  if (longest.took_ns === 0) return `${shortTime(all)} in all`;
  const { item } = longest.work;
  const isKnown = ['task', 'callback', 'deferred'].includes(item.kind);
  const who = isKnown ? `: ${teller.called(item)}` : '';
  return `${shortTime(all)} in all (the longest ${shortTime(longest.took_ns)}${who})`;
}
