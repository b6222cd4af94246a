// Faults: what the lints of the loop have found, as a line that opens.
//
// Promises to be there only where something was found, each fault with its place, its reason and
// what explains it. A press on one selects its task.

import { about, el, keyed, pressed, setText, show } from './dom.js';
import { SIGN, count, shown } from './words.js';

export class Faults {
  topics = ['row', 'mode', 'feed'];

  constructor(root, { store }) {
    Object.assign(this, { root, store });
    this.summary = el('summary');
    this.list = el('ul');
    root.append(el('details', {}, this.summary, this.list));
  }

  draw() {
    const { findings = [], more = 0 } = this.store.row?.lint ?? {};
    show(this.root, findings.length > 0);
    if (findings.length === 0) return false;
    setText(this.summary, `${SIGN.fault} ${told(findings, more)}`);
    keyed(this.list, findings, keyOf, () => this.make(), update);
    return false;
  }

  make() {
    const node = el('li', {}, el('strong'), el('span'), el('span', { class: 'faint' }));
    pressed(node, () => {
      if (node.fault.task) this.store.select(node.fault.task);
    });
    return node;
  }
}

/** How many faults there are, and which. */
export function told(findings, more) {
  const names = [...new Set(findings.map(({ lint }) => lint))].join(', ');
  const all = count(findings.length + more);
  return findings.length + more === 1 ? `1 fault found: ${names}` : `${all} faults found: ${names}`;
}

/** The fault that a lint found there, however often. */
function keyOf({ lint, place, subject }) {
  return `${lint} ${place ?? subject}`;
}

function update(node, fault) {
  node.fault = fault;
  const [name, text, rest] = node.children;
  const times = fault.times > 1 ? `, ${count(fault.times)} times` : '';
  const at = fault.place ? ` At ${fault.place}.` : '';
  setText(name, `${fault.lint}${times}`);
  setText(text, shown(` ${fault.subject} ${fault.reason}.${at}`));
  setText(rest, shown(` ${fault.why} See ${fault.chapter}.`));
  about(node, fault.task);
}
