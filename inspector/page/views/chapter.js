// Chapter: the program's own text beside what it does: its words, its lines, a sentence a step.
//
// Promises that the line is lit at which the loop is at the instant that is shown, that each task
// that waits stands at the line where it waits, and that nothing of the source is taken as markup.

import { atLines } from './at_lines.js';
import { about, attribute, el, keyed, setText, show } from './dom.js';
import { docLength, proseOf } from './prose.js';
import { placesOf } from './source.js';
import { SIGN, count, nowSaid, placeOf, shown } from './words.js';

/** So many tasks stand at a line; the others are counted. */
const MARKS_MAX = 4;
/** What has been done at the line of who runs. */
const DONE_HERE = { spawned: 'spawned here', asked: 'asked for here', await: 'waited here' };
/** What the picture shows while nobody runs, by the word of the scene. */
const NOW_TOLD = {
  asleep: 'Now the loop sleeps.',
  awake: 'Now the loop goes on without sleeping.',
  'the host': 'Now a turn is about to begin.',
};
const NOT_HERE = 'The source can\'t be read: a recording does not hold it, and a program shows it '
  + 'only where it was built.';

export class Chapter {
  topics = ['scene', 'mode', 'select'];

  constructor(root, { store, scene, sources, act }) {
    Object.assign(this, { root, store, scene, sources, act });
    /** Chosen by hand; else it is the file in which the loop was made. */
    this.chosen = null;
    this.shownFile = null;
    this.textDrawn = null;
    this.files = el('select', { 'aria-label': 'Which file', title: 'Which file' });
    this.files.addEventListener('change', () => this.choose(this.files.value));
    this.prose = el('div', { class: 'chapter-prose' });
    /** Shown until the first step; after that the code has its place, unless it is wanted. */
    this.isProse = true;
    this.words = el('button', { type: 'button', onclick: () => this.turnProse(!this.isProse) });
    this.code = el('pre', { class: 'chapter-code', tabindex: '0' });
    this.code.setAttribute('aria-label', 'The program');
    this.where = el('span', { class: 'sub' });
    this.now = el('p', { class: 'chapter-now' });
    this.sentence = el('p', { class: 'chapter-sentence', role: 'status' });
    this.then = el('p', { class: 'chapter-then' });
    this.told = el('div', { class: 'chapter-told' }, this.now, this.sentence, this.then);
    this.away = el('p', { class: 'sub' });
    const step = (name, text, title) => el('button', {
      type: 'button', title, onclick: () => act(name),
    }, text);
    root.append(
      el('div', { class: 'bar' },
        el('h2', { id: 'chapter-title' }, 'The program ', this.where), this.files, this.words),
      this.prose, this.code, this.told, this.away,
      el('div', { class: 'chapter-steps' },
        step('back', '‹ back', 'The sentence before ( p )'),
        step('next', 'next ›', 'The next sentence ( n )'),
        step('read', 'all panels', 'Back to all panels ( t )')),
    );
    // What is told above or below it may take more lines, and a window another size.
    new ResizeObserver(() => this.reveal(this.litDrawn)).observe(this.code);
  }

  draw() {
    const { store, root } = this;
    document.body.classList.toggle('is-reading', store.isReading);
    show(root, store.isReading);
    if (!store.isReading) return;
    const places = this.places();
    const file = this.fileOf(places);
    this.drawFiles([...places.keys()], file);
    const found = file === null ? null : this.sources.whole(file, places.get(file));
    this.drawText(file, found);
    if (found) this.drawMarks(file);
    this.drawSentence();
    this.drawProse(found !== null);
    this.showLit();
  }

  /** The playhead, where it stands still or is moved by hand. */
  position() {
    const { isAlong, isPlaying, ns, stop } = this.store;
    return isAlong || isPlaying ? 'rolls' : `${ns} ${stop?.own}`;
  }

  /** The words give way to the code with the first step. */
  drawProse(isFound) {
    const position = this.position();
    if (this.positionFirst === undefined) this.positionFirst = position;
    if (!this.hasStepped && position !== this.positionFirst) {
      this.hasStepped = true;
      this.turnProse(false);
    }
    show(this.prose, this.isProse || !isFound);
    show(this.words, isFound);
    setText(this.words, this.isProse ? 'hide the words' : 'show the words');
    attribute(this.words, 'aria-expanded', String(this.isProse));
  }

  turnProse(isShown) {
    this.isProse = isShown;
    this.store.note('mode');
  }

  /** The line is brought in sight with each step, and when it is another one. */
  showLit() {
    const shown = `${this.litNow} ${this.position()} ${this.textDrawn}`;
    this.litDrawn = this.litNow;
    if (shown !== this.litShown) this.reveal(this.litNow);
    this.litShown = shown;
  }

  /** They are looked for when there may be others. */
  places() {
    const { names, row } = this.store;
    const of = [names, names?.places.size, row];
    if (!this.placesFound || of.some((one, i) => one !== this.placesOf[i])) {
      this.placesOf = of;
      this.placesFound = placesOf(this.store);
    }
    return this.placesFound;
  }

  choose(file) {
    this.chosen = file;
    this.store.note('mode');
  }

  /** The one that was chosen, or in which the loop was made; or any. */
  fileOf(places) {
    const made = placeOf(this.store.loop?.made)?.file;
    return [this.chosen, made].find((one) => places.has(one)) ?? [...places.keys()][0] ?? null;
  }

  drawFiles(all, file) {
    const wanted = all.join('\n');
    if (this.filesDrawn !== wanted) {
      this.filesDrawn = wanted;
      this.files.replaceChildren(...all.map((one) => el('option', { value: one }, one)));
    }
    if (file !== null) this.files.value = file;
    show(this.files, all.length > 1);
    setText(this.where, all.length > 1 ? '' : file ?? '');
  }

  /** The words and the lines; they are made once for a file. */
  drawText(file, found) {
    const isMissing = this.sources.isMissing(file);
    const drawn = `${found ? file : ''} ${isMissing}`;
    this.shownFile = file;
    if (this.textDrawn === drawn) return;
    this.textDrawn = drawn;
    const lines = found?.lines ?? [];
    const texts = lines.map(([, text]) => text);
    const words = found ? proseOf(texts) : [el('p', {}, isMissing ? NOT_HERE : '')];
    this.prose.replaceChildren(...words);
    /** The lines that had a mark when they were drawn. */
    this.marked = [];
    this.lines = new Map(lines.slice(docLength(texts)).map(([number, text]) => {
      const note = el('span', { class: 'chapter-note' });
      const marks = el('span', { class: 'marks' });
      const node = el('span', { class: 'chapter-line' }, el('i', {}, String(number)),
        el('code', {}, text || ' '), el('span', { class: 'chapter-beside' }, note, marks));
      about(node, `place ${file}:${number}`, `timer ${file}:${number}`);
      return [number, { node, note, marks }];
    }));
    this.code.replaceChildren(...[...this.lines.values()].map(({ node }) => node));
    show(this.code, found !== null);
  }

  drawMarks(file) {
    const at = atLines(this.store, this.scene, file);
    const { marks, current, next, elsewhere } = at;
    const isFault = this.scene.now.sign === 'fault';
    const changed = new Set([...this.marked, ...marks.keys(), current, next]);
    this.marked = [...marks.keys(), current, next];
    for (const number of changed) {
      const line = this.lines.get(number);
      if (!line) continue;
      const those = marks.get(number) ?? [];
      const isCurrent = number === current;
      const runs = isFault ? 'is-fault' : 'is-running';
      const kind = isCurrent ? runs : those[0] && `is-${those[0].state}`;
      attribute(line.node, 'class', ['chapter-line', kind, number === next && 'is-next']
        .filter(Boolean).join(' '));
      attribute(line.node, 'aria-current', isCurrent ? 'step' : null);
      setText(line.note, noteOf(at, number));
      keyed(line.marks, those.slice(0, MARKS_MAX), (one) => `${one.key} ${one.state} ${one.how}`,
        (one) => about(el('span', {
          class: `chip is-${one.state}`, title: `${one.state}: ${doneHere(one)}`,
        }, `${SIGN[one.state]} ${shown(one.name)}`), one.key));
      const more = those.length - MARKS_MAX;
      attribute(line.marks, 'data-more', more > 0 ? `+${count(more)}` : null);
    }
    setText(this.away, elsewhere ? `What runs is in ${elsewhere}.` : '');
    this.litNow = current ?? [...marks.keys()][0] ?? null;
  }

  /** Scrolls the code, and nothing around it, so that a line is near its middle. At once: what
   * slides would still be under way at the next step. */
  reveal(number) {
    const { code } = this;
    const node = this.lines?.get(number)?.node;
    if (!node || code.clientHeight === 0) return;
    const line = node.getBoundingClientRect();
    const top = line.top - code.getBoundingClientRect().top - code.clientTop;
    const share = (top + line.height / 2) / code.clientHeight;
    if (share > 0.25 && share < 0.75) return;
    code.scrollTop += top - (code.clientHeight - line.height) / 2;
  }

  drawSentence() {
    const { store, scene } = this;
    const { story } = scene;
    const all = story?.sentences ?? [];
    const those = store.isAlong ? [] : sentencesAt(all, store);
    const isTold = those.length > 0;
    setText(this.now, isTold ? this.nowTold(scene) : nowSaid(scene.now));
    setText(this.sentence, those.map((one) => shown(one.text)).join(' '));
    const next = isTold ? nextAfter(those.at(-1), all, scene, store) : null;
    setText(this.then, next ? `then: ${shown(next.text)}` : '');
    attribute(this.told, 'class', `chapter-told ink-edge-${scene.now.sign}`);
    about(this.told, ...(those[0]?.keys ?? scene.now.keys));
  }

  /** What the picture shows: it is not over yet, and the sentence tells how it ended. */
  nowTold({ moment, now }) {
    const { names } = this.store;
    const at = (number) => lineOr(names.place(number), this.shownFile);
    const from = at(moment?.place);
    if (!moment?.running) return NOW_TOLD[now.word] ?? '';
    const who = shown(names.item(moment.running));
    if (moment.running.kind !== 'task') {
      return `Now ${who} runs${from && `, asked for at ${from}`}.`;
    }
    const rest = at(moment.rest);
    const task = moment.tasks.get(moment.running.key);
    const until = rest && `up to the await at ${rest}`;
    if (task?.hasRun !== false && task?.place !== task?.born) {
      return `Now ${who} runs${from && ` from ${from}`}${until && ` ${until}`}.`;
    }
    const isFirst = task?.hasRun === false;
    const parts = [from && `spawned at ${from}`, until].filter(Boolean).join(', ');
    return `Now ${who} runs ${isFirst ? 'for the first time' : 'again'}${parts && `: ${parts}`}.`;
  }
}

/** What a line has to do with who is there: it does not run itself. '' if nobody is. */
function noteOf({ marks, current, how, next }, number) {
  const isNext = number === next;
  if (number === current) {
    const isAwait = how === 'await' && isNext;
    return `← ${isAwait ? 'waited here, and will again' : `${DONE_HERE[how]}${
      isNext ? ', waits here next' : ''}`}`;
  }
  if (isNext) return '← waits here next';
  const those = marks.get(number) ?? [];
  const said = new Set(those.map(doneHere));
  // Where they differ each chip says it.
  return said.size === 1 ? `← ${[...said][0]}` : '';
}

function doneHere({ how, state }) {
  return how === 'await' && state === 'waiting' ? 'waits here' : DONE_HERE[how];
}

/** 'line 12' of the file that is shown, another place whole, '' for none. */
function lineOr(place, file) {
  const at = placeOf(place);
  if (!at) return '';
  return at.file === file ? `line ${at.line}` : place;
}

/** The sentence behind this one, in its turn or the next that has any. */
function nextAfter(one, all, { turnIndex }, { recording, tell }) {
  const at = all.indexOf(one);
  if (at + 1 < all.length) return all[at + 1];
  return turnIndex + 1 < recording.turnCount ? tell(turnIndex + 1).sentences[0] ?? null : null;
}

/** The sentences of what the playhead is at: an event, or the last that had begun by then. */
function sentencesAt(all, { ns, stop }) {
  const its = all.filter(({ number }) => stop && number === stop.own);
  if (its.length > 0) return its;
  const began = Math.max(...all.map(({ at_ns }) => at_ns).filter((at_ns) => at_ns <= ns));
  return all.filter(({ at_ns }) => at_ns === began);
}
