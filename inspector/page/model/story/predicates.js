// What wakes did, as predicates of who made them: "woke task #3.9 `conn` and left a call".
//
// Twin of inspector/src/story/predicates.rs. Long lists are cut and counted. Who the subject is,
// and when it was, others say.

import { isSame } from '../event.js';

/** So many wakes of one step are told one by one. */
const WAKES_TOLD = 8;

/** What each wake did, as predicates. */
export function effects(teller, wakes, own) {
  const calls = wakes.filter(isCall).length;
  const others = wakes.filter((wake) => !isCall(wake));
  const parts = others.slice(0, WAKES_TOLD).map((wake) => effect(teller, wake, own));
  if (calls > 0) parts.unshift(`left ${calls === 1 ? 'a call' : `${calls} calls`}`);
  if (others.length > WAKES_TOLD) parts.push(`woke ${others.length - WAKES_TOLD} more`);
  return parts;
}

function effect(teller, wake, own) {
  const item = isSame(wake.item, own) ? 'itself' : teller.called(wake.item);
  if (wake.effect === 'born') {
    const place = teller.names.place(wake.place);
    return place === null ? `spawned ${item}` : `spawned ${item} at ${place}`;
  }
  if (wake.effect === 'queued') {
    return wake.item.kind === 'callback' ? `queued ${item}` : `woke ${item}`;
  }
  return `woke ${item}, which ${teller.hasEnded(wake.item) ? 'had ended' : 'was awake already'}`;
}

/** What wakes did, counted, as predicates of several. */
export function counted(wakes) {
  let [calls, spawned, woke, again] = [0, 0, 0, 0];
  for (const wake of wakes) {
    if (isCall(wake)) calls += 1;
    else if (wake.effect === 'born') spawned += 1;
    else if (wake.effect === 'queued') woke += 1;
    else again += 1;
  }
  const parts = [];
  if (calls > 0) parts.push(`left ${several(calls, 'call')}`);
  if (spawned > 0) parts.push(`spawned ${several(spawned, 'task')}`);
  if (woke > 0) parts.push(`woke ${several(woke, 'item')}`);
  if (again > 0) {
    parts.push(`woke ${several(again, 'item')} that were awake already or had ended`);
  }
  return parts;
}

function several(count, what) {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function isCall(wake) {
  return wake.item.kind === 'deferred';
}

/** "a", "a and b", "a, b, and c". */
export function together(parts) {
  if (parts.length === 0) return 'did nothing';
  if (parts.length <= 2) return parts.join(' and ');
  return `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1)}`;
}
