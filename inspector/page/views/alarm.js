// Alarm: the red bar that grows while the loop does not answer.
//
// It tells two silences apart: a loop that hangs, while its inspector answers; and an inspector
// that is silent, too. The bar is full after ten seconds; the words say how long it is in truth.

import { about, el, setText, show } from './dom.js';
import { underWaySince } from './model.js';
import { SIGN, lasting, shown, time } from './words.js';

/** From so long a silence on there is an alarm. */
const LOOP_MS = 500;
const FEED_MS = 1500;
const FULL_MS = 10_000;
/** From one change of the words to the next. */
const WORDS_MS = 200;
/** So long it is told afterwards. */
const OVER_MS = 30_000;

export class Alarm {
  topics = ['row', 'feed', 'mode', 'held'];

  constructor(root, { store }) {
    Object.assign(this, { root, store });
    this.bar = el('div', { class: 'alarm-bar', 'aria-hidden': 'true' });
    this.text = el('span');
    // What grows is seen, not read out again and again.
    this.long = el('span', { class: 'alarm-time', 'aria-hidden': 'true' });
    this.rest = el('span');
    this.who = el('button', { type: 'button', onclick: () => this.go() }, 'show it');
    root.append(this.bar, el('p', {}, this.text, this.long, this.rest, ' ', this.who));
  }

  draw(changed) {
    const { store } = this;
    const found = this.silence() ?? this.past();
    if (found && !found.isOver) this.remember(found);
    show(this.root, found !== null);
    // Silence is no news: it is looked for in each frame.
    const isOn = store.source === 'live' && store.feed.state === 'open';
    this.root.classList.toggle('is-over', Boolean(found?.isOver));
    if (!found) {
      this.saidMs = null;
      return isOn;
    }
    this.bar.style.width = `${Math.min(100, (found.ms / FULL_MS) * 100)}%`;
    // The bar grows with each frame, the words some times a second.
    const nowMs = performance.now();
    const isNew = !this.saidMs || this.kind !== found.kind || changed.has('held');
    if (isNew || nowMs - this.saidMs > WORDS_MS) {
      this.saidMs = nowMs;
      this.kind = found.kind;
      setText(this.text, `${SIGN.fault} ${shown(found.text)}`);
      setText(this.long, found.isLong ? ` ${lasting(found.ms)}` : '');
      setText(this.rest, shown(found.rest ?? ''));
      this.key = found.key;
      show(this.who, Boolean(found.key));
      about(this.root, found.key);
    }
    return isOn;
  }

  /** Keeps what is told of a silence when it is over. */
  remember({ kind, ms, text, rest = '', key }) {
    const { recording } = this.store;
    const isOfLoop = kind === 'stall' || kind === 'age';
    const since = recording?.underWay ? underWaySince(recording) : this.over?.ns;
    this.over = isOfLoop ? {
      text: `It is over: ${text.replace(' has ', ' had ')} ${time(ms * 1e6)}${rest}`,
      key,
      ns: since ?? this.store.endNs,
      untilMs: performance.now() + OVER_MS,
    } : null;
  }

  /** What was, for a while: the explanation. */
  past() {
    if (!this.over || performance.now() > this.over.untilMs) return null;
    return { kind: 'over', ms: 0, isOver: true, ...this.over };
  }

  /** Goes to it: to who holds the loop, or to when that began. */
  go() {
    if (this.key) this.store.select(this.key);
    if (this.kind === 'over' && this.over) this.store.goTo(this.over.ns + 1);
  }

  silence() {
    const { store } = this;
    const { row, feed } = store;
    if (store.source !== 'live') return this.recorded(row);
    if (feed.state === 'ended' || feed.state === 'refused' || feed.state === 'lost') {
      return { kind: feed.state, ms: FULL_MS, text: ENDS[feed.state], key: null };
    }
    if (feed.state !== 'open') return null;
    const silent = performance.now() - feed.heardMs;
    if (feed.heardMs && silent > FEED_MS) {
      const rest = ': the program is stopped or gone';
      return { kind: 'feed', ms: silent, text: 'no heartbeat for', isLong: true, rest, key: null };
    }
    if (row?.stall) {
      const ms = store.heldMs();
      const text = `${row.stall.item} has held the loop for`;
      return { kind: 'stall', ms, text, isLong: true, key: row.stall.task };
    }
    const age = performance.now() - store.pulseMs;
    if (!store.isSuspect || age <= LOOP_MS) return null;
    const rest = row.now?.item ? `; it runs ${row.now.item}` : '';
    const text = 'the loop has not answered for';
    return { kind: 'age', ms: age, text, isLong: true, rest, key: row.now?.task ?? null };
  }

  /** A recording that was made while the loop hung. */
  recorded(row) {
    if (!row?.stall) return null;
    const ms = row.stall.for_ms;
    const held = `${row.stall.item} had held the loop for ${time(ms * 1e6)}`;
    const text = `when this was recorded, ${held}`;
    return { kind: 'recorded', ms, text, key: row.stall.task };
  }
}

const ENDS = {
  ended: 'the program has ended, or closed its inspector; what was recorded stays here',
  refused: 'the token was refused: open the address that the program has logged',
  lost: 'the connection is lost; trying again. What was recorded stays here',
};
