// Feed: what is counted as sent, drawn and dropped, whatever becomes of the connection.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Feed } from '../../../inspector/page/views/feed.js';

const BYTES = 32;

/** A message of so many events from this number on, before which so many were lost. */
function message(first, lost, count) {
  const buffer = new ArrayBuffer(BYTES * (1 + count));
  const head = new DataView(buffer);
  head.setUint32(0, 0x31474c47, true);
  head.setUint32(4, 1, true);
  head.setFloat64(8, first, true);
  head.setFloat64(16, lost, true);
  return buffer;
}

/** A feed of a page that is in sight, and what it has drawn: `[first, count, lost]`. */
function started() {
  globalThis.document = { hidden: false };
  const taken = [];
  const append = ({ first, lost, bytes }) => taken.push([first, bytes.length / BYTES, lost]);
  const store = { feed: {}, note() {}, recording: { append } };
  const feed = new Feed({ store, token: '', begin() {} });
  feed.wantedLoop = 1;
  return { feed, store, taken };
}

function counts({ drawn, sent, dropped }) {
  return { drawn, sent, dropped };
}

test('what was overwritten before the page came was never sent to it; what was after, was', () => {
  const { feed, store, taken } = started();
  feed.events(message(1000, 1000, 10));
  feed.events(message(1010, 0, 5));
  feed.events(message(1022, 7, 3));
  feed.drain();
  assert.deepEqual(counts(store.feed), { drawn: 18, sent: 25, dropped: 7 });
  assert.deepEqual(taken, [[1000, 10, 0], [1010, 5, 0], [1022, 3, 7]]);
});

test('who connects again is sent from the beginning, and has lost what came between', () => {
  const { feed, store, taken } = started();
  feed.events(message(1000, 1000, 10));
  feed.events(message(1030, 1030, 5));
  feed.drain();
  assert.deepEqual(counts(store.feed), { drawn: 15, sent: 35, dropped: 20 });
  assert.deepEqual(taken, [[1000, 10, 0], [1030, 5, 20]]);
});

test('who connects again is not sent twice what it has', () => {
  const { feed, store, taken } = started();
  feed.events(message(1000, 1000, 10));
  feed.events(message(1004, 1004, 4));
  feed.events(message(1008, 0, 6));
  feed.drain();
  assert.deepEqual(counts(store.feed), { drawn: 14, sent: 14, dropped: 0 });
  assert.deepEqual(taken, [[1000, 10, 0], [1008, 0, 0], [1010, 4, 0]]);
});
