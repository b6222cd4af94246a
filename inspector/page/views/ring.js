// Ring: the turn as a ring whose arcs are time, with the clerk who goes round it.
//
// Waiting is large calm grey: a loop mostly sleeps. Each phase keeps its place in the order and at
// least a sliver, hollow where it took nothing. The words in the middle say what happens now.

import { about, attribute, el, keyed, setText, svg } from './dom.js';
import { arcPath, arcs, angleAt, polar, segments } from './geometry.js';
import { clerkAngle } from './player.js';
import {
  PHASE_MEANS, PHASE_STATE, SIGN, TERM, brief, count, percent, plural, shown, time,
} from './words.js';

const INNER = 82;
const OUTER = 116;
/** Labels of one side are so far from each other, and none is lower. */
const LABEL_HEIGHT = 14;
const LOWEST = 136;
/** So many items are drawn in the arc of phase `run`. */
const ITEMS_MAX = 40;

export class Ring {
  topics = ['scene', 'time', 'mode'];

  constructor(root, { store, scene, player }) {
    Object.assign(this, { root, store, scene, player });
    this.title = root.querySelector('h2');
    this.sub = el('span', { class: 'sub', title: TERM.arc });
    this.arcs = svg('g');
    this.items = svg('g');
    this.leaders = svg('g', { class: 'leaders' });
    this.labels = svg('g', { class: 'arc-labels' });
    this.clerk = svg('g', { class: 'clerk' },
      svg('title', {}, 'The clerk: where the loop is on its way round.'),
      svg('circle', { r: 9 }), svg('path', { d: 'M-3 -4.5L5 0L-3 4.5Z' }));
    this.picture = svg('svg', { viewBox: '-222 -142 444 284', role: 'img', class: 'ring-picture' },
      this.arcs, this.items, this.leaders, this.labels, this.clerk);
    this.word = el('strong');
    this.more = el('span');
    this.middle = el('div', { class: 'ring-middle' }, this.word, this.more);
    this.title.append(' ', this.sub);
    root.append(el('div', { class: 'ring-box' }, this.picture, this.middle));
  }

  draw(changed) {
    if (changed.has('scene') || changed.has('mode')) this.drawArcs();
    this.drawClerk();
    this.drawMiddle();
  }

  drawArcs() {
    const { scene } = this;
    const ring = arcs(scene.times);
    const total = ring.reduce((sum, arc) => sum + arc.ns, 0);
    const isSecond = scene.ringOf === 'second';
    setText(this.title.firstChild, isSecond ? 'The last second' : 'The turn');
    setText(this.sub, this.subtitle(total));
    const { faultPhase } = scene;
    keyed(this.arcs, ring, (arc) => arc.phase, makeArc,
      (node, arc) => drawArc(node, arc, total, arc.phase === faultPhase));
    const labels = placed(ring);
    keyed(this.labels, labels, (arc) => arc.phase, makeLabel, drawLabel);
    keyed(this.leaders, labels, (arc) => arc.phase, () => svg('path'), drawLeader);
    const told = ring.map((arc) => `${arc.phase} ${time(arc.ns)}`).join(', ');
    attribute(this.picture, 'aria-label', `${this.title.textContent}: ${told}`);
    this.drawItems(isSecond ? null : scene.turn, ring);
  }

  subtitle(total) {
    const { scene } = this;
    if (scene.ringOf === 'second') {
      return `${plural(scene.turns, 'turn')}; an arc is a share of them`;
    }
    if (!scene.turn) return 'an arc is time';
    const long = scene.faultPhase ? `${time(total)}, and not over` : `${time(total)} round`;
    return `${count(scene.turn.number)}: ${long}; an arc is time`;
  }

  /** Who ran, within the arc of phase `run`. */
  drawItems(turn, ring) {
    const ran = turn?.steps.filter((step) => step.work.type === 'item' && step.phase === 'run');
    const run = ring.find((arc) => arc.phase === 'run');
    const part = turn && segments(turn).find((one) => one.phase === 'run');
    // What has not ended is longer than its events say.
    const length = part && part.to > part.from ? this.scene.times.run : 0;
    const steps = length > 0 ? ran.slice(0, ITEMS_MAX) : [];
    const angle = (ns) => run.from + ((ns - part.from) / length) * (run.to - run.from);
    keyed(this.items, steps, (step) => `${step.at_ns} ${step.work.item.key}`, () => {
      const node = svg('path', { class: 'ring-item' });
      node.append(svg('title'));
      return node;
    }, (node, step) => {
      const from = angle(step.at_ns);
      const to = Math.max(angle(step.at_ns + step.took_ns), from + 0.6);
      attribute(node, 'd', arcPath(from, to, INNER + 4, OUTER - 4));
      about(node, step.work.item.key);
      const told = `${this.store.names.item(step.work.item)} ran ${time(step.took_ns)}`;
      setText(node.firstChild, told);
    });
  }

  drawClerk() {
    const { store, scene } = this;
    let angle = 0;
    if (!scene.turn) angle = 0;
    else if (scene.faultPhase && store.isFollowing) angle = this.angleOf(scene.faultPhase);
    else if (store.isAlong) angle = this.liveAngle();
    else if (store.isFollowing && scene.now.sign === 'waiting') angle = this.angleOf('wait');
    else if (store.isFollowing) angle = angleAt(scene.turn, store.endNs);
    else angle = clerkAngle(store, this.player, scene.turn);
    const [x, y] = polar(angle, (INNER + OUTER) / 2);
    const turned = `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${angle.toFixed(1)})`;
    attribute(this.clerk, 'transform', turned);
    attribute(this.clerk, 'class', `clerk is-${scene.now.sign}`);
  }

  /** Where the clerk was seen last. */
  liveAngle() {
    return this.angleOf(this.store.row?.stall?.phase ?? this.store.row?.now?.phase ?? 'wait');
  }

  angleOf(phase) {
    const arc = arcs(this.scene.times).find((one) => one.phase === phase);
    return arc ? (arc.from + arc.to) / 2 : 0;
  }

  drawMiddle() {
    const { now } = this.scene;
    setText(this.word, `${SIGN[now.sign]} ${now.word}`);
    attribute(this.word, 'class', `ink-${now.sign}`);
    // There is little room: a place is its file and line here, a source its name.
    setText(this.more, brief(shown(now.more)));
    attribute(this.more, 'title', shown(now.more));
    about(this.middle, ...now.keys);
  }
}

function makeArc(arc) {
  const node = svg('path', { tabindex: '-1' });
  node.append(svg('title', {}, PHASE_MEANS[arc.phase]));
  about(node, `phase ${arc.phase}`);
  return node;
}

function drawArc(node, arc, total, isFault) {
  attribute(node, 'd', arcPath(arc.from + 0.7, arc.to - 0.7, INNER, OUTER));
  const state = isFault ? 'fault' : PHASE_STATE[arc.phase];
  attribute(node, 'class', `arc is-${state}${arc.ns > 0 ? '' : ' is-hollow'}`);
  const share = total > 0 ? `, ${percent(arc.ns / total)}` : '';
  setText(node.firstChild, `${PHASE_MEANS[arc.phase]} Here: ${time(arc.ns)}${share}.`);
}

function makeLabel(arc) {
  const node = svg('text', {}, svg('tspan', { class: 'arc-name' }, arc.phase), svg('tspan'));
  about(node, `phase ${arc.phase}`);
  return node;
}

function drawLabel(node, arc) {
  attribute(node, 'x', arc.x.toFixed(1));
  attribute(node, 'y', (arc.y + 4).toFixed(1));
  attribute(node, 'text-anchor', arc.x < 0 ? 'end' : 'start');
  attribute(node, 'class', arc.ns > 0 ? null : 'is-faint');
  setText(node.lastChild, arc.ns > 0 ? ` ${time(arc.ns)}` : '');
}

/** A thin line from an arc to its label. */
function drawLeader(node, { from, to, x, y }) {
  const [x0, y0] = polar((from + to) / 2, OUTER + 2);
  const x1 = x + (x < 0 ? 3 : -3);
  attribute(node, 'd', `M${x0.toFixed(1)} ${y0.toFixed(1)}L${x1.toFixed(1)} ${y.toFixed(1)}`);
}

/** Where a label at this height is clear of the ring. */
function outside({ x, y }) {
  const radius = OUTER + 12;
  const clear = Math.sqrt(Math.max(0, radius * radius - y * y));
  return (x < 0 ? -1 : 1) * Math.max(Math.abs(x), clear);
}

/** The arcs with the places of their labels, none on top of another. */
function placed(ring) {
  const all = ring.map((arc) => {
    const [x, y] = polar((arc.from + arc.to) / 2, OUTER + 12);
    return { ...arc, x, y };
  });
  for (const side of [all.filter(({ x }) => x >= 0), all.filter(({ x }) => x < 0)]) {
    side.sort((a, b) => a.y - b.y);
    for (let i = 1; i < side.length; i += 1) {
      side[i].y = Math.max(side[i].y, side[i - 1].y + LABEL_HEIGHT);
    }
    // What was pushed out below pushes back.
    let limit = LOWEST;
    for (let i = side.length - 1; i >= 0; i -= 1) {
      side[i].y = Math.min(side[i].y, limit);
      limit = side[i].y - LABEL_HEIGHT;
      side[i].x = outside(side[i]);
    }
  }
  return all;
}
