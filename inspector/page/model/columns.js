// Columns: typed arrays of one length, used as a ring of rows that are numbered for good.
//
// A row keeps its number as long as it is held. The arrays grow as needed, up to a bound; then each
// new row takes the place of the oldest. Nothing is allocated for a row.

const ROWS_LEAST = 1 << 10;

/** The smallest power of two that is not below `count`. */
function powerOfTwo(count) {
  let power = 1;
  while (power < count) power *= 2;
  return power;
}

export class Columns {
  /**
   * @param {Object<string, [Function, number]>} shape what each column is made of, and how many
   *   numbers a row has in it. Each becomes a field of this object.
   * @param {number} rowsMax so many rows are held at most.
   */
  constructor(shape, rowsMax) {
    this.shape = shape;
    this.rowsMax = Math.max(1, Math.floor(rowsMax));
    /** The number of the oldest row that is held. */
    this.first = 0;
    /** The number that the next row gets. */
    this.next = 0;
    this.head = 0;
    this.mask = 0;
    this.make(Math.min(ROWS_LEAST, powerOfTwo(this.rowsMax)));
  }

  get length() {
    return this.next - this.first;
  }

  /** Where in the arrays a row that is held lies. */
  slot(number) {
    return (this.head + (number - this.first)) & this.mask;
  }

  /** Forgets all rows; the next one gets this number. */
  restart(number) {
    this.first = number;
    this.next = number;
    this.head = 0;
  }

  /** Adds a row, which holds what was there before until it is written. Gives its place. */
  push() {
    if (this.next - this.first >= this.rowsMax) this.drop(1);
    if (this.next - this.first > this.mask) this.grow();
    const slot = this.slot(this.next);
    this.next += 1;
    return slot;
  }

  /** Forgets so many of the oldest rows. */
  drop(count) {
    this.first += count;
    this.head = (this.head + count) & this.mask;
  }

  make(capacity) {
    this.mask = capacity - 1;
    for (const [name, [Type, width]] of Object.entries(this.shape)) {
      this[name] = new Type(capacity * width);
    }
  }

  /** Twice as many places; the oldest row comes first. */
  grow() {
    const { head, mask } = this;
    const old = Object.keys(this.shape).map((name) => this[name]);
    this.make((mask + 1) * 2);
    this.head = 0;
    Object.entries(this.shape).forEach(([name, [, width]], at) => {
      this[name].set(old[at].subarray(head * width));
      this[name].set(old[at].subarray(0, head * width), (mask + 1 - head) * width);
    });
  }
}
