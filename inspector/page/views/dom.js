// DOM helpers: elements made and patched in place.
//
// They promise that text comes in as text, never as markup, and that nothing is written to the
// document which is there already: a node keeps its focus and its tooltip while it stays the same.

const SVG = 'http://www.w3.org/2000/svg';

/** An element: `el('p', { class: 'a', data: { key: 'x' } }, 'text', child)`. */
export function el(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/** The same of a picture. */
export function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) {
      node.addEventListener(name.slice(2), value);
    } else {
      attribute(node, name, value);
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Sets an attribute if it differs; `null` and `false` take it away. */
export function attribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/** Sets the text of a node if it differs. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Shows or hides. */
export function show(node, isShown) {
  if (node.hidden === isShown) node.hidden = !isShown;
}

/**
 * Makes the children of a node be one for each thing, in order. A child is made once for a key and
 * updated after that.
 */
export function keyed(parent, things, keyOf, make, update) {
  const old = parent.keyedChildren ?? new Map();
  const fresh = new Map();
  let at = parent.firstChild;
  for (const thing of things) {
    let key = keyOf(thing);
    while (fresh.has(key)) key += '\u0001';
    const child = old.get(key) ?? make(thing);
    update?.(child, thing);
    fresh.set(key, child);
    if (child === at) {
      at = at.nextSibling;
    } else {
      parent.insertBefore(child, at);
    }
  }
  for (const [key, child] of old) {
    if (fresh.get(key) !== child) child.remove();
  }
  parent.keyedChildren = fresh;
}

/** Calls when a node is pressed, before it can change: by the pointer or the keyboard. */
export function pressed(node, act) {
  node.addEventListener('pointerdown', (event) => {
    if (event.button === 0) act(event);
  });
  // A click without a pointer is a key's.
  node.addEventListener('click', (event) => {
    if (event.detail === 0) act(event);
  });
}

/** Marks what a node tells of: hovering it lights everything that tells of the same. */
export function about(node, ...keys) {
  const text = keys.filter(Boolean).join('\n');
  attribute(node, 'data-keys', text || null);
  return node;
}

/** The keys that a node, or what is around it, tells of. */
export function keysAt(node) {
  const found = node?.closest?.('[data-keys]');
  return found ? found.dataset.keys.split('\n') : [];
}
