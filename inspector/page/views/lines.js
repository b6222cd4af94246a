// Lines: the ready line and the deferred line: who was woken, in the order in which they will run.
//
// Promises that nobody moves in it but by being woken or run. While the page goes along with a
// loop, the ready line is that of the turn whose story is told: between turns it is empty.

import { about, attribute, el, keyed, setText } from './dom.js';
import {
  SIGN, STATE_MEANS, TERM, bare, count, plural, shortName, shown, time,
} from './words.js';

/** So many stand in a line, as there is room for; the rest are counted. */
const SHOWN_MAX = 8;

export class Lines {
  topics = ['scene'];

  constructor(root, { store, scene }) {
    Object.assign(this, { root, store, scene });
    this.readySub = el('span', { class: 'sub' });
    this.ready = el('ol', { class: 'line', 'aria-label': 'ready line' });
    this.deferred = el('span', { class: 'line-deferred', title: TERM.deferred });
    this.running = el('span', { class: 'desk' });
    root.append(
      el('div', { class: 'line-row' },
        el('h2', { title: STATE_MEANS.running }, 'At the desk'), this.running),
      el('div', { class: 'line-row' },
        el('h2', { title: STATE_MEANS.ready }, 'Ready line ', this.readySub), this.ready),
      el('div', { class: 'line-row' },
        el('h2', { title: TERM.deferred }, 'Deferred'), this.deferred),
    );
  }

  draw() {
    this.drawDesk();
    this.drawReady();
    this.drawDeferred();
  }

  drawDesk() {
    const { now } = this.scene;
    const isSomebody = now.word === 'running' || now.sign === 'fault';
    const isRunning = isSomebody && now.more !== '';
    const who = isRunning ? now.more : 'nobody';
    const sign = isRunning ? `${SIGN[now.sign]} ` : '';
    setText(this.running, `${sign}${shortName(shown(who), 60)}`);
    attribute(this.running, 'class', `desk ${isRunning ? `chip is-${now.sign}` : 'is-empty'}`);
    about(this.running, ...(isRunning ? now.keys : []));
  }

  drawReady() {
    const { scene, store } = this;
    const isLive = scene.ringOf === 'second';
    setText(this.readySub, isLive && scene.turn ? `of turn ${count(scene.turn.number)}` : '');
    const all = scene.batch;
    const things = all.slice(0, SHOWN_MAX).map((item) => ({ item }));
    if (all.length > SHOWN_MAX) things.push({ more: all.length - SHOWN_MAX });
    if (all.length === 0) things.push({ nobody: true });
    keyed(this.ready, things, (thing) => thing.item?.key ?? (thing.more ? 'more' : 'none'),
      () => el('li'), (node, thing) => this.drawChip(node, thing, store));
  }

  drawChip(node, { item, more }, store) {
    if (!item) {
      attribute(node, 'class', 'is-empty');
      setText(node, more ? `and ${count(more)} more` : 'nobody: all who were woken have run');
      return;
    }
    attribute(node, 'class', 'chip is-ready');
    const name = store.names.item(item);
    setText(node, `${SIGN.ready} ${shortName(bare(name), 26)}`);
    const since = this.scene.moment?.tasks.get(item.key)?.since_ns;
    const stood = since !== undefined && this.scene.ringOf === 'turn'
      ? `; in line for ${time(Math.max(0, this.scene.moment.ns - since))}` : '';
    attribute(node, 'title', `${name}${stood}`);
    attribute(node, 'tabindex', '0');
    about(node, item.key);
  }

  drawDeferred() {
    const { store, scene } = this;
    const queue = store.row?.queues?.find((one) => one.name === 'deferred');
    const then = scene.moment?.deferred;
    const depth = scene.ringOf === 'turn' && then !== undefined && !store.isFollowing
      ? then.length ?? then : queue?.depth ?? 0;
    const text = depth > 0 ? plural(depth, 'call') : 'nothing from other threads';
    setText(this.deferred, depth > 0 ? `${SIGN.ready} ${text}` : text);
    attribute(this.deferred, 'class', depth > 0 ? 'chip is-ready' : 'is-empty');
  }
}
