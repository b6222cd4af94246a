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
        el('h2', { id: 'chapter-title' }, 'The program ', this.where), this.files),
      this.prose, this.code, this.told, this.away,
      el('div', { class: 'chapter-steps' },
        step('back', '‹ back', 'The sentence before ( p )'),
        step('next', 'next ›', 'The next sentence ( n )'),
        step('read', 'all panels', 'Back to all panels ( t )')),
    );
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
      const marks = el('span', { class: 'marks' });
      const node = el('span', { class: 'chapter-line' }, el('i', {}, String(number)),
        el('code', {}, text || ' '), marks);
      about(node, `place ${file}:${number}`, `timer ${file}:${number}`);
      return [number, { node, marks }];
    }));
    this.code.replaceChildren(...[...this.lines.values()].map(({ node }) => node));
    show(this.code, found !== null);
  }

  drawMarks(file) {
    const { marks, current, next, elsewhere } = atLines(this.store, this.scene, file);
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
      keyed(line.marks, those.slice(0, MARKS_MAX), ({ key, state }) => `${key} ${state}`,
        ({ key, name, state }) => about(el('span', { class: `chip is-${state}`, title: state },
          `${SIGN[state]} ${shown(name)}`), key));
      const more = those.length - MARKS_MAX;
      attribute(line.marks, 'data-more', more > 0 ? `+${count(more)}` : null);
    }
    setText(this.away, elsewhere ? `What runs is in ${elsewhere}.` : '');
    const lit = current ?? [...marks.keys()][0] ?? null;
    if (lit !== this.litDrawn) this.reveal(lit);
    this.litDrawn = lit;
  }

  /** Scrolls so that a line is in sight, with some around it. */
  reveal(number) {
    const { code } = this;
    const node = this.lines.get(number)?.node;
    if (!node) return;
    const top = node.offsetTop - code.offsetTop;
    const isInSight = top > code.scrollTop + 20 && top < code.scrollTop + code.clientHeight - 60;
    if (!isInSight) code.scrollTop = Math.max(0, top - code.clientHeight / 3);
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
    if (!moment?.running) return now.sign === 'waiting' ? 'Now the loop sleeps.' : '';
    const who = shown(names.item(moment.running));
    if (moment.running.kind !== 'task') {
      return `Now ${who} runs${from && `, asked for at ${from}`}.`;
    }
    const rest = at(moment.rest);
    const isFirst = moment.tasks.get(moment.running.key)?.hasRun === false;
    const begin = isFirst ? ` for the first time${from && `: spawned at ${from},`}`
      : from && ` from ${from}`;
    return `Now ${who} runs${begin}${rest && ` up to the await at ${rest}`}.`;
  }
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
