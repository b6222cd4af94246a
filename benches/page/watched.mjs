// Watched: a tab that shows a crowd, with its frames timed and its socket listened to.
//
// What came over the socket is counted beside the page, from the head of each message, and a
// message that doesn't begin where the one before it ended is a fault.

/** So long nothing changes on a page that has drawn all it has. */
const REST_MS = 1500;
const REST_BOUND_MS = 30_000;

/** Runs in the page before its own scripts. */
function listen() {
  const wire = { events: 0, lost: 0, messages: 0, next: null, faults: 0, bytes: 0, texts: 0 };
  window.wire = wire;
  const hear = ({ data }) => {
    wire.bytes += typeof data === 'string' ? data.length : data.byteLength;
    if (typeof data === 'string') {
      wire.texts += 1;
      return;
    }
    const head = new DataView(data);
    const [first, lost] = [head.getFloat64(8, true), head.getFloat64(16, true)];
    const events = Math.floor(data.byteLength / 32) - 1;
    if (wire.next !== null && first !== wire.next + lost) wire.faults += 1;
    // What was overwritten before the page came was never on its way to it.
    if (wire.next !== null) wire.lost += lost;
    wire.events += events;
    wire.messages += 1;
    wire.next = first + events;
  };
  window.WebSocket = class extends WebSocket {
    constructor(...all) {
      super(...all);
      this.addEventListener('message', hear);
    }
  };
}

/** From now on notes when each frame is drawn. */
function timeFrames() {
  window.frames = [performance.now()];
  const frame = () => {
    window.frames.push(performance.now());
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** What the header says: its three counts. */
function counts() {
  const said = document.querySelector('.counts').textContent;
  const found = /^(.+) of (.+) events drawn, (.+) dropped$/.exec(said);
  if (!found) return null;
  const [drawn, sent, dropped] = found.slice(1).map((word) => Number(word.replace(/\s/g, '')));
  return { drawn, sent, dropped, wire: window.wire };
}

export class Watched {
  /** Opens a page, which is live and shows tasks when this returns. */
  static async open(browser, url) {
    const tab = await browser.tab();
    // The browser would hand each message over the pipe.
    await tab.send('Network.disable');
    await tab.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${listen})()` });
    await tab.go(url);
    await tab.until('the page to be live', () => (
      /live/.test(document.querySelector('.feed-state').textContent)
      && document.querySelectorAll('.task-rows .task-row').length > 0));
    return new Watched(tab);
  }

  constructor(tab) {
    this.tab = tab;
  }

  begin() {
    return this.tab.evaluate(timeFrames);
  }

  /** Milliseconds from frame to frame since it began. */
  async gaps() {
    const frames = await this.tab.evaluate(() => [...window.frames, performance.now()]);
    return frames.slice(1).map((at, i) => at - frames[i]);
  }

  counts() {
    return this.tab.evaluate(counts);
  }

  /** Keeps the page from doing anything for so long. */
  hold(ms) {
    return this.tab.evaluate((long) => {
      const end = performance.now() + long;
      while (performance.now() < end);
    }, ms);
  }

  /** The counts of a page that has come to rest; its program has stopped. */
  async atRest() {
    const bound = Date.now() + REST_BOUND_MS;
    let [last, since] = ['', Date.now()];
    while (Date.now() - since < REST_MS) {
      const now = JSON.stringify(await this.counts());
      if (now !== last) [last, since] = [now, Date.now()];
      if (Date.now() > bound) throw new Error(`the page does not come to rest: ${now}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return JSON.parse(last);
  }

  async close() {
    await this.tab.close();
  }

  /** What went wrong on the page. */
  get faults() {
    return this.tab.wrongs;
  }
}
