// The service of the Silex scene, on node's socket.io: it asks for three actions, hears how far they
// are, and reports what it has heard. It is impatient: who is silent for a second is gone.
// Argument: the folder in which socket.io is installed.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Server } = createRequire(`${process.argv[2]}/`)("socket.io");

const http = createServer();
const io = new Server(http, { pingInterval: 500, pingTimeout: 500 });
const say = (...words) => console.log("service:", ...words);

// How far each action is, by its uuid.
const actions = new Map();

io.of("/dcc").on("connection", (socket) => {
  say(`${socket.handshake.auth.name} is here`);
  socket.on("initialization", ({ name, pid }) => say(`${name} is process ${pid}`));
  socket.on("disconnect", (why) => say(`it is gone: ${why}`));
});

io.of("/dcc/action").on("connection", (socket) => {
  socket.on("update", (uuid, name, step, heard) => {
    const action = actions.get(uuid);
    if (action.steps.includes(step)) action.again += 1;
    else action.steps.push(step);
    heard();
  });
});

io.of("/front-event").on("connection", (socket) => {
  socket.on("report", (heard) => {
    heard([...actions.values()].map(({ action, steps, again }) => [action, steps, again]));
  });
  if (actions.size > 0) return;
  for (const [index, action] of ["publish", "conform", "preview"].entries()) {
    actions.set(index, { action, steps: [], again: 0 });
    socket.emit("launch", action, index, (answer) => say(`${action} is ${answer}`));
  }
  socket.emit("all asked for");
});

http.listen(0, "127.0.0.1", () => say(`ws://127.0.0.1:${http.address().port}`));
