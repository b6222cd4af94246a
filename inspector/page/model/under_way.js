// What a loop has not come back from: no event tells of it yet, so it is laid over the last turn.
//
// Twin of what inspector/src/history.rs knows of it. A recording has it in `underWay`, as
// `{ item, phase, turn }`; the phase is a name or null.

import { NOTHING, isSame } from './event.js';

/** Whether it is more than to wait, or to be outside of turns. */
export function isAtSomething(now) {
  return !isSame(now.item, NOTHING) || (now.phase !== null && now.phase !== 'wait');
}

/** What is under way in the turn at this index, if it is the last. */
export function underWayIn(recording, index) {
  return index === recording.turnCount - 1 ? recording.underWay : null;
}

/**
 * When that began, null if the recording does not know: where the last event ended. Where its turn
 * is not recorded neither is what came before it.
 */
export function underWaySince(recording) {
  const turn = lastTurn(recording);
  if (!turn?.begun) return null;
  return Math.max(recording.endNs, turn.at_ns);
}

/** For how long it has been under way, null if that is not known. */
export function underWayNs(recording) {
  const since = underWaySince(recording);
  if (since === null || recording.nowNs <= since) return null;
  return recording.nowNs - since;
}

/**
 * The recorded run after which microtasks are under way: its step in the last turn, or null. They
 * are a part of their item. An item that runs twice in a row in one turn looks the same.
 */
export function underWayAfter(recording, turn = lastTurn(recording)) {
  const now = recording.underWay;
  if (!now || !turn || now.item.kind === 'deferred') return null;
  const isAfter = ({ work }) => work.type === 'after' && isSame(work.item, now.item);
  const step = turn.steps.findLast((told) => !isAfter(told));
  return step?.work.type === 'item' && isSame(step.work.item, now.item) ? step : null;
}

/** The step that holds the wakes of the item under way so far: the last one, if it is its own. */
export function underWayStep(recording, turn = lastTurn(recording)) {
  const now = recording.underWay;
  if (!now || !turn || underWayAfter(recording, turn)) return null;
  const last = turn.steps.at(-1);
  if (last?.work.type !== 'after' || last.phase !== now.phase) return null;
  return isSame(last.work.item, now.item) ? last : null;
}

/** The last turn, if something is under way in it. */
function lastTurn(recording) {
  return recording.underWay ? recording.turn(recording.turnCount - 1) : null;
}
