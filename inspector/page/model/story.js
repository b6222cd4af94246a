// Story: what a loop did in a turn, in sentences.
//
// Twin of inspector/src/story.rs: the same texts, sentence by sentence. Each event of a turn is
// told or counted once, in its order, in the words of the house, and then what is under way. Long
// lists are cut and say how much was left out; many that ran alike in one turn are told in one
// sentence, behind the last of them. A wake that changed nothing is told as such.

import { NOTHING, WAITED, isSame } from './event.js';
import { isEnd } from './ended.js';
import { shortTime } from './short_time.js';
import { isReadyAgain, plan, tellFold } from './story/fold.js';
import { GROUPS_TOLD, areTimers, firstGroup, more, timersDue } from './story/group.js';
import { counted, effects, together } from './story/predicates.js';
import { tellUnderWay } from './story/under_way.js';
import { underWayIn, underWaySince, underWayStep } from './under_way.js';

/**
 * The turn at this index in sentences, each with the keys of whom it mentions.
 * @returns {{turn: number, at_ns: number,
 *   sentences: {text: string, keys: string[], at_ns: number, number: number}[]}} a sentence has
 *   the instant at which what it tells of began, and the number of its event; -1 where there is
 *   none yet
 */
export function tellTurn(recording, names, index) {
  const turn = recording.turn(index);
  const sentences = new Teller(recording, names, turn).tell();
  return { turn: turn.number, at_ns: turn.at_ns, sentences };
}

/** What is missing before the first turn, in a sentence; null if nothing is. */
export function tellMissing(recording) {
  if (!recording.isCut) return null;
  const { first, torn } = recording;
  return `${first} events came before these; ${torn} of the last ones could not be read.`;
}

/** Who tells, what was said, and whom the sentence that is being made mentions. */
export class Teller {
  constructor(recording, names, turn) {
    this.recording = recording;
    this.names = names;
    this.turn = turn;
    [this.start] = recording.span(turn.index);
    this.underWay = underWayIn(recording, turn.index);
    /** The step of what is under way. */
    this.its = this.underWay ? underWayStep(recording, turn) : null;
    /** Tasks that were seen to end in this turn. */
    this.ended = new Set();
    this.told = [];
    /** When what is told now began, and the number of its event. */
    this.at_ns = turn.at_ns;
    this.number = this.start;
    this.mentioned = new Set();
  }

  tell() {
    const { turn, its } = this;
    for (const step of turn.steps) {
      if (step.work.type === 'host') {
        this.tells(step);
        this.say(`before it, the host ${together(effects(this, step.wakes, NOTHING))}`);
      }
    }
    const others = turn.steps.filter((step) => step.work.type !== 'host');
    this.wait(others[0]);
    // The reasons of the first wait were told with it.
    const first = others.length > 0 && wokeUp(turn, others[0]) ? others[0] : null;
    const telling = plan(turn.steps, its);
    turn.steps.forEach((step, at) => {
      if (step.work.type === 'host' || step === its) return;
      this.tells(step);
      if (telling[at] === 'alone') this.step(step, step === first);
      else if (telling[at] !== 'later') tellFold(this, telling[at].map((of) => turn.steps[of]));
      this.noteEnd(step);
    });
    this.end(others);
    return this.told;
  }

  /** What is under way; or that there was nothing to do. */
  end(others) {
    const isIdle = ({ work }) => work.type === 'published' && work.count === 0;
    if (this.underWay) {
      this.at_ns = underWaySince(this.recording) ?? this.at_ns;
      this.number = -1;
      tellUnderWay(this);
    } else if (this.turn.begun && others.every(isIdle)) {
      this.say(this.isSwitchedOff()
        ? 'recording was switched off in it: what it did is not recorded' : 'nothing was ready');
    }
  }

  /**
   * Whether recording was switched off in this turn, if nothing of it is recorded: it is the last,
   * or the next one that is recorded doesn't follow it.
   */
  isSwitchedOff() {
    const { recording, turn } = this;
    for (let next = turn.index + 1; next < recording.turnCount; next += 1) {
      const number = recording.numberOf(next);
      if (number > turn.number) return recording.torn === 0 && number > turn.number + 1;
    }
    return recording.isOff;
  }

  /** One step. Its first group of wakes may have been told with the wait. */
  step(step, firstTold) {
    switch (step.work.type) {
      case 'item': this.item(step); break;
      case 'after': this.after(step); break;
      case 'published': this.published(step); break;
      default: this.phase(step, firstTold);
    }
  }

  after(step) {
    const { item } = step.work;
    const parts = effects(this, step.wakes, item);
    const ran = ({ work }) => work.type === 'item' && isSame(work.item, item);
    const who = this.turn.steps.some(ran)
      ? `the microtasks after ${this.called(item)}`
      : `${this.called(item)}, whose run is not told of here,`;
    this.say(`${who} ${together(parts)}`);
  }

  /** What is said next is told of this. */
  tells({ at_ns, number }) {
    Object.assign(this, { at_ns, number });
  }

  numberOfWait() {
    const { events } = this.recording;
    let number = this.start;
    while (events.kind(number) !== WAITED) number += 1;
    return number;
  }

  /** Remembers a task that ended. */
  noteEnd({ work }) {
    if (work.type === 'item' && work.item.kind === 'task' && isEnd(work.outcome)) {
      this.ended.add(work.item.key);
    }
  }

  hasEnded(item) {
    return this.ended.has(item.key) || this.recording.ended.isBefore(item, this.start);
  }

  say(sentence) {
    const { at_ns, number } = this;
    this.told.push({ text: `${sentence}.`, keys: [...this.mentioned], at_ns, number });
    this.mentioned.clear();
  }

  mention(key) {
    if (key) this.mentioned.add(key);
  }

  /** What an item is called; the sentence mentions it. */
  called(item) {
    this.mention(item.key);
    return this.names.item(item);
  }

  /** How the wait before a turn ended, and why. */
  wait(first) {
    const { wait, begun, steps } = this.turn;
    if (!wait) {
      if (!begun && steps.some((step) => step.work.type !== 'host')) {
        this.say('its beginning is not recorded');
      }
      return;
    }
    this.tells({ at_ns: wait.at_ns, number: this.numberOfWait() });
    const waited = wait.took_ns === 0 ? 'did not wait' : `waited ${shortTime(wait.took_ns)}`;
    const reason = first && wokeUp(this.turn, first)
      ? this.wakeReason(firstGroup(first.wakes)) : plainReason(wait, first);
    this.say(waited + reason);
  }

  wakeReason(group) {
    const { reason, done } = this.reason(group);
    if (done === null) return `, until ${reason}`;
    return `, until ${reason}; ${areTimers(group) ? 'they' : 'it'} ${done}`;
  }

  published({ took_ns, work }) {
    const took = shortTime(took_ns);
    switch (work.count) {
      case 0: this.say(`it was time for a snapshot, which took ${took}`); break;
      case 1: this.say(`a snapshot was made for who looked, in ${took}`); break;
      default: this.say(`a snapshot was made for ${work.count} who looked, in ${took}`);
    }
  }

  /** A phase that isn't `run`: who was woken, by what. Its first group may have been told. */
  phase({ phase, took_ns, work, wakes: all }, firstTold) {
    let wakes = firstTold ? all.slice(firstGroup(all).length) : all;
    for (let told = 0; wakes.length > 0; told += 1) {
      const group = firstGroup(wakes);
      if (told === GROUPS_TOLD && group.length < wakes.length) {
        this.say(`${more(wakes)} and ${together(counted(wakes))}`);
        break;
      }
      const { reason, done } = this.reason(group);
      this.say(done === null ? reason : `${reason} and ${done}`);
      wakes = wakes.slice(group.length);
    }
    if (phase === 'flush' && work.type === 'phase' && work.count > 0) {
      const writers = work.count === 1 ? 'corked writer' : 'corked writers';
      this.say(`${work.count} ${writers} wrote, in ${shortTime(took_ns)}`);
    }
  }

  /** What woke a group, and what was done if that is not said with it. */
  reason(group) {
    const [{ by }] = group;
    this.mention(this.names.keyOf(by));
    const done = together(effects(this, group, NOTHING));
    if (by.type === 'source') return { reason: `${this.names.source(by)} became ready`, done };
    if (by.type !== 'timer') return { reason: `${this.names.by(by)} ${done}`, done: null };
    const timer = this.names.timer(by.place);
    const due = timersDue(group);
    const reason = areTimers(group)
      ? `${group.length} ${timer.replace('timer', 'timers')} were ${due}`
      : `the ${timer} was ${due}`;
    return { reason, done };
  }

  item(step) {
    const { item, outcome } = step.work;
    const took = shortTime(step.took_ns);
    const who = this.called(item);
    const parts = [ran(step, took), ...effects(this, step.wakes, item)];
    if (outcome === 'pending') {
      parts.push(isReadyAgain(step) ? 'is ready again (Pending)' : 'waits (Pending)');
    }
    if (outcome === 'finished') parts.push('finished');
    if (outcome === 'panicked') parts.push('panicked');
    this.say(`${who} ${together(parts)}`);
  }
}

function ran({ phase, work }, took) {
  if (work.outcome === 'stale') return 'was in the ready queue and had ended';
  if (work.outcome === 'cancelled') return `was aborted (its future dropped in ${took})`;
  return phase === 'run' ? `ran ${took}` : `ran ${took} in phase ${phase}`;
}

/** How a wait ended that nobody's wake ended. */
function plainReason(wait, first) {
  if (first && isLook(first)) {
    return wait.took_ns > 0 ? ', until somebody looked' : ': somebody looked';
  }
  if (wait.events === 0) return '';
  return wait.events === 1 ? '; an event came' : `; ${wait.events} events came`;
}

/** Whether a step tells why the wait before its turn ended. */
function wokeUp(turn, step) {
  const isFromOutside = ['io', 'timers', 'deferred'].includes(step.phase);
  return isFromOutside && turn.wait?.took_ns > 0 && step.wakes.length > 0;
}

/** Whether a step tells that somebody looked. */
function isLook({ work }) {
  return work.type === 'published' && work.count > 0;
}
