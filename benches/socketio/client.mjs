// node's own client. It does what the others do, and prints its figures.
//   node client.mjs FOLDER ADDRESS EVENTS LONG_EVENTS ASKS ASKS_AT_ONCE

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const [folder, url, ...numbers] = process.argv.slice(2);
const [events, longEvents, asks, asksAtOnce] = numbers.map(Number);
const { io } = createRequire(`${folder}/`)('socket.io-client');

const [SHORT, LONG, AT_ONCE, WARM_UP] = [32, 1016, 64, 10];
const report = {};

/** Does it once in small, and then measured. */
async function measured(name, count, act) {
  await act(Math.floor(count / WARM_UP));
  const [begun, processor] = [process.hrtime.bigint(), process.cpuUsage()];
  const more = await act(count);
  const { user, system } = process.cpuUsage(processor);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  report[name] = { count, seconds, processor: (user + system) / 1e6, ...more };
}

/** Events to the server, and then the question how many have come. */
async function put(count, letters) {
  const text = 'x'.repeat(letters);
  for (let number = 0; number < count; number += 1) socket.emit('put', number, text);
  const sum = (count * (count - 1)) / 2;
  const came = await new Promise((done) => {
    socket.emit('count', (...all) => done(all));
  });
  assert.deepEqual(came, [count, sum], 'the server has heard all');
}

/** Events from the server, which is asked for them. */
async function get(count, letters) {
  let expected = 0;
  await new Promise((done) => {
    socket.on('tick', (number, text) => {
      assert.equal(number, expected, 'they come in their order');
      assert.equal(text.length, letters);
      expected += 1;
      if (expected === count) done();
    });
    socket.emit('get', count, letters);
  });
  socket.off('tick');
}

const question = 'x'.repeat(SHORT);

async function echo(number) {
  assert.equal(await socket.emitWithAck('echo', number, question), number);
}

/** One after the other, and how long each took. */
async function ask(count) {
  const took = [];
  for (let number = 0; number < count; number += 1) {
    const begun = process.hrtime.bigint();
    await echo(number);
    took.push(Number(process.hrtime.bigint() - begun) / 1e3);
  }
  took.sort((a, b) => a - b);
  const quantile = (share) => took[Math.round((took.length - 1) * share)];
  return { median_us: quantile(0.5), p99_us: quantile(0.99) };
}

/** By several, each of which asks one after the other. */
async function askAtOnce(count) {
  await Promise.all(Array.from({ length: AT_ONCE }, async (_, first) => {
    for (let number = first; number < count; number += AT_ONCE) await echo(number);
  }));
}

const socket = io(url, { transports: ['websocket'], reconnection: false });
await new Promise((done) => {
  socket.on('connect', done);
});
await measured('put', events, (count) => put(count, SHORT));
await measured('put-1k', longEvents, (count) => put(count, LONG));
await measured('get', events, (count) => get(count, SHORT));
await measured('get-1k', longEvents, (count) => get(count, LONG));
await measured('ask', asks, ask);
await measured('ask-64', asksAtOnce, askAtOnce);
socket.disconnect();
console.log(JSON.stringify(report));
