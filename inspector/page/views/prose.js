// Prose: the words of a source file, which are the comment that it begins with.
//
// It knows what such a comment is made of: paragraphs, headings, lists, blocks and words of code,
// and emphasis.
// Promises that all of it stays text.

import { el } from './dom.js';

const DOC = /^\/\/! ?(.*)$/;
/** Words between two asterisks that touch them, and no other word. */
const EMPHASIS = /(?<![\w*])\*(?![\s*])([^*]*[^\s*])\*(?![\w*])/;

/** The words of a file, as elements. @param {string[]} lines those of the file */
export function proseOf(lines) {
  return blocksOf(docOf(lines)).map(elementOf);
}

/** Lines cut into blocks: `{ kind, lines }`, a kind being 'text', 'heading', 'list' or 'code'. */
export function blocksOf(lines) {
  const blocks = [];
  let block = null;
  for (const line of lines) {
    const isFence = line.startsWith('```');
    if (block?.kind === 'code' ? isFence : line.trim() === '') {
      block = null;
      continue;
    }
    const kind = block?.kind === 'code' ? 'code' : kindOf(line, isFence, block);
    if (kind !== block?.kind || kind === 'heading') {
      block = { kind, lines: [] };
      blocks.push(block);
    }
    if (!isFence) block.lines.push(line);
  }
  return blocks;
}

/** How many lines of a file are its words. */
export function docLength(lines) {
  return docOf(lines).length;
}

function docOf(lines) {
  const end = lines.findIndex((line) => !DOC.test(line));
  return lines.slice(0, end < 0 ? lines.length : end).map((line) => DOC.exec(line)[1]);
}

function kindOf(line, isFence, block) {
  if (isFence) return 'code';
  if (/^#+ /.test(line)) return 'heading';
  if (/^([-*]|\d+\.) /.test(line)) return 'list';
  // What is indented goes on with its item.
  return block?.kind === 'list' && line.startsWith(' ') ? 'list' : 'text';
}

function elementOf({ kind, lines }) {
  switch (kind) {
    case 'heading': return el('h3', {}, ...words(lines.join(' ').replace(/^#+ /, '')));
    case 'code': return el('pre', {}, lines.join('\n'));
    case 'list': return el(/^\d/.test(lines[0]) ? 'ol' : 'ul', {}, ...itemsOf(lines));
    default: return el('p', {}, ...words(lines.join(' ')));
  }
}

function itemsOf(lines) {
  const items = [];
  for (const line of lines) {
    if (line.startsWith(' ') && items.length > 0) items.push(`${items.pop()} ${line.trim()}`);
    else items.push(line.replace(/^([-*]|\d+\.) /, ''));
  }
  return items.map((text) => el('li', {}, ...words(text)));
}

/**
 * A text cut into `[tag, text]`, the tag being 'code', 'em' or null; of a link the words alone. An
 * asterisk that opens or closes nothing stays one.
 */
export function spansOf(text) {
  const plain = text.replace(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/\[(`[^\]]*`)\]/g, '$1');
  const spans = plain.split('`').flatMap((part, at) => (at % 2 === 1 ? [['code', part]]
    : part.split(EMPHASIS).map((one, i) => [i % 2 === 1 ? 'em' : null, one])));
  return spans.filter(([, one]) => one !== '');
}

function words(text) {
  return spansOf(text).map(([tag, one]) => (tag ? el(tag, {}, one) : one));
}
