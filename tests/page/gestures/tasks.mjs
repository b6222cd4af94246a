// Gestures on the tree of tasks.

import assert from 'node:assert/strict';

import { lit, read, rows, selected } from '../../../tools/page/sights.mjs';

const SIGNS = { running: '▶', ready: '◆', waiting: '○' };

/** Where the row of a task is, on its name. */
function rowOf(tab, id) {
  return tab.until(`the row of ${id}`, (key) => {
    const box = [...document.querySelectorAll('.task-row')]
      .find((node) => node.dataset.keys?.startsWith(`${key}\n`))?.getBoundingClientRect();
    return box ? { x: box.x + 150, y: box.y + 11 } : null;
  }, id);
}

export default {
  'the tree shows who spawned whom': async (house) => {
    const { row } = read(await house.recording());
    const tab = await house.opened();
    const shown = await rows(tab);
    const known = new Map(row.tasks.map((task) => [task.id, task]));
    const level = (task) => (known.has(task?.parent) ? 1 + level(known.get(task.parent)) : 1);
    assert.ok(shown.some((one) => one.level > 1), 'somebody has a parent');
    for (const one of shown) {
      const task = known.get(one.key);
      assert.equal(one.level, level(task), `${one.key} is at its level`);
      assert.ok(one.name.startsWith(`${task.id} ${task.name.slice(0, 8)}`), one.name);
      assert.equal(one.sign, SIGNS[task.state]);
      if (one.level === 1) continue;
      const above = shown.slice(0, shown.indexOf(one));
      const before = above.findLast((other) => other.level < one.level);
      assert.equal(before.key, task.parent, `${one.key} stands below its parent`);
    }
    assert.equal(await tab.text('#tasks-title .sub'), `${row.tasks.length} tasks`);
  },

  'the filter keeps the tasks that fit': async (house) => {
    const { row } = read(await house.recording());
    const tab = await house.opened();
    await tab.keys('/');
    await tab.type('server');
    await tab.until('the rows to be fewer', (all) => {
      const there = document.querySelectorAll('.task-rows .task-row').length;
      return there > 0 && there < all;
    }, row.tasks.length);
    const kept = await rows(tab);
    const wanted = row.tasks.filter((task) => JSON.stringify(task).includes('server'));
    assert.deepEqual(kept.map(({ key }) => key).sort(), wanted.map(({ id }) => id).sort());
    const told = await tab.text('#tasks-title .sub');
    assert.equal(told, `${kept.length} of ${row.tasks.length} tasks`);
    // Keys that mean something elsewhere are letters here, and Escape leaves.
    await tab.type('jnp');
    assert.equal(await tab.evaluate(() => document.querySelector('#filter').value), 'serverjnp');
    await tab.keys('Escape');
    await tab.until('the field to be left', () => document.activeElement.id !== 'filter');
  },

  'j and k go from task to task': async (house) => {
    const tab = await house.opened();
    const list = (await rows(tab)).map(({ key }) => key);
    await tab.keys('j');
    await selected(tab, list[0]);
    await tab.keys('j', 'j');
    await selected(tab, list[2]);
    await tab.keys('k');
    await selected(tab, list[1]);
    await tab.keys('ArrowDown');
    await selected(tab, list[2]);
    assert.ok((await tab.text('#detail-title')).includes(`${list[2]} `));
  },

  'Escape selects nothing': async (house) => {
    const tab = await house.opened();
    const [{ key }] = await rows(tab);
    await tab.keys('j');
    await selected(tab, key);
    await tab.keys('Escape');
    await tab.until('nothing to be selected', () => (
      document.querySelector('.task-row[aria-selected="true"]') === null
      && document.querySelector('#detail-title').textContent.startsWith('Loop ')));
  },

  'a click on a task selects it on the whole page': async (house) => {
    const { row } = read(await house.recording());
    const { id } = row.tasks.find(({ name }) => name === 'ticker');
    const tab = await house.opened();
    const at = await rowOf(tab, id);
    await tab.click(at.x, at.y);
    await selected(tab, id);
    await tab.until('the detail and the room to have it', (key) => document
      .querySelector('#detail-title').textContent.includes(key)
      && [...document.querySelectorAll('.room .is-selected')]
        .some((node) => node.dataset.keys.startsWith(key)), id);
  },

  'hovering a task lights its place in the waiting room and in the story': async (house) => {
    const { row } = read(await house.recording());
    const { id } = row.tasks.find(({ name }) => name === 'server');
    const tab = await house.opened();
    const at = await rowOf(tab, id);
    await tab.move(at.x, at.y);
    await tab.until('its place in the room to be lit', (key) => (
      [...document.querySelectorAll('.room .chip.is-lit')]
        .some((node) => node.dataset.keys.startsWith(key))), id);
    assert.ok(!(await lit(tab)).includes(row.tasks.find(({ name }) => name === 'ticker').id));
  },

  'the tasks are sorted by what is chosen': async (house) => {
    const { row } = read(await house.recording());
    const tab = await house.opened();
    // From the filter to the choice beside it, and there by its first letter.
    await tab.keys('/', 'Tab', 'b');
    const wanted = [...row.tasks].sort((a, b) => (
      (b.times?.busy_ns ?? 0) - (a.times?.busy_ns ?? 0))).map(({ id }) => id).slice(0, 5);
    await tab.wait('the busiest to come first', async () => {
      const there = (await rows(tab)).map(({ key }) => key);
      return wanted.every((key, i) => there[i] === key);
    });
  },
};
