// Perfetto's trace processor, as its web page runs it in a worker, without a browser.
//
//   node trace_processor.cjs PAGE REQUESTS ANSWERS
//
// PAGE is the folder of the page's `engine_bundle.js`. REQUESTS and ANSWERS are files of messages, each
// behind its length, four bytes, the least first.

const fs = require("fs");
const path = require("path");
const vm = require("vm");

const [page, requests, answers] = process.argv.slice(2);
const file = (url) => fs.readFileSync(path.join(page, path.basename(url)));

// What the worker finds in a browser, and nothing of node's: it would take itself to be elsewhere.
const say = (...words) => console.error(...words);
const scope = {
  console: { log: say, warn: say, error: say },
  location: { href: "http://localhost/engine_bundle.js" },
  setTimeout, clearTimeout, TextDecoder, TextEncoder, URL, performance,
  crypto: globalThis.crypto,
  WorkerGlobalScope: class {},
  XMLHttpRequest: class {
    open(_, url) { this.url = url; }
    send() {
      const bytes = file(this.url);
      this.status = 200;
      this.response = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    }
  },
};
scope.self = scope;
vm.createContext(scope);
try {
  vm.runInContext(file("engine_bundle.js").toString(), scope);
} catch (error) {
  // Whole, it would have the line: the bundle.
  say(`trace_processor: the page's worker did not start: ${error.message}`);
  process.exit(1);
}

const came = [];
const port = { postMessage: (bytes) => came.push(Buffer.from(bytes)) };
scope.onmessage({ data: port });

// The worker is made in this turn, and ready when what it promised itself is done.
setTimeout(() => {
  const Bytes = vm.runInContext("Uint8Array", scope);
  const all = fs.readFileSync(requests);
  for (let at = 0; at < all.length; ) {
    const end = at + 4 + all.readUInt32LE(at);
    port.onmessage({ data: new Bytes(all.subarray(at + 4, end)) });
    at = end;
  }
  const framed = came.flatMap((bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  fs.writeFileSync(answers, Buffer.concat(framed));
}, 1000);
