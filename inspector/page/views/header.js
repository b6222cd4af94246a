// Header: which program, which loop, how it is, and how the page moves: pause, step, speed, files.
//
// Promises that each button has a key, and that what could not be drawn is counted in sight: drawn,
// sent, dropped.

import { attribute, el, setText, show, svg } from './dom.js';
import { GRAINS, SPEEDS } from './store.js';
import { TERM, count, percent, time } from './words.js';

const EVERY_MS = 400;

export class Header {
  topics = ['row', 'mode', 'time', 'feed', 'scene'];

  constructor(root, { store, scene, act }) {
    Object.assign(this, { root, store, scene, act });
    this.drawnMs = -Infinity;
    const button = (name, text, title) => el('button', {
      type: 'button', title, 'aria-label': title, onclick: () => act(name),
    }, ICONS[text] ? icon(text) : text);
    this.state = el('span', { class: 'feed-state' });
    this.loops = el('select', { 'aria-label': 'Which loop', title: 'Which loop ( l )' });
    this.loops.addEventListener('change', () => act('loop', Number(this.loops.value)));
    this.program = el('strong', { class: 'program', role: 'heading', 'aria-level': '1' });
    this.turn = el('span', { title: TERM.turn });
    this.busy = el('span', { title: TERM.busy });
    this.late = el('span', { title: TERM.late });
    this.drawn = el('span', {
      class: 'counts',
      title: 'Events: in the picture, sent by the loop, and dropped because they came too fast. '
        + 'What was dropped is in no panel.',
    });
    this.pause = button('pause', 'pause', 'Pause or play ( space )');
    this.back = button('back', 'back', 'Step back ( p )');
    this.next = button('next', 'next', 'Step on ( n )');
    this.follow = button('follow', 'live', 'Go along with the loop ( f )');
    this.slow = button('slow', '◔ slow', 'Play this turn in five seconds ( s )');
    this.grain = chooser('Step by', `How far a step goes ( g ). ${TERM.poll}`,
      GRAINS.map((one) => [one, `by ${one}`]),
      (value) => act('grain', value));
    this.speed = chooser('Speed', 'How fast a recording is played ( < and > )',
      SPEEDS.map((one) => [String(one), `${one}×`]), (value) => act('speed', Number(value)));
    const files = el('span', { class: 'group' },
      button('read', 'Text', 'The program\'s text beside it, a sentence a step ( t )'),
      button('open', 'Open', 'Open a recording ( o ), or drop one on the page'),
      button('export', 'Export', 'Export the recording ( e )'),
      button('perfetto', 'Perfetto', 'Open in ui.perfetto.dev ( P )'),
      button('help', '?', 'All keys ( ? )'));
    root.append(
      el('span', { class: 'group' }, el('span', { class: 'mark', 'aria-hidden': 'true' }, '◯'),
        this.program, this.loops, this.state),
      el('span', { class: 'group facts' }, this.turn, this.busy, this.late, this.drawn),
      el('span', { class: 'group', role: 'toolbar', 'aria-label': 'Time' }, this.back, this.pause,
        this.next, this.grain, this.speed, this.slow, this.follow),
      files,
    );
  }

  draw(changed) {
    const nowMs = performance.now();
    if (!changed.has('mode') && nowMs - this.drawnMs < EVERY_MS) return true;
    this.drawnMs = nowMs;
    const { store } = this;
    setText(this.program, store.process?.program ?? (store.sourceName || 'glassloop'));
    attribute(this.program, 'title', store.process ? `process ${store.process.pid}` : null);
    this.drawLoops();
    this.drawState();
    this.drawFacts();
    this.drawTime();
    return false;
  }

  drawLoops() {
    const { loops, loop } = this.store;
    const wanted = loops.map((one) => `${one.number} ${one.thread}`).join('\n');
    show(this.loops, loops.length > 1);
    if (this.loopsDrawn !== wanted) {
      this.loopsDrawn = wanted;
      this.loops.replaceChildren(...loops.map((one) => el('option', { value: one.number },
        `loop ${one.number} (${one.thread ?? ''})`)));
    }
    if (loop) this.loops.value = String(loop.number);
  }

  drawState() {
    const { store } = this;
    const [text, kind] = {
      none: ['no program', 'file'],
      connecting: ['connecting', 'file'],
      open: [store.isFollowing ? '● live' : '‖ paused', 'live'],
      lost: ['✖ lost', 'lost'],
      done: ['■ ended', 'file'],
      ended: ['■ ended', 'lost'],
      refused: ['✖ refused', 'lost'],
    }[store.source === 'file' ? 'none' : store.feed.state];
    setText(this.state, store.source === 'file' ? 'a recording' : text);
    const goesOn = text.startsWith('‖') ? 'The program goes on; the page stands still' : null;
    attribute(this.state, 'title', goesOn);
    attribute(this.state, 'class', `feed-state is-${kind}`);
  }

  drawFacts() {
    const { store } = this;
    const { row, feed } = store;
    const times = row?.recorded?.times;
    setText(this.turn, this.turnTold(row));
    // Of a run that has not ended the share does not know.
    setText(this.busy, times && !row.stall ? `busy ${percent(times.utilisation)}` : '');
    const late = times?.delays?.p99_ns;
    setText(this.late, late ? `in line <${time(late)}` : '');
    setText(this.drawn, store.source === 'live'
      ? `${count(feed.drawn)} of ${count(feed.sent)} events drawn, ${count(feed.dropped)} dropped`
      : '');
    attribute(this.drawn, 'class', feed.dropped > 0 ? 'counts is-warning' : 'counts');
  }

  /** The turn that all panels show, and the newest where that is another. */
  turnTold(row) {
    const shown = this.scene.turn?.number ?? 0;
    const newest = Math.max(row?.turn ?? 0, row?.now?.turn ?? 0, shown);
    if (newest === 0) return '';
    const isPast = !this.store.isFollowing && shown > 0;
    return isPast ? `turn ${count(shown)} of ${count(newest)}` : `turn ${count(newest)}`;
  }

  drawTime() {
    const { store } = this;
    const isGoing = store.isPlaying || store.isAlong;
    attribute(this.pause.querySelector('path'), 'd', ICONS[isGoing ? 'pause' : 'play']);
    attribute(this.slow, 'aria-pressed', String(store.isSlow));
    attribute(this.follow, 'aria-pressed', String(store.isFollowing));
    setText(this.follow, store.source === 'live' ? 'live' : 'to the end');
    this.grain.choice.value = store.grain;
    this.speed.choice.value = String(store.speed);
    for (const node of [this.pause, this.back, this.next, this.slow, this.follow]) {
      node.disabled = !store.hasEvents;
    }
  }
}

/** Signs that every machine has, whatever its fonts. */
const ICONS = {
  pause: 'M4 2h3v12H4zM9 2h3v12H9z',
  play: 'M4 2l10 6-10 6z',
  next: 'M3 2l7 6-7 6zM11 2h2.5v12H11z',
  back: 'M13 2L6 8l7 6zM5 2H2.5v12H5z',
};

function icon(name) {
  return svg('svg', { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true' },
    svg('path', { d: ICONS[name] }));
}

function chooser(label, title, options, change) {
  const choice = el('select', { 'aria-label': label, title });
  for (const [value, text] of options) choice.append(el('option', { value }, text));
  choice.addEventListener('change', () => change(choice.value));
  const node = el('label', { class: 'chooser' }, choice);
  node.choice = choice;
  return node;
}
