// 10b. A user clicks on a box in a box
const [outer, inner] = [0, 1].map(() => document.createElement('div'));
new MutationObserver(() => console.log('mutate')).observe(outer, { attributes: true });
for (const box of [outer, inner]) {
  box.addEventListener('click', () => {
    console.log('click');
    setTimeout(() => console.log('timeout'), 0);
    Promise.resolve().then(() => console.log('promise'));
    outer.setAttribute('data-click', Math.random());
  });
}
document.body.append(outer);
outer.append(inner);
inner.append('click here');
