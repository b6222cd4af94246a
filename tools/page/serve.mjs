// Serve: the page's files without a program behind them, and a stand-in for one.
//
// The stand-in answers with states that a test has made: an idle loop, tasks that wait for each
// other, a control that is allowed. It says what a real inspector says, with the same headers.

import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const KINDS = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const HEADERS = {
  'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};
const PUSH_EVERY_MS = 100;
/** What RFC 6455 has a server add to the key. */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Serves the page in this folder; `standIn` is `{ state(), cancel(body), order(path, body) }`, or
 * nobody.
 */
export async function serve(folder, standIn = null) {
  const sockets = new Set();
  const server = http.createServer((request, response) => {
    answer(folder, standIn, request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket) => push(standIn, request, socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${server.address().port}`;
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const url = `http://${address}/`;
  return { address, url, watched: `${url}#${'5'.repeat(64)}`, close };
}

function answer(folder, standIn, request, response) {
  const { pathname } = new URL(request.url, 'http://x');
  const say = (status, kind, body) => {
    response.writeHead(status, { ...HEADERS, 'Content-Type': kind });
    response.end(body);
  };
  if (standIn && pathname === '/state') {
    say(200, 'application/json', JSON.stringify(standIn.state()));
  } else if (standIn && request.method === 'POST') post(standIn, pathname, request, say);
  else {
    const name = pathname === '/' ? 'index.html' : pathname.replace(/^\/page\/|^\//, '');
    const file = path.join(folder, path.normalize(`/${name}`));
    if (!fs.existsSync(file)) say(404, 'application/json', '{"error":"nothing is here"}');
    else say(200, KINDS[path.extname(file)] ?? 'text/html', fs.readFileSync(file));
  }
}

async function post(standIn, pathname, request, say) {
  let body = '';
  for await (const part of request) body += part;
  const said = JSON.parse(body);
  const { status, error, answer } = pathname === '/cancel'
    ? standIn.cancel(said) : standIn.order(pathname, said);
  say(status, 'application/json', JSON.stringify(error ? { error } : answer ?? {}));
}

/** The live socket: a state every now and then, and no events. */
function push(standIn, request, socket) {
  const accept = crypto.createHash('sha1')
    .update(request.headers['sec-websocket-key'] + MAGIC).digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`, 'Sec-WebSocket-Protocol: glassloop.v1',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let number = 0;
  const timer = setInterval(() => {
    const { process, loops, host_queues: queues } = standIn.state();
    const state = { process, loops, host_queues: queues };
    socket.write(frame(JSON.stringify({ missed: 0, push: number, state, places: {} })));
    number += 1;
  }, PUSH_EVERY_MS);
  socket.on('close', () => clearInterval(timer));
  socket.on('error', () => clearInterval(timer));
  socket.on('data', () => {});
}

/** A text message, whole. */
function frame(text) {
  const data = Buffer.from(text);
  if (data.length < 126) return Buffer.concat([Buffer.from([0x81, data.length]), data]);
  if (data.length < 65_536) {
    const head = Buffer.from([0x81, 126, 0, 0]);
    head.writeUInt16BE(data.length, 2);
    return Buffer.concat([head, data]);
  }
  const head = Buffer.alloc(10);
  head.writeUInt16BE(0x817f, 0);
  head.writeBigUInt64BE(BigInt(data.length), 2);
  return Buffer.concat([head, data]);
}
