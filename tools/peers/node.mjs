// node's `ws` as a peer. Usage: node node.mjs FOLDER ADDRESS, where FOLDER holds node_modules/ws.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { echo } from './echo.mjs';

const [folder, address] = process.argv.slice(2);
const ws = createRequire(join(folder, 'package.json'))('ws');

try {
  console.log(await echo(ws.WebSocket, address));
} catch (error) {
  console.log(error.message);
  process.exit(1);
}
