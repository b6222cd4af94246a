// File: recordings that are opened, dropped on the page, and exported.
//
// Promises that a file which is none is told of in a sentence, and changes nothing.

import { show } from './dom.js';

/** Files larger than this are not opened. */
const BYTES_MAX = 400 << 20;

/** Opens what is dropped anywhere on the page. */
export function listenForDrops(veil, open) {
  let depth = 0;
  const isFile = (event) => event.dataTransfer?.types.includes('Files');
  addEventListener('dragenter', (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    depth += 1;
    show(veil, true);
  });
  addEventListener('dragleave', (event) => {
    if (!isFile(event)) return;
    depth -= 1;
    if (depth <= 0) show(veil, false);
  });
  addEventListener('dragover', (event) => {
    if (isFile(event)) event.preventDefault();
  });
  addEventListener('drop', (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    depth = 0;
    show(veil, false);
    const [file] = event.dataTransfer.files;
    if (file) open(file);
  });
}

/** What the browser asks for a file with: nobody else holds it while the user looks for one. */
let chosen = null;

/** Lets the user choose a file. */
export function chooseFile(open) {
  chosen = document.createElement('input');
  const input = chosen;
  input.type = 'file';
  input.accept = '.json,.trace,application/json';
  input.addEventListener('change', () => {
    if (input.files[0]) open(input.files[0]);
  });
  input.click();
}

/** The text of a file; throws a sentence. */
export async function textOf(file) {
  if (file.size > BYTES_MAX) {
    throw new Error(`expected a recording of at most ${BYTES_MAX >> 20} MB, came a larger file`);
  }
  return file.text();
}

/** Offers a text as a file to keep. */
export function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
