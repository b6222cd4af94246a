// What the tests of the model share: recordings of hand-made events, and what is read from them.

import { Names, Recording, itemOf, tellTurn } from '../../../inspector/page/model/index.js';
import { encode } from './encode.mjs';

/** A recording of these events. */
export function recorded(events, { first = 0, lost = 0, torn = 0, turnNow = 1, eventsMax } = {}) {
  const recording = new Recording({ eventsMax });
  recording.append({ first, lost, torn, turnNow, bytes: encode(events) });
  return recording;
}

export function turnsOf(recording) {
  return Array.from({ length: recording.turnCount }, (_, index) => recording.turn(index));
}

/** The sentences of a turn, by default the first. */
export function told(recording, index = 0, names = new Names()) {
  return tellTurn(recording, names, index).sentences.map(({ text }) => text);
}

/** An encoder's entry as the model has it. */
export function item(entry) {
  return itemOf(Number(entry & 0xffffffffn), Number(entry >> 32n));
}

/** The numbers of the wakes that led to the runs, in order; -1 where none is known. */
export function causes(recording) {
  const numbers = [];
  for (let at = recording.first; at < recording.next; at += 1) {
    if (recording.events.kind(at) === 3) numbers.push(recording.arrows.causeOf(at));
  }
  return numbers;
}
