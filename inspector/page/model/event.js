// Event: one thing that happened in a loop, in eight 32-bit words; what the bits of them mean.
//
// Twin of src/event.rs, executor/src/id.rs and src/phase.rs. The words are the little-endian
// halves of: at | subject with the phase | took, outcome, kind | by. Whatever does not fit is not
// an event; nothing here throws.

/** So many 32-bit words are one event, and so many bytes. */
export const WORDS = 8;
export const BYTES = 4 * WORDS;

/** What happened. 0 stands for an event that is lost or could not be read. */
export const WAITED = 1;
export const TURN = 2;
export const RAN = 3;
export const SERVED = 4;
export const WOKE = 5;
export const WOKE_AGAIN = 6;
export const BORN = 7;
export const PUBLISHED = 8;
export const FOUND = 9;
/** The program said something of itself: a mark, a counter, a span, a line of its log. */
export const NOTED = 10;

/** How many lints there are; see src/lint/kind.rs. */
const LINTS = 17;
const NOTES = 5;

/** The parts of a turn; the first is no phase. */
export const PHASES = [
  null, 'wait', 'io', 'timers', 'deferred', 'run', 'flush', 'render', 'finish',
];
export const WAIT = 1;
export const RUN = 5;

export const OUTCOMES = ['pending', 'finished', 'panicked', 'cancelled', 'called', 'stale'];

/** What kinds of item there are. */
export const KINDS = [
  'nothing', 'task', 'callback', 'deferred', 'microtask', 'wake', 'flush', 'observer',
];
export const TASK = 1;
export const DEFERRED = 3;

/** Of whom a `by` is that is no item. */
const BY_SOURCE = 8;
const BY_TIMER = 9;
const BY_PHASE = 10;
const BY_THREAD = 11;
const BY_HOST = 12;

/** The number of a place that nobody knows. */
export const UNKNOWN_PLACE = 0xffffffff;

/** All but the phase, in the upper word of an entry. */
export const ENTRY_MASK = 0xf0ffffff;

/** Times past this are none: 104 days. */
const AT_HIGH_END = 2 ** 21;

/** Whether these words are an event. */
export function isEvent(words, at) {
  const phase = (words[at + 3] >>> 24) & 0xf;
  if (phase < 1 || phase > 8 || words[at + 1] >= AT_HIGH_END) return false;
  switch (words[at + 5] >>> 24) {
    case WAITED: case TURN: case SERVED: case PUBLISHED:
      return true;
    case RAN:
      return ((words[at + 5] >>> 16) & 0xff) < OUTCOMES.length;
    case FOUND:
      return ((words[at + 5] >>> 16) & 0xff) < LINTS;
    case NOTED:
      return ((words[at + 5] >>> 16) & 0xff) < NOTES;
    case BORN:
      return words[at + 3] >>> 28 === TASK && isBy(words[at + 6], words[at + 7]);
    case WOKE: case WOKE_AGAIN:
      return isBy(words[at + 6], words[at + 7]);
    default:
      return false;
  }
}

function isBy(low, high) {
  const tag = high >>> 28;
  if (tag !== BY_PHASE) return tag <= BY_HOST;
  return (low & 0xff) >= 1 && (low & 0xff) <= 8;
}

/** Whether a kind of event is a wake. */
export function isWake(kind) {
  return kind === WOKE || kind === WOKE_AGAIN || kind === BORN;
}

/**
 * What an entry of the ready queue names.
 * @returns {{kind: string, index: number, generation: number, key: string}}
 */
export function itemOf(low, high) {
  const kind = KINDS[high >>> 28] ?? 'nothing';
  const [index, generation] = [high & 0xffffff, low >>> 0];
  return { kind, index, generation, key: keyOf(kind, index, generation) };
}

/** The item that is nobody. */
export const NOTHING = Object.freeze(itemOf(0, 0));

function keyOf(kind, index, generation) {
  switch (kind) {
    case 'task': return `#${index}.${generation}`;
    case 'callback': return `callback #${index}.${generation}`;
    case 'deferred': return generation === UNKNOWN_PLACE ? 'call' : `call ${generation}`;
    case 'nothing': return '';
    default: return kind;
  }
}

/** The task with this key, '#3.9'; null if it is no task's. */
export function taskOf(key) {
  const parts = /^#(\d{1,8})\.(\d{1,10})$/.exec(key ?? '');
  if (!parts) return null;
  return itemOf(Number(parts[2]), ((TASK << 28) | (Number(parts[1]) & 0xffffff)) >>> 0);
}

/** The two words of an item; of one of a kind that no event has those of an item unknown. */
export function wordsOfItem({ kind, index, generation }) {
  const bits = KINDS.indexOf(kind);
  return bits < 0 ? [1, 0] : [generation, ((bits << 28) | index) >>> 0];
}

/** Whether two items are the same. */
export function isSame(one, other) {
  return one.kind === other.kind && one.index === other.index
    && one.generation === other.generation;
}

/**
 * Who woke somebody: `{ type, key }`, and what is known beside it.
 * `type` is 'item', 'source', 'timer', 'phase', 'thread' or 'host'.
 */
export function byOf(low, high) {
  switch (high >>> 28) {
    case BY_SOURCE:
      return {
        type: 'source', index: low >>> 0, generation: high & 0x0fffffff, key: `source ${low >>> 0}`,
      };
    case BY_TIMER: return { type: 'timer', place: low >>> 0, key: `timer ${low >>> 0}` };
    case BY_PHASE: return { type: 'phase', phase: PHASES[low & 0xff], key: '' };
    case BY_THREAD: return { type: 'thread', key: '' };
    case BY_HOST: return { type: 'host', key: '' };
    default: {
      const item = itemOf(low, high & ENTRY_MASK);
      return { type: 'item', item, key: item.key };
    }
  }
}

/** Whether two wakes have the same maker. */
export function isSameBy(one, other) {
  if (one.type !== other.type) return false;
  switch (one.type) {
    case 'item': return isSame(one.item, other.item);
    case 'source': return one.index === other.index && one.generation === other.generation;
    case 'timer': return one.place === other.place;
    case 'phase': return one.phase === other.phase;
    default: return true;
  }
}
