// An echo server over TLS of node's `ws`. Usage: node tls_server.mjs FOLDER CHAIN KEY, where FOLDER holds
// node_modules/ws. Its first line is its address.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, chain, key] = process.argv.slice(2);
const { WebSocketServer } = createRequire(join(folder, 'package.json'))('ws');

const server = createServer({ cert: readFileSync(chain), key: readFileSync(key) });
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen(0, '127.0.0.1', () => console.log(`wss://localhost:${server.address().port}/`));
