// Pace: stops the program's loop, has it go by steps, and on, where control is allowed.
//
// Promises to say where the loop stands, and that each button has a key. It moves the program, not
// the page: the playhead is the header's.

import { attribute, el, setText, show } from './dom.js';
import { count, shown } from './words.js';

export class Pace {
  topics = ['row', 'mode', 'feed'];

  constructor(root, { store, act }) {
    Object.assign(this, { root, store });
    const button = (name, title) => el('button', {
      type: 'button', title, onclick: () => act(name),
    });
    this.stop = button('stop', 'Stop the program\'s loop, or have it go on ( x )');
    this.item = button('item', 'Run one item: a poll, a callback, a call ( i )');
    this.turn = button('turn', 'Run to the end of the turn ( u )');
    this.item.append('one item');
    this.turn.append('one turn');
    this.fault = button('fault', 'Run until a lint finds a fault ( F )');
    this.fault.append('to a fault');
    this.text = el('span', { role: 'status' });
    root.append(this.stop, this.item, this.turn, this.fault, this.text);
  }

  draw() {
    const { store } = this;
    const { pace } = store.row ?? {};
    const isHere = store.source === 'live' && store.feed.state === 'open';
    show(this.root, isHere && (store.canControl || Boolean(pace)));
    for (const node of [this.stop, this.item, this.turn]) show(node, store.canControl);
    show(this.fault, store.canControl && Boolean(store.row?.lint?.on));
    setText(this.stop, pace?.ordered ? 'go on' : 'stop the loop');
    attribute(this.stop, 'aria-pressed', String(Boolean(pace?.ordered)));
    setText(this.text, shown(where(pace)));
    return false;
  }
}

/** Where the loop stands, in a sentence. */
export function where(pace) {
  if (!pace?.ordered) return '';
  const { stopped } = pace;
  if (!stopped) return 'The loop has not stopped yet.';
  const turn = count(stopped.turn);
  if (!stopped.next) return `The loop stands behind turn ${turn}; nothing is ready.`;
  return stopped.within
    ? `The loop stands within turn ${turn}, before ${stopped.next}.`
    : `The loop stands behind turn ${turn}; next is ${stopped.next}.`;
}
