// The server of all clients: node's own. It says its address, and runs until it is ended.
//
// `put` is counted, `count` answers how many have come and the sum of their numbers, `get` asks for
// so many events of so many letters, `echo` answers with the number that it has.
//   node server.mjs FOLDER     FOLDER has its packages

import { createRequire } from 'node:module';
import http from 'node:http';

const require = createRequire(`${process.argv[2]}/`);
const { Server } = require('socket.io');

/** So many events leave before others have their turn. */
const AT_ONCE = 100;

const web = http.createServer();
const io = new Server(web, { transports: ['websocket'] });

io.on('connection', (socket) => {
  let [count, sum] = [0, 0];
  socket.on('put', (number, text) => {
    if (typeof text !== 'string') throw new Error('expected a text');
    count += 1;
    sum += number;
  });
  socket.on('count', (answer) => {
    answer(count, sum);
    [count, sum] = [0, 0];
  });
  socket.on('get', (wanted, letters) => {
    const text = 'x'.repeat(letters);
    let number = 0;
    const more = () => {
      for (let i = 0; i < AT_ONCE && number < wanted; i += 1, number += 1) {
        socket.emit('tick', number, text);
      }
      if (number < wanted) setImmediate(more);
    };
    more();
  });
  socket.on('echo', (number, text, answer) => answer(number));
});

web.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${web.address().port}`));
