// The conversation that node and the browser have with the tour, over the standard WebSocket interface:
// 100 messages, text and binary in turn, each compared with its echo; then a clean close.

const COUNT = 100;
const SIZE_MAX = 65536;
// Where a frame's length changes its form, and the ends.
const EDGES = [0, 1, 125, 126, 127, 65534, 65535, 65536];

/** The size of message `i` in bytes: first each edge, as text and as binary, then a spread. */
function sizeOf(i) {
  const pair = i >> 1;
  return pair < EDGES.length ? EDGES[pair] : (i * i * 7919) % (SIZE_MAX + 1);
}

/** Text of exactly `size` bytes in UTF-8, most of it two bytes a character. */
function textOf(size) {
  return 'x'.repeat(size % 2) + '\u00e9'.repeat(size >> 1);
}

function bytesOf(size, i) {
  return Uint8Array.from({ length: size }, (_, at) => (at * 31 + i) & 255);
}

function isSame(sent, received) {
  if (typeof sent === 'string') return sent === received;
  if (!(received instanceof ArrayBuffer) || received.byteLength !== sent.length) return false;
  const bytes = new Uint8Array(received);
  return sent.every((byte, at) => byte === bytes[at]);
}

/** Resolves to a sentence that says what was echoed, or rejects with what went wrong. */
export function echo(Socket, address) {
  return new Promise((resolve, reject) => {
    const socket = new Socket(address);
    socket.binaryType = 'arraybuffer';
    let index = -1, bytes = 0, sent;

    function sendNext() {
      index += 1;
      if (index === COUNT) return socket.close(1000, 'done');
      const size = sizeOf(index);
      sent = index % 2 ? bytesOf(size, index) : textOf(size);
      bytes += size;
      socket.send(sent);
    }

    socket.addEventListener('open', sendNext);
    socket.addEventListener('message', ({ data }) => {
      if (index >= COUNT) reject(new Error('a message nobody asked for'));
      else if (isSame(sent, data)) sendNext();
      else reject(new Error(`message ${index} (${sizeOf(index)} bytes) came back changed`));
    });
    socket.addEventListener('error', (event) => reject(new Error(event.message ?? 'socket error')));
    socket.addEventListener('close', ({ code, wasClean }) => {
      if (index === COUNT && code === 1000 && wasClean) resolve(`${COUNT} messages, ${bytes} bytes`);
      else reject(new Error(`closed with ${code} at message ${index}`));
    });
  });
}
