// Contrast of every text that is in sight, as WCAG counts it: what a user reads must stand out from
// its ground, in the document and on the canvas, light and dark.

import assert from 'node:assert/strict';

import { bring } from '../../../tools/page/wcag.mjs';

/** What WCAG's level AA asks of text, and of a sign that is a picture. */
const TEXT_MIN = 4.5;
const SIGN_MIN = 3;
/** So much of the ground below a text on the canvas must do: a thin line may cross it. */
const GROUND_SHARE = 0.85;

/** Runs in the page: the texts that stand out too little: `['3.1 span.x: its text']`. */
function faintTexts(textMin, signMin) {
  const parse = (text) => {
    const parts = text.match(/-?[\d.]+(e-?\d+)?%?/g)?.map(parseFloat) ?? [0, 0, 0, 0];
    const scale = text.startsWith('color(') ? 255 : 1;
    return [...parts.slice(0, 3).map((one) => one * scale), parts[3] ?? 1];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((one, i) => one * a + below[i] * (1 - a));
  /** All that may lie behind a node: a hatching has several colours. */
  const grounds = (node) => {
    const chain = [];
    for (let at = node; at; at = at.parentElement) chain.unshift(getComputedStyle(at));
    let found = [[255, 255, 255]];
    for (const style of chain) {
      found = found.map((below) => over(parse(style.backgroundColor), below));
      const stripes = style.backgroundImage.match(/(rgba?|color)\([^()]*\)/g) ?? [];
      found.push(...stripes.flatMap((one) => found.map((below) => over(parse(one), below))));
    }
    return found.slice(0, 64);
  };
  const wrong = [];
  const look = (node, colour, text) => {
    let opacity = 1;
    for (let at = node; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
    const [r, g, b, a] = parse(colour);
    const least = /^[^\p{L}\p{N}]{1,2}$/u.test(text) ? signMin : textMin;
    const worst = Math.min(...grounds(node)
      .map((ground) => contrast(over([r, g, b, a * opacity], ground), ground)));
    if (worst < least) {
      const name = `${node.tagName.toLowerCase()}.${node.getAttribute('class') ?? ''}`;
      wrong.push(`${worst.toFixed(2)} ${name}: ${text.slice(0, 40)}`);
    }
  };
  const root = document.querySelector('dialog[open]') ?? document.body;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const { currentNode: { data, parentElement: node } } = walker;
    const text = data.trim();
    if (text === '' || !node.checkVisibility({ checkOpacity: true })) continue;
    // What can't be used is exempt, and what is for the ear alone.
    if (node.closest('.unseen, :disabled, option, script, svg title')) continue;
    count += 1;
    const style = getComputedStyle(node);
    look(node, node.closest('svg') ? style.fill : style.color, text);
  }
  for (const node of root.querySelectorAll('input[placeholder]')) {
    look(node, getComputedStyle(node, '::placeholder').color, node.placeholder);
  }
  return { wrong: [...new Set(wrong)], count };
}

/** Runs in the page: the same of the next picture of the timeline; a text's ground is measured. */
function faintOnCanvas(textMin, share) {
  const panel = getComputedStyle(document.documentElement).getPropertyValue('--panel').trim();
  const pen = CanvasRenderingContext2D.prototype;
  const { fillText } = pen;
  const wrong = new Set();
  let count = 0;
  pen.fillText = function measured(text, x, y, ...rest) {
    const { e, f, a: ratio } = this.getTransform();
    const wide = Math.min(this.measureText(text).width, ...rest);
    const top = this.textBaseline === 'top' ? y : y - 5;
    const [left, width] = [Math.max(0, Math.round(x * ratio + e)), Math.ceil(wide * ratio)];
    const { data } = this.getImageData(left, Math.round(top * ratio + f), width, 10 * ratio);
    const ink = rgb(this.fillStyle);
    let good = 0;
    for (let at = 0; at < data.length; at += 4) {
      const part = data[at + 3] / 255;
      const ground = rgb(panel).map((below, i) => data[at + i] * part + below * (1 - part));
      if (contrast(ink, ground) >= textMin) good += 4;
    }
    // What is out of sight, to the right, has no ground.
    if (left < this.canvas.width - width) {
      count += 1;
      if (good < data.length * share) wrong.add(`${(good / data.length).toFixed(2)} ${text}`);
    }
    return fillText.call(this, text, x, y, ...rest);
  };
  dispatchEvent(new KeyboardEvent('keydown', { key: '+' }));
  return new Promise((resolve) => {
    setTimeout(() => {
      pen.fillText = fillText;
      resolve({ wrong: [...wrong], count });
    }, 300);
  });
}

async function judge(tab, what, least) {
  await bring(tab);
  for (const scheme of ['light', 'dark']) {
    await tab.look({ scheme, motion: 'reduce' });
    const { wrong, count } = await tab.evaluate(faintTexts, TEXT_MIN, SIGN_MIN);
    assert.deepEqual(wrong, [], `${what}, ${scheme}`);
    assert.ok(count >= least, `${what} has texts: ${count}`);
  }
}

export default {
  'every text can be read on its ground, light and dark': async (house) => {
    const tab = await house.opened({ look: { motion: 'reduce' } });
    await judge(tab, 'a recording', 100);
    await tab.keys('j');
    await tab.until('the detail of a task', () => document.querySelector('#why-not'));
    await tab.keys('p', 'p');
    await judge(tab, 'a task at an instant', 100);
    await tab.keys('?');
    await judge(tab, 'the card', 50);
    const hung = await house.opened({ recording: await house.hung(), look: { motion: 'reduce' } });
    await hung.until('the alarm', () => !document.querySelector('#alarm').hidden);
    await judge(hung, 'a loop that hangs', 100);
    for (const one of [tab, hung]) {
      await one.keys('Escape');
      for (const scheme of ['light', 'dark']) {
        await one.look({ scheme, motion: 'reduce' });
        const { wrong, count } = await one.evaluate(faintOnCanvas, TEXT_MIN, GROUND_SHARE);
        assert.deepEqual(wrong, [], `the timeline, ${scheme}`);
        assert.ok(count > 10, `the timeline has texts: ${count}`);
      }
    }
  },
};
