// Tests of the prose: how the words of a source file are cut into blocks.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { blocksOf, docLength, spansOf } from '../../../inspector/page/views/prose.js';

const cut = (text) => blocksOf(text.split('\n')).map(({ kind, lines }) => [kind, ...lines]);

test('words are cut into paragraphs, headings, lists and blocks of code', () => {
  assert.deepEqual(cut('one\nparagraph\n\nanother'), [['text', 'one', 'paragraph'],
    ['text', 'another']]);
  assert.deepEqual(cut('# Head\n## Second\ntext'), [['heading', '# Head'],
    ['heading', '## Second'], ['text', 'text']]);
  assert.deepEqual(cut('text\n- one\n  goes on\n- two\n\n1. first'), [['text', 'text'],
    ['list', '- one', '  goes on', '- two'], ['list', '1. first']]);
});

test('a block of code is whole, with its empty lines, and what follows it is words', () => {
  assert.deepEqual(cut('run:\n```text\na\n\n- b\n```\nthen\n```\nc\n```'), [['text', 'run:'],
    ['code', 'a', '', '- b'], ['text', 'then'], ['code', 'c']]);
  assert.deepEqual(cut('```\nnever closed'), [['code', 'never closed']]);
});

test('the words of a file are the comment that it begins with', () => {
  assert.equal(docLength(['//! One.', '//!', '//! Two.', 'use x;', '//! not this']), 3);
  assert.equal(docLength(['fn main() {}']), 0);
  assert.equal(docLength(['//! Only words.']), 1);
});

test('what is stressed is told from an asterisk alone and from one in code', () => {
  assert.deepEqual(spansOf('ours are *callbacks*: *later, once*.'), [[null, 'ours are '],
    ['em', 'callbacks'], [null, ': '], ['em', 'later, once'], [null, '.']]);
  assert.deepEqual(spansOf('a `*const T*` and *x*'), [[null, 'a '], ['code', '*const T*'],
    [null, ' and '], ['em', 'x']]);
  for (const text of ['2 * 3 * 4', 'a * alone', 'a*b*c', '* x *', '**', '*', '*open', '<b>*']) {
    assert.deepEqual(spansOf(text), [[null, text]]);
  }
  assert.deepEqual(spansOf('*<img src=x>* [it](x)'), [['em', '<img src=x>'], [null, ' it']]);
});
