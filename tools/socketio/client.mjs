// node's socket.io-client against our server: `node client.mjs FOLDER PROGRAM`. FOLDER has its modules,
// PROGRAM is the example. A line a case; the last one is `N passed, M failed`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, program] = process.argv.slice(2);
const { io } = createRequire(`${folder}/node_modules/`)("socket.io-client");
const SECOND = 1000;

// ---- the server ----

let server;
let port = 0;

async function start(...options) {
  server = spawn(program, ["--port", `${port}`, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    port = Number(line.match(/^ws:\/\/127\.0\.0\.1:(\d+)\//)[1]);
    return;
  }
  throw new Error("the server said no address");
}

async function stop() {
  if (server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGKILL");
  await ended;
}

// ---- what the cases share ----

const sockets = [];

function connect(namespace = "/", options = {}) {
  const socket = io(`http://127.0.0.1:${port}${namespace}`, {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: 100,
    timeout: 5 * SECOND,
    ...options,
  });
  sockets.push(socket);
  return socket;
}

// The arguments of the next such event, or a failure that names it.
function heard(emitter, name, millis = 5 * SECOND) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${name} within ${millis} ms`)), millis);
    emitter.once(name, (...values) => {
      clearTimeout(late);
      resolve(values);
    });
  });
}

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

function same(came, expected) {
  const [a, b] = [came, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`expected ${b}, came ${a}`);
}

async function ready(namespace, options) {
  const socket = connect(namespace, options);
  await heard(socket, "connect");
  return socket;
}

// ---- the cases ----

const cases = {
  "it is let in, under its name, with what it shows": async () => {
    const socket = connect("/", { auth: { name: "ada" } });
    const [[id, auth]] = await Promise.all([heard(socket, "welcome"), heard(socket, "connect")]);
    same([id, auth], [socket.id, { name: "ada" }]);
  },
  "two namespaces share a connection": async () => {
    const root = await ready("/", { forceNew: false });
    const admin = root.io.socket("/admin", { auth: { password: "open sesame" } });
    const [id, name] = await heard(admin, "welcome");
    same([id, name], [admin.id, "/admin"]);
    if (admin.id === root.id) throw new Error("each has a name of its own");
    same(await admin.emitWithAck("anything"), { done: true });
    admin.disconnect();
    same(await root.emitWithAck("sum", 1, 2), 3);
  },
  "who is refused is told why, with data": async () => {
    const [error] = await heard(connect("/admin", { auth: { password: "guess" } }), "connect_error");
    same([error.message, error.data], ["wrong password", { code: 401 }]);
  },
  "an unknown namespace is refused": async () => {
    const [error] = await heard(connect("/nowhere"), "connect_error");
    same(error.message, "Invalid namespace");
  },
  "events pass both ways as they are": async () => {
    const socket = await ready();
    const value = { a: [1, -2.5, 1e21, null, true], "ü": "line\nbreak \u{1f600} \u2028" };
    socket.emit("echo", value);
    same(await heard(socket, "echo"), [value]);
  },
  "the server answers": async () => {
    const socket = await ready();
    same(await socket.timeout(SECOND).emitWithAck("sum", 1, 2, 39), 42);
    same(await Promise.all([1, 2, 3].map((n) => socket.emitWithAck("sum", n, n))), [2, 4, 6]);
  },
  "the client answers": async () => {
    const socket = await ready();
    socket.on("question", (words, answer) => answer(`${words} fine`));
    same(await socket.emitWithAck("ask me"), "how are you? fine");
  },
  "bytes pass to the server and back": async () => {
    const socket = await ready();
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
    const back = await socket.emitWithAck("reverse", bytes);
    if (!Buffer.from(back).equals(bytes.reverse())) throw new Error("other bytes came back");
  },
  "bytes come within an event": async () => {
    const socket = await ready();
    socket.emit("send me bytes");
    const [name, bytes] = await heard(socket, "bytes");
    same([name, [...bytes]], ["three", [1, 2, 3]]);
  },
  "a room hears, but for who speaks": async () => {
    const [a, b, c] = [await ready(), await ready(), await ready()];
    same(await a.emitWithAck("join", "room"), true);
    same(await b.emitWithAck("join", "room"), true);
    let wrong = 0;
    for (const socket of [a, c]) socket.on("told", () => (wrong += 1));
    const told = heard(b, "told");
    same(await a.emitWithAck("tell", "room", { words: 1 }), 1);
    const [room, words, bytes] = await told;
    same([room, words, [...bytes]], ["room", { words: 1 }, [0, 255]]);
    same(await b.emitWithAck("leave", "room"), true);
    same(await a.emitWithAck("tell", "room", "nobody"), 0);
    same(wrong, 0);
  },
  "ten thousand events come in their order": async () => {
    const socket = await ready();
    let next = 0;
    const all = new Promise((resolve, reject) => {
      socket.on("number", (number) => {
        if (number !== next) reject(new Error(`expected ${next}, came ${number}`));
        next += 1;
        if (next === 10_000) resolve();
      });
    });
    socket.emit("count", 10_000);
    await all;
  },
  "an event of nearly the longest length passes": async () => {
    const socket = await ready();
    socket.emit("echo", "x".repeat(999_000));
    same((await heard(socket, "echo"))[0].length, 999_000);
  },
  "one that is longer ends the connection": async () => {
    const socket = await ready("/", { reconnection: false });
    socket.emit("echo", "x".repeat(1_000_001));
    const [why, details] = await heard(socket, "disconnect");
    same([why, details.context?.code ?? details.context], ["transport close", 1009]);
  },
  "the server shows it out, and it stays out": async () => {
    const socket = await ready();
    socket.emit("show me out");
    same((await heard(socket, "disconnect"))[0], "io server disconnect");
    await pause(300);
    same(socket.connected, false);
    socket.connect();
    await heard(socket, "connect");
  },
  "the client leaves, and the server knows": async () => {
    const [a, b] = [await ready(), await ready()];
    const id = b.id;
    b.disconnect();
    same(await heard(a, "gone"), [id, "io client disconnect"]);
  },
  "the client breaks, and the server knows": async () => {
    const [a, b] = [await ready(), await ready("/", { reconnection: false })];
    const id = b.id;
    b.io.engine.close();
    same(await heard(a, "gone"), [id, "transport close"]);
  },
  "pings keep it": async () => {
    await stop();
    await start("--ping-ms", "100");
    const socket = await ready();
    let pings = 0;
    socket.io.on("ping", () => (pings += 1));
    await pause(SECOND);
    if (pings < 5) throw new Error(`only ${pings} pings came`);
    same([socket.connected, await socket.emitWithAck("sum", 1)], [true, 1]);
    await stop();
    await start();
  },
  "it comes back when the server does, and what it said meanwhile arrives": async () => {
    const socket = await ready();
    const before = socket.id;
    const lost = heard(socket, "disconnect");
    await stop();
    same((await lost)[0], "transport close");
    const answer = socket.emitWithAck("sum", 20, 22);
    await pause(300);
    const back = heard(socket, "connect", 10 * SECOND);
    await start();
    await back;
    same(await answer, 42);
    if (socket.id === before) throw new Error("it is another session");
  },
  "without the transport it is told so at once": async () => {
    const began = Date.now();
    const socket = connect("/", { transports: ["polling", "websocket"], reconnection: false });
    const [error] = await heard(socket, "connect_error");
    same([error.message, error.context.status], ["xhr poll error", 400]);
    if (Date.now() - began > SECOND) throw new Error("it took too long");
  },
};

let passed = 0;
let failed = 0;
await start();
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    passed += 1;
    console.log(`passed  node: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  node: ${name}: ${error.message}`);
  }
  sockets.splice(0).forEach((socket) => socket.disconnect());
}
await stop();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
