// Fly: who is woken flies from the waiting room to the ready line, and on to the desk.
//
// Motion stands for causation alone: it is shown while a recording is stepped through or played,
// never while the page goes along with a loop, where turns are left out. Promises a few at a time,
// none for who wants little motion, and that a flight changes nothing of what is shown. It reads
// where the room and the lines stand, so it is drawn behind both.

const MOST = 10;
const TAKES_MS = 420;

export class Fly {
  topics = ['scene', 'mode'];

  constructor(root, { store, scene }) {
    Object.assign(this, { root, store, scene });
    this.littleMotion = matchMedia('(prefers-reduced-motion: reduce)');
    this.places = new Map();
    this.told = null;
  }

  draw() {
    const { store, scene } = this;
    if (store.isFollowing || !scene.moment) {
      this.places.clear();
      this.told = null;
      return;
    }
    const { running, ready } = scene.moment;
    const told = [running?.key ?? '', ...ready.slice(0, 40).map((item) => item.key)].join(' ');
    if (told === this.told) return;
    this.told = told;
    const places = this.look();
    const flights = [...places].filter(([key, place]) => {
      const before = this.places.get(key);
      return before !== undefined && before.where !== place.where;
    });
    if (!this.littleMotion.matches) {
      for (const [key, place] of flights.slice(0, MOST)) fly(this.places.get(key), place);
    }
    this.places = places;
  }

  /** Where everybody is. */
  look() {
    const places = new Map();
    for (const node of this.root.querySelectorAll('.chip[data-keys]')) {
      const [key] = node.dataset.keys.split('\n');
      const where = node.closest('.room') ? 'room' : node.closest('.line') ? 'line' : 'desk';
      if (!places.has(key) || where !== 'room') {
        places.set(key, { node, where, box: node.getBoundingClientRect() });
      }
    }
    return places;
  }
}

/** A copy flies; the thing itself is where it is. */
function fly({ box: from }, { node, box: to }) {
  if (to.width === 0 || from.width === 0) return;
  const copy = node.cloneNode(true);
  copy.classList.add('flying');
  copy.removeAttribute('data-keys');
  copy.setAttribute('aria-hidden', 'true');
  copy.style.left = `${to.left}px`;
  copy.style.top = `${to.top}px`;
  document.body.append(copy);
  const begin = `translate(${from.left - to.left}px, ${from.top - to.top}px)`;
  const flight = copy.animate(
    [{ transform: begin, opacity: 0.9 }, { transform: 'none', opacity: 1 }],
    { duration: TAKES_MS, easing: 'cubic-bezier(.2, .7, .2, 1)' },
  );
  flight.onfinish = () => copy.remove();
  flight.oncancel = () => copy.remove();
}
