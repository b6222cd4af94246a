// What a loop has not come back from, in a sentence: the last one of the last turn.
//
// Twin of inspector/src/story/under_way.rs. It says for how long if that is known, and whom it woke
// so far.

import { shortTime } from '../short_time.js';
import { underWayAfter, underWayNs } from '../under_way.js';
import { effects, together } from './predicates.js';

/** What the loop has not come back from. */
export function tellUnderWay(teller) {
  const { recording, names, turn, underWay, its } = teller;
  const isAfter = underWayAfter(recording, turn) !== null;
  const item = names.underWay(underWay);
  teller.mention(underWay.item.key);
  const [who, has] = isAfter ? [`the microtasks after ${item}`, 'have'] : [item, 'has'];
  const ns = underWayNs(recording);
  const parts = [
    ns === null ? `${has} been running since turn ${underWay.turn}`
      : `${has} been running for ${shortTime(ns)}`,
    ...(its ? effects(teller, its.wakes, underWay.item) : []),
    `${has} not come back`,
  ];
  teller.say(`${who} ${together(parts)}`);
}
