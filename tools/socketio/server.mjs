// A server of node `socket.io` for tools/socketio.sh; what it does is what server.py does, too.
//
// Usage: node server.mjs FOLDER PORT [RECORD GENERATION]. FOLDER holds node_modules; port 0 is any. The
// address is its first line. Of each event `n` it writes a line to the file RECORD before it answers, and
// its answer is GENERATION. Beside the path `/socket.io/` there is `/quick/`, whose pings are frequent, and
// which takes short messages only and gives sessions back.

import { writeSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [folder, port, record, generation] = process.argv.slice(2);
const { Server } = createRequire(resolve(folder, 'package.json'))('socket.io');
const file = record ? openSync(record, 'a') : undefined;
const kept = new Map();
const departures = [];

// Bytes as what can be compared: how many, and their sum.
function measured(value) {
  if (Buffer.isBuffer(value)) return { bytes: value.length, sum: value.reduce((sum, byte) => sum + byte, 0) };
  if (Array.isArray(value)) return value.map(measured);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, measured(field)]));
}

function serve(namespace, io) {
  namespace.on('connection', (socket) => {
    // ---- values, which come back ----
    socket.on('echo', (...values) => socket.emit('echoed', ...values));
    socket.on('ask', (...values) => values.pop()(...values));
    socket.on('größe 🎉', (answer) => answer('gehört'));
    socket.on('measure', (...values) => values.pop()(...measured(values)));
    socket.on('raw', (text) => socket.conn.send(text));
    socket.on('say a number', () => socket.emit(7, 'seven'));
    socket.on('say half a letter', () => socket.emit('half', '\ud800'));
    socket.on('say no JSON', () => socket.conn.send('2["number",NaN]'));
    socket.on('say much', (length) => socket.emit('much', 'x'.repeat(length)));
    socket.on('count', (end) => {
      for (let number = 0; number < end; number += 1) socket.emit('number', number);
    });
    // ---- answers; `silence` has none ----
    socket.on('late', (ms, answer) => setTimeout(answer, ms, ms));
    socket.on('question', (within, ...values) => {
      socket.timeout(within).emit('question', ...values, (error, ...answer) => {
        if (error) socket.emit('no answer');
        else socket.emit('answer', ...measured(answer));
      });
    });
    // ---- what is known of the client ----
    socket.on('who', (answer) => {
      const { auth, query, headers } = socket.handshake;
      answer({ sid: socket.id, connection: socket.conn.id, auth, room: query.room, header: headers['x-case'] });
    });
    socket.on('connections', (answer) => answer(io.engine.clientsCount));
    socket.on('departures', (answer) => answer(departures));
    socket.on('disconnect', (reason) => departures.push([socket.id, reason]));
    // ---- what is kept for whoever asks ----
    socket.on('keep', (key, value, answer) => {
      if (!kept.has(key)) kept.set(key, []);
      kept.get(key).push(value);
      answer?.();
    });
    socket.on('kept', (key, answer) => answer(kept.get(key) ?? []));
    socket.on('n', (number, isAnswered, answer) => {
      if (file !== undefined) writeSync(file, `${namespace.name} ${number} ${isAnswered ? 'ack' : '-'}\n`);
      answer?.(Number(generation));
    });
    // ---- others ----
    socket.on('join', (room, answer) => {
      socket.join(room);
      answer();
    });
    socket.on('tell the room', (room, text) => namespace.to(room).emit('news', text));
    socket.on('tell the others', (text) => socket.broadcast.emit('news', text));
    // ---- ends ----
    socket.on('show out', () => socket.disconnect());
    socket.on('hang up', () => socket.conn.close());
    socket.on('break', () => socket.request.socket.destroy());
    socket.on('freeze', (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms));
    socket.on('hang up and tell', (room, texts) => {
      socket.conn.close();
      setTimeout(() => texts.forEach((text) => namespace.to(room).emit('news', text)), 50);
    });
  });
}

function start(http, options) {
  const io = new Server(http, { transports: ['websocket'], ...options });
  for (const name of ['/', '/chat', '/news', '/slow', '/guarded', '/greeting']) serve(io.of(name), io);
  serve(io.of(/^\/made-/), io);
  io.of('/slow').use((_, next) => setTimeout(next, 300));
  io.of('/closed').use((_, next) => next(new Error('closed')));
  io.of('/guarded').use((socket, next) => {
    const { token } = socket.handshake.auth;
    next(token === 'right' ? undefined : Object.assign(new Error('not you'), { data: { code: 3, token } }));
  });
  io.of('/greeting').on('connection', (socket) => {
    socket.emit('welcome', 'one');
    socket.emit('welcome', 'two');
  });
  return io;
}

const http = createServer();
const quick = { path: '/quick/', pingInterval: 300, pingTimeout: 1_000, maxHttpBufferSize: 10_000 };
const servers = [start(http, {}), start(http, { ...quick, connectionStateRecovery: {} })];
http.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${http.address().port}`));
process.on('SIGTERM', () => Promise.all(servers.map((io) => io.close())).then(() => process.exit(0)));
