// Scene: what all panels show at this instant: one turn, its story, who runs, stands and waits.
//
// It promises that the panels agree, that text changes at most a few times a second while the page
// goes along with a loop, and that a paused page shows exactly the playhead's instant.

import { timesOf } from './geometry.js';
import { keyOfSource } from './keys_of.js';
import { PHASES, underWaySince } from './model.js';
import { STALL_NS } from './paint.js';
import { count, lasting, percent, time } from './words.js';
import { waitsNow, waitsThen } from './waits.js';

/** From one change of text to the next, while the page goes along. */
const EVERY_MS = 450;
/** The ring shows this much of the past, while the page goes along. */
const RING_NS = 1e9;
/** So many turns are looked at for that. */
const TURNS_MAX = 300;
/** So far back is looked for a turn in which something ran. */
const BACK_MAX = 80;
/** For each millisecond that it took, so many are left to the other panels. */
const REST = 5;
/** What the page says where there is nothing to show. */
const HOW_TO_BEGIN = 'drop a recording here, press o, or open the address that a program logs';
/** A loop that wakes so often in a second is not told of wake by wake. */
const OFTEN = 12;

export class Scene {
  constructor(store) {
    this.store = store;
    this.lastMs = -Infinity;
    this.costMs = 0;
    this.isOwed = false;
    this.empty();
  }

  empty() {
    this.turnIndex = -1;
    this.turn = null;
    this.story = null;
    this.moment = null;
    this.waits = [];
    /** The phases' times on the ring, of so many turns. */
    this.times = Object.fromEntries(PHASES.map((phase) => [phase, 0]));
    this.turns = 0;
    /** The phase that does not end. */
    this.faultPhase = null;
    this.ringOf = 'turn';
    this.batch = [];
    this.now = { sign: 'waiting', word: 'nothing yet', more: '', keys: [] };
  }

  /** Brings the scene up to date; notes `scene` if it did. */
  tick(nowMs) {
    const { store } = this;
    const { changed } = store;
    const isLive = store.isAlong;
    const isFresh = changed.has('time') || changed.has('mode')
      || changed.has('held') || this.isOwed;
    const hasData = changed.has('data') || changed.has('row') || changed.has('feed');
    const sinceMs = nowMs - this.lastMs;
    if (!isFresh && !(hasData && sinceMs >= EVERY_MS)) return;
    const isSoon = isLive ? sinceMs < EVERY_MS && !changed.has('mode') && !changed.has('held')
      : sinceMs < this.costMs * REST;
    // What costs much is put off, so that the playhead itself moves on in each frame.
    this.isOwed = isSoon && isFresh;
    if (isSoon) return;
    this.lastMs = nowMs;
    // A frame's own time may lie far back where much else runs.
    const begin = performance.now();
    if (!store.hasEvents) this.quiet();
    else if (isLive) this.along();
    else if (store.isFollowing) this.at(store.endNs);
    else this.at(store.ns, store.stop);
    this.costMs = performance.now() - begin;
    store.note('scene');
  }

  /** Nothing is recorded: the state is all there is. */
  quiet() {
    this.empty();
    const { store } = this;
    if (!store.row) {
      if (store.source === 'none' && store.feed.state === 'none') this.now.more = HOW_TO_BEGIN;
      return;
    }
    if (isAsleep(store.row)) {
      this.times.wait = RING_NS;
      this.ringOf = 'second';
    }
    this.waits = waitsNow(store.row, store.names);
    this.now = nowWords(store);
  }

  /** Along with the loop: the newest turn in which something ran, and how the last second went. */
  along() {
    const { store } = this;
    const { recording } = store;
    this.showTurn(newestBusy(recording));
    const isStale = store.row?.as_of?.fresh === false;
    // Of a loop that answers the row says it all.
    this.moment = isStale || recording.underWay ? store.moments.at(store.endNs) : null;
    if (isStale || this.waitsOf !== store.row) {
      this.waits = waitsNow(store.row, store.names, isStale ? this.moment.tasks : null);
      this.waitsOf = store.row;
    }
    this.batch = recording.underWay ? this.line() : batchOf(this.turn);
    if (recording.underWay) this.oneTurn();
    else this.lastSecond();
    this.now = this.turns > OFTEN && !store.row?.stall && !recording.underWay
      ? this.oftenWords() : nowWords(store);
  }

  /** A loop that wakes often is told of by its shares. */
  oftenWords() {
    const { times } = this;
    const all = PHASES.reduce((sum, phase) => sum + times[phase], 0);
    const asleep = all > 0 ? times.wait / all : 1;
    const often = `of the last second; woke ${count(this.turns)} times`;
    return asleep > 0.5
      ? { sign: 'waiting', word: 'mostly asleep', more: `${percent(asleep)} ${often}`, keys: [] }
      : { sign: 'running', word: 'busy', more: `${percent(1 - asleep)} ${often}`, keys: [] };
  }

  /** At one instant, and of several events there at this one. */
  at(ns, stop = null) {
    const { store } = this;
    const { recording } = store;
    this.moment = store.moments.at(ns, stop);
    // At the end the newest turn in which something ran says more than one that was idle.
    this.showTurn(store.isFollowing ? newestBusy(recording) : this.moment.turnIndex);
    if (!this.turn) return;
    this.waitsOf = null;
    const isEnd = ns >= store.endNs && stop === null && store.row?.tasks;
    this.waits = isEnd ? waitsNow(store.row, store.names, this.moment.tasks)
      : waitsThen(store.recording, store.names, this.moment);
    this.batch = this.line();
    this.oneTurn();
    this.now = isEnd ? nowWords(store) : wordsAt(this, store, ns);
  }

  /** The ring shows the turn that the story is of. */
  oneTurn() {
    this.times = timesOf(this.turn);
    this.addUnderWay();
    this.turns = 1;
    this.ringOf = 'turn';
  }

  /** Who stands in line; who runs has left it. */
  line() {
    const { ready, running } = this.moment;
    return ready.filter((item) => item.key !== running?.key);
  }

  /** What has not ended takes time, too. */
  addUnderWay() {
    const { recording } = this.store;
    const { underWay } = recording;
    this.faultPhase = null;
    if (!underWay || this.turnIndex !== recording.turnCount - 1) return;
    const since = underWaySince(recording) ?? recording.endNs;
    const ns = this.store.endNs - since;
    this.times[underWay.phase] += Math.max(0, ns);
    if (ns > STALL_NS) this.faultPhase = underWay.phase;
  }

  showTurn(i) {
    const { recording, names } = this.store;
    if (recording.turnCount === 0) {
      this.turn = null;
      this.story = null;
      return;
    }
    const turn = recording.turn(Math.max(0, i));
    const isSame = this.turn && this.turn.at_ns === turn.at_ns && this.turn.number === turn.number
      && this.turn.steps.length === turn.steps.length;
    this.turnIndex = Math.max(0, i);
    this.turn = turn;
    // What is under way gets longer.
    if (!isSame || this.namesSeen !== names || this.store.recording.underWay) {
      this.story = this.tell(this.turnIndex);
      this.namesSeen = names;
    }
  }

  tell(i) {
    return this.store.tell(i);
  }

  lastSecond() {
    const { recording } = this.store;
    const now = this.store.nowNs();
    const from = Math.max(now - RING_NS, this.store.beginNs);
    const sums = Object.fromEntries(PHASES.map((phase) => [phase, 0]));
    const last = recording.turnCount - 1;
    const first = recording.turnIndexAt(from);
    const stride = Math.max(1, Math.ceil((last - first + 1) / TURNS_MAX));
    for (let i = last; i >= first; i -= stride) {
      const times = recording.phaseTimes(i);
      for (const phase of PHASES) sums[phase] += (times[phase] ?? 0) * stride;
    }
    // The wait that goes on has no event yet.
    const since = now - this.store.endNs;
    if (isAsleep(this.store.row)) sums.wait += Math.max(0, since);
    // A wait that began before it counts from its beginning only.
    const rest = PHASES.reduce((sum, phase) => sum + (phase === 'wait' ? 0 : sums[phase]), 0);
    if (now - from > 0) sums.wait = Math.min(sums.wait, Math.max(0, now - from - rest));
    this.times = sums;
    this.turns = last - first + 1;
    this.ringOf = 'second';
    this.faultPhase = null;
  }
}

function newestBusy(recording) {
  const last = recording.turnCount - 1;
  if (recording.underWay) return last;
  for (let i = last; i > Math.max(-1, last - BACK_MAX); i -= 1) {
    const turn = recording.turn(i);
    if (turn.steps.some((step) => step.work.type === 'item')) return i;
  }
  return last;
}

/** What ran in a turn, in order: that was its line. */
function batchOf(turn) {
  const ran = turn?.steps.filter((step) => step.work.type === 'item' && step.phase === 'run');
  return (ran ?? []).map((step) => step.work.item);
}

/** Whether the loop sleeps. */
export function isAsleep(row) {
  const phase = row?.now?.phase;
  return !row?.stall && (phase === 'wait' || (phase === null && !row?.now?.item));
}

/** What the loop does now, in a word and a sentence. */
export function nowWords(store) {
  const { row } = store;
  if (!row) return { sign: 'waiting', word: 'recorded', more: 'the end of it', keys: [] };
  const stall = row.stall;
  if (stall) {
    const keys = stall.task ? [stall.task] : [];
    const more = `${stall.item} has held the loop for ${lasting(store.heldMs())}`;
    const isOver = store.source === 'live' && store.feed.state === 'ended';
    return { sign: 'fault', word: isOver ? 'stuck to the end' : 'stuck', more, keys };
  }
  if (row.loop?.ended) {
    return { sign: 'done', word: 'ended', more: 'the loop was closed', keys: [] };
  }
  if (isAsleep(row)) return { sign: 'waiting', word: 'asleep', ...willWake(store) };
  const item = row.now?.item;
  if (item) {
    return { sign: 'running', word: 'running', more: item, keys: [row.now.task].filter(Boolean) };
  }
  const phase = row.now?.phase;
  return { sign: 'running', word: 'awake', more: phase ? `in phase ${phase}` : '', keys: [] };
}

/** When a loop that sleeps will wake, and for what. */
function willWake(store) {
  const { row } = store;
  const timers = (row.timers ?? []).filter((timer) => timer.in_ns !== null);
  const next = timers.reduce((a, b) => (a && a.in_ns <= b.in_ns ? a : b), null);
  const sources = (row.sources ?? []).filter((source) => source.waiters.length > 0);
  const parts = [];
  const keys = [];
  if (next) {
    const due = (row.clock_ns ?? 0) + next.in_ns - store.nowNs();
    const when = due > 0 ? `in ${time(due)}, for the timer of ${next.at}` : null;
    parts.push(when ?? 'at once: a timer is due');
    keys.push(`timer ${next.at}`);
  }
  if (sources.length === 1) {
    const [source] = sources;
    parts.push(`when ${store.names.source(keyOfSource(source.id))} is ready`);
  } else if (sources.length > 1) {
    parts.push(`when one of ${sources.length} sources is ready`);
  }
  const rest = 'when another thread calls';
  return { more: `will wake ${parts.length > 0 ? parts.join(', or ') : rest}`, keys };
}

/** What the loop did at an instant of the recording. */
function wordsAt(scene, store, ns) {
  const { moment, turn } = scene;
  if (moment.running) {
    const more = store.names.item(moment.running);
    return { sign: 'running', word: 'running', more, keys: [moment.running.key] };
  }
  const wait = turn.wait;
  const its = store.stop && turn.steps.find((step) => step.number === store.stop.own);
  if (its?.work.type === 'host') {
    return { sign: 'ready', word: 'the host', more: 'between turns', keys: [] };
  }
  if (moment.phase === 'wait' && wait?.took_ns === 0 && ns <= turn.at_ns) {
    return { sign: 'ready', word: 'awake', more: 'it does not wait', keys: ['phase wait'] };
  }
  if (moment.phase === 'wait' || (wait && ns < turn.at_ns && ns >= wait.at_ns)) {
    const left = turn.at_ns - ns;
    const { sentences } = store.tell(scene.turnIndex);
    const reason = sentences.find((one) => one.text.includes('until'));
    const why = reason ? /until (.*?)(;|\.$)/.exec(reason.text)?.[1] : null;
    const more = left > 0 ? `for ${time(left)} more${why ? `, until ${why}` : ''}` : '';
    return { sign: 'waiting', word: 'asleep', more, keys: reason?.keys ?? [] };
  }
  const phase = moment.phase ?? 'between turns';
  const line = moment.ready.length;
  const more = line > 0 ? `${line} in the ready line` : 'nobody in the ready line';
  return { sign: 'ready', word: phase, more, keys: [`phase ${phase}`] };
}
