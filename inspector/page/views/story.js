// Story: what the turn that is shown did, in sentences, and the turns before it.
//
// The words are those of the command-line tool. The sentence that is under way is marked. What is
// read out to a screen reader is the same text, at most once in some seconds.

import { about, attribute, el, keyed, pressed, setText } from './dom.js';
import { isTask } from './keys_of.js';
import { stopsOf } from './model.js';
import { TERM, count, nowSaid, shown, time } from './words.js';

const BEFORE_MAX = 4;
const SENTENCES_MAX = 40;
const SPEAK_EVERY_MS = 5000;
/** What words of a sentence mean, for the pointer. */
const HINTS = { '(Pending)': TERM.pending, 'who looked': TERM.look, 'somebody looked': TERM.look };

export class Story {
  topics = ['scene'];

  constructor(root, { store, scene, spoken }) {
    Object.assign(this, { root, store, scene, spoken });
    this.spokeMs = -Infinity;
    /** The sentence that was scrolled to last, by its turn and its place. */
    this.revealed = null;
    this.sub = el('span', { class: 'sub' });
    this.now = el('p', { class: 'story-now' });
    this.list = el('ol', { class: 'sentences', 'aria-label': 'What the turn did' });
    this.before = el('div', { class: 'story-before' });
    const title = el('h2', { id: 'story-title', title: TERM.turn }, 'Story ', this.sub);
    root.append(title, this.now, this.list, this.before);
  }

  draw() {
    const { scene, store } = this;
    const { turn, story } = scene;
    setText(this.now, nowSaid(scene.now));
    attribute(this.now, 'class', `story-now ink-${scene.now.sign}`);
    about(this.now, ...scene.now.keys);
    if (!turn || !story) {
      setText(this.sub, '');
      keyed(this.list, store.row ? [quiet(store.row)] : [], String, (text) => el('li', {}, text));
      return;
    }
    const began = time(turn.at_ns - store.beginNs);
    const event = store.stop ? `, event ${count(store.stop.number)}` : '';
    // The turns after it only waited.
    const isLast = scene.turnIndex === store.recording.turnCount - 1;
    const which = store.isFollowing && !isLast ? ', the last that ran something' : '';
    const when = `${began} into the recording`;
    setText(this.sub, `of turn ${count(turn.number)}${which}, ${when}${event}`);
    this.sentences(story);
    this.earlier();
    this.speak(story);
  }

  sentences(story) {
    const { scene, store } = this;
    const { underWay } = store.recording;
    const isUnderWay = underWay !== null && scene.turnIndex === store.recording.turnCount - 1;
    const running = store.isFollowing ? null : scene.moment?.running?.key;
    const list = story.sentences.slice(0, SENTENCES_MAX).map((one, at) => ({ ...one, at }));
    let now = null;
    let place = null;
    keyed(this.list, list, (one) => `${one.at} ${one.text}`, makeSentence, (node, one) => {
      const isLast = isUnderWay && one.at === list.length - 1;
      const isNow = isLast || (Boolean(running) && one.keys[0] === running);
      attribute(node, 'aria-current', isNow ? 'step' : null);
      if (isNow) [now, place] = [node, `${scene.turn.number} ${one.at}`];
    });
    attribute(this.list, 'class', `sentences of-${scene.now.sign}`);
    // Once: who scrolls away from it wants to.
    if (now && place !== this.revealed) this.reveal(now);
    this.revealed = place;
  }

  /** Scrolls to the sentence that is under way. */
  reveal(node) {
    const { root } = this;
    const low = node.offsetTop + node.offsetHeight - root.offsetTop;
    if (low > root.scrollTop + root.clientHeight) root.scrollTop = low - root.clientHeight + 8;
    else if (node.offsetTop - root.offsetTop < root.scrollTop) root.scrollTop = 0;
  }

  /** The turns before, newest first. */
  earlier() {
    const { scene, store } = this;
    const list = [];
    for (let i = scene.turnIndex - 1; i >= 0 && list.length < BEFORE_MAX; i -= 1) {
      const story = store.tell(i);
      // A turn that took no time has no instant of its own, but an event.
      const [stop] = stopsOf(store.recording, i, 'turn');
      if (stop && story.sentences.length > 0) list.push({ ...story, stop });
    }
    keyed(this.before, list, (one) => `${one.turn} ${one.at_ns} ${one.sentences.length}`, (one) => {
      const text = one.sentences.map(({ text: told }, at) => (
        at > 0 ? told[0].toUpperCase() + told.slice(1) : told)).map(shown).join(' ');
      const button = el('button', { type: 'button', class: 'quiet', title: 'Go to this turn' },
        `turn ${count(one.turn)}`);
      pressed(button, () => store.goTo(one.stop.ns, one.stop));
      return el('p', {}, button, ` ${text}`);
    });
  }

  speak(story) {
    const nowMs = performance.now();
    const { store, scene } = this;
    const text = store.isAlong
      ? `${scene.now.word}. ${/stuck/.test(scene.now.word) ? scene.now.more : ''}`
      : story.sentences.slice(0, 4).map((one) => one.text).join(' ');
    if (text === this.spoke || nowMs - this.spokeMs < SPEAK_EVERY_MS) return;
    this.spoke = text;
    this.spokeMs = nowMs;
    this.spoken.replaceChildren(el('p', {}, text));
  }
}

/** Why there is no story. */
function quiet(row) {
  if (row.recorded && row.recorded.on === false) {
    return 'Recording is off: what the loop does is not told.';
  }
  return 'Nothing has been recorded yet. The waiting room has who waits, and for what.';
}

function makeSentence(one) {
  const [, hint] = Object.entries(HINTS).find(([words]) => one.text.includes(words)) ?? [];
  // On the text within: a screen reader would read a hint of the item in its place.
  const text = el('span', { title: hint }, ...linked(one.text, one.keys));
  const node = el('li', { tabindex: '0' }, text);
  about(node, ...one.keys);
  return node;
}

/** The text with the tasks that it names as marks to point at. */
function linked(text, keys) {
  const parts = [];
  let rest = text;
  for (const key of keys.filter(isTask)) {
    const at = rest.indexOf(key);
    if (at < 0) continue;
    parts.push(shown(rest.slice(0, at)));
    const name = /^ `[^`]*`/.exec(rest.slice(at + key.length))?.[0] ?? '';
    parts.push(about(el('b', {}, key, shown(name)), key));
    rest = rest.slice(at + key.length + name.length);
  }
  return [...parts, shown(rest)];
}
