// Hover: what the pointer or the focus is on is lit wherever it is told of; the rest is dimmed.
//
// Promises to go by keys alone, so that a task, its lane, its sentences and its place are one.

import { keysAt, pressed } from './dom.js';

export class Hover {
  topics = ['hover', 'scene', 'select', 'row'];

  constructor(root, { store }) {
    Object.assign(this, { root, store });
    root.addEventListener('pointerover', (event) => {
      if (event.target.tagName !== 'CANVAS') store.hover(keysAt(event.target));
    });
    root.addEventListener('pointerleave', () => store.hover([]));
    root.addEventListener('focusin', (event) => {
      if (event.target.matches(':focus-visible')) store.hover(keysAt(event.target));
    });
    pressed(root, (event) => {
      if (event.target.closest('button, summary, select, input')) return;
      const [key] = keysAt(event.target);
      if (key && !/^(place|phase) /.test(key)) store.select(key);
    });
    root.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.target.tagName === 'BUTTON') return;
      const [key] = keysAt(event.target);
      if (key && !/^(place|phase) /.test(key)) store.select(key);
    });
  }

  draw(changed) {
    const { store, root } = this;
    const isPlain = store.hovered.length === 0 && store.selected === null;
    if (!changed.has('hover') && !changed.has('select') && isPlain) return;
    const keys = new Set(store.hovered);
    root.classList.toggle('has-hover', keys.size > 0);
    for (const node of root.querySelectorAll('[data-keys]')) {
      const own = node.dataset.keys.split('\n');
      node.classList.toggle('is-lit', own.some((key) => keys.has(key)));
      node.classList.toggle('is-selected', store.selected !== null && own[0] === store.selected);
    }
  }
}
