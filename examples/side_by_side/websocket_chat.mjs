// A chat room over WebSocket, and three guests who come one after the other and speak in turn.

import { on, once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";

const NAMES = ["Ada", "Ben", "Cyd"];
const room = new Set();

function broadcast(words) {
  for (const socket of room) socket.send(words);
}

async function member(socket) {
  let name;
  try {
    for await (const [words] of on(socket, "message", { close: ["close"] })) {
      if (name === undefined) {
        name = words;
        room.add(socket);
        broadcast(`${name} has come`);
      } else broadcast(`${name}: ${words}`);
    }
  } finally {
    room.delete(socket);
  }
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (socket) => member(socket).catch((error) => console.error(error)));
await once(server, "listening");
const guests = [];

async function allHear() {
  for (const { name, messages } of guests) {
    const { value: [words] } = await messages.next();
    console.log(`${name} hears: ${words}`);
  }
}

for (const name of NAMES) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  guests.push({ name, socket, messages: on(socket, "message") });
  await once(socket, "open");
  socket.send(name);
  await allHear();
}
for (const { socket } of guests) {
  socket.send("good evening");
  await allHear();
}
for (const { name, socket } of guests) {
  socket.close(1000);
  const [code] = await once(socket, "close");
  console.log(`${name} leaves: ${code}`);
}
server.close();
