// An echo server, and three clients at once.

import { once } from "node:events";
import net from "node:net";

const NAMES = ["Ada", "Ben", "Cyd"];

async function echo(socket) {
  for await (const read of socket) {
    if (!socket.write(read)) await once(socket, "drain");
  }
  socket.end();
}

async function ask(name, port) {
  const socket = net.connect(port, "127.0.0.1");
  await once(socket, "connect");
  const question = `${name} says hello`;
  socket.write(question);
  let answer = "";
  for await (const read of socket) {
    answer += read;
    if (answer.length >= question.length) break;
  }
  socket.destroy();
  return answer;
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  echo(socket).catch((error) => console.error(error));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();
const answers = await Promise.all(NAMES.map((name) => ask(name, port)));
for (const answer of answers) console.log("echoed:", answer);
server.close();
console.log(`${answers.length} clients, one thread`);
