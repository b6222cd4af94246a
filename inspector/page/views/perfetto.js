// Perfetto: hands a trace to ui.perfetto.dev in a window of its own.
//
// The trace goes from window to window and over no network. That page answers PONG once it listens.

const ORIGIN = 'https://ui.perfetto.dev';
const PING_EVERY_MS = 100;
const GIVE_UP_MS = 30_000;

/** Opens the window; must be called by a click or a key. Gives what to say if it failed. */
export function openPerfetto(title, traceText) {
  const there = window.open(ORIGIN);
  if (!there) return Promise.resolve('The browser has blocked the window.');
  return new Promise((resolve) => {
    const begun = performance.now();
    const timer = setInterval(() => {
      const isLate = performance.now() - begun > GIVE_UP_MS;
      if (there.closed || isLate) done('Perfetto has not answered.');
      else there.postMessage('PING', ORIGIN);
    }, PING_EVERY_MS);
    const heard = async (event) => {
      if (event.origin !== ORIGIN || event.data !== 'PONG') return;
      done(null);
      const { buffer } = new TextEncoder().encode(await traceText);
      there.postMessage({ perfetto: { buffer, title, fileName: `${title}.json` } }, ORIGIN);
    };
    function done(said) {
      clearInterval(timer);
      removeEventListener('message', heard);
      resolve(said);
    }
    addEventListener('message', heard);
  });
}
