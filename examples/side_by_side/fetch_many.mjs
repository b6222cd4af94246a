// Eight pages, at most three of them at once. (HTTP is built in; the other two write it by hand.)

import { once } from "node:events";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const PAGES = 8;
const AT_ONCE = 3;
let busy = 0;
let most = 0;

async function serve(request, response) {
  await sleep(20);
  response.setHeader("Connection", "close");
  response.end(`this is ${request.url}`);
}

async function fetchPage(port, page) {
  busy += 1;
  most = Math.max(most, busy);
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/page/${page}`);
    return `${answer.status} ${await answer.text()}`;
  } finally {
    busy -= 1;
  }
}

const server = http.createServer(serve).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();

// There is no semaphore: so many workers take from one list.
const answers = [];
let next = 1;
async function worker() {
  while (next <= PAGES) {
    const page = next++;
    answers[page - 1] = await fetchPage(port, page);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, worker));
for (const answer of answers) console.log(answer);
console.log(`at most ${most} at once`);
server.close();
