// Reader: has large texts read in a worker, and takes a slice of what was read in each frame.
//
// Promises that a state is handed on whole or not at all.

export class Reader {
  constructor(take) {
    this.take = take;
    this.worker = null;
    this.push = null;
    this.isAsked = false;
  }

  /** A text; what is read of an older one is forgotten. */
  read(text, loop) {
    if (!this.worker) {
      this.worker = new Worker('/page/views/parser.js', { type: 'module' });
      this.worker.onmessage = ({ data }) => this.slice(data);
    }
    // While one is taken the next ones wait: the newest of them.
    if (this.push || this.isAsked) {
      this.later = { text, loop };
      return;
    }
    this.isAsked = true;
    this.worker.postMessage({ text, loop });
  }

  /** Asks for the next slice: once a frame. */
  next() {
    if (!this.push || this.isAsked) return;
    this.isAsked = true;
    this.worker.postMessage({});
  }

  slice({ push, loop, name, rows, done }) {
    this.isAsked = false;
    if (push) {
      this.push = push;
      this.row = push.state?.loops?.find((row) => row.loop.number === loop);
    } else if (done) {
      const whole = this.push;
      this.push = null;
      this.take(whole);
      if (this.later) {
        const { text, loop } = this.later;
        this.later = null;
        this.read(text, loop);
      }
    } else {
      for (const row of rows) this.row[name].push(row);
    }
  }
}
