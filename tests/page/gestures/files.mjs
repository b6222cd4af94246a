// Gestures on files: opened, dropped, exported, handed to Perfetto; and the view in the address.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { paused, playhead, read, rows, selected, view } from '../../../tools/page/sights.mjs';

const PERFETTO = 'https://ui.perfetto.dev';
/** What answers as Perfetto's page does, and keeps what it is sent. */
const ANSWERS = `<!doctype html><title>a stand-in</title><script>
addEventListener('message', ({ data, origin, source }) => {
  if (data === 'PING') source.postMessage('PONG', origin);
  else if (data.perfetto) window.took = { origin, title: data.perfetto.title,
    text: new TextDecoder().decode(data.perfetto.buffer) };
});
</script>`;

/** Waits until the page has saved a file; gives its text. */
async function saved(tab, folder) {
  const file = await tab.wait('the file to be saved', async () => {
    const done = tab.downloads.find((one) => one.state === 'completed');
    return done ? path.join(folder, done.suggestedFilename) : null;
  });
  return { file, text: fs.readFileSync(file, 'utf8') };
}

export default {
  'a trace file dropped on the page opens without a process': async (house) => {
    const { file, text } = await house.recording();
    const { url } = await house.page();
    const tab = await house.tab();
    await tab.go(url);
    await tab.until('the page to say how to begin', () => (
      /drop a recording here/.test(document.querySelector('.ring-middle').textContent)));
    await tab.drop(file);
    await tab.until('the recording to be open', () => (
      document.querySelector('.feed-state').textContent === 'a recording'
      && document.querySelector('.sentences li') !== null));
    const { row, recording } = read({ text });
    await tab.wait('all tasks to be there', async () => (
      (await rows(tab)).length === row.tasks.length));
    assert.ok((await tab.text('.brush-label')).replace(/\u202f/g, '')
      .startsWith(`${recording.turnCount} turns in `));
    assert.equal(await tab.evaluate(() => document.querySelector('#drop').hidden), true);
    assert.ok(tab.requests.every((one) => one.startsWith(url)), 'nothing is sent anywhere');
  },

  'a file over the page is awaited in words': async (house) => {
    const { file } = await house.recording();
    const { url } = await house.page();
    const tab = await house.tab();
    await tab.go(url);
    const at = { x: 400, y: 300, data: { items: [], files: [file], dragOperationsMask: 1 } };
    await tab.send('Input.dispatchDragEvent', { type: 'dragEnter', ...at });
    await tab.until('the veil', () => !document.querySelector('#drop').hidden
      && /opens it without a process/.test(document.querySelector('#drop').textContent));
    await tab.send('Input.dispatchDragEvent', { type: 'drop', ...at });
    await tab.until('the veil to go', () => document.querySelector('#drop').hidden);
  },

  'a file that is no recording is told of and changes nothing': async (house) => {
    const tab = await house.opened();
    const before = await tab.texts('.sentences li');
    await tab.drop(house.write('other.json', '{"traceEvents":[]}'));
    const said = await tab.until('the page to say what is wrong', () => (
      document.querySelector('#note')?.textContent));
    assert.match(said, /^other\.json can't be opened: expected a recording .*; came /);
    assert.deepEqual(await tab.texts('.sentences li'), before);
    assert.equal(await tab.text('.feed-state'), 'a recording');
  },

  'the key o opens a recording that is chosen': async (house) => {
    const { file } = await house.recording();
    const { url } = await house.page();
    const tab = await house.tab();
    await tab.go(url);
    await tab.send('Page.setInterceptFileChooserDialog', { enabled: true });
    const chooser = new Promise((resolve) => {
      tab.listeners.set('Page.fileChooserOpened', resolve);
    });
    await tab.keys('o');
    const { backendNodeId } = await chooser;
    await tab.send('DOM.setFileInputFiles', { files: [file], backendNodeId });
    await tab.until('the recording to be open', () => (
      document.querySelector('.feed-state').textContent === 'a recording'));
  },

  'the key e exports a recording that the page opens again': async (house) => {
    const tab = await house.watching();
    await tab.saveTo(house.folder);
    const number = (await tab.text('#detail-title')).match(/\d+/)[0];
    await tab.keys('e');
    const { file, text } = await saved(tab, house.folder);
    assert.equal(path.basename(file), `page-tour-loop-${number}.trace.json`.replace('page-', (
      await tab.text('.program')).startsWith('page-') ? 'page-' : ''));
    const { recording, row } = read({ text });
    assert.ok(recording.length > 1000, 'the events are in it');
    assert.ok(JSON.parse(text).traceEvents.length > 1000, 'and the slices of a trace viewer');
    const other = await house.opened({ recording: { file } });
    await other.wait('all tasks to be there', async () => (
      (await rows(other)).length === row.tasks.length));
  },

  'the recording opens in Perfetto, from window to window': async (house) => {
    const { text } = await house.recording();
    const tab = await house.opened();
    const opened = tab.windows(PERFETTO, ANSWERS);
    await tab.press('button[aria-label^="Open in ui.perfetto.dev"]');
    const there = await opened;
    const took = await tab.wait('the trace to be there', () => there.evaluate(() => window.took));
    assert.equal(took.text, text, 'the same bytes');
    assert.equal(took.origin, new URL((await house.page()).url).origin);
    assert.match(took.title, /tour-loop-\d+$/);
    assert.ok(tab.requests.every((one) => !one.startsWith(PERFETTO)), 'over no network');
  },

  'the address holds the view': async (house) => {
    const tab = await house.watching();
    await tab.keys(' ');
    await paused(tab);
    await tab.keys('j', 'j', 'g', '/');
    await tab.type('t');
    await tab.keys('Escape');
    const before = await view(tab);
    for (const name of ['at', 'from', 'to', 'sel', 'filter', 'step']) {
      assert.ok(before[name], `${name} is in the address: ${JSON.stringify(before)}`);
    }
    const story = await tab.text('#story .sub');
    await tab.reload();
    await selected(tab, before.sel);
    await tab.until('the same turn to be told', (turn) => (
      document.querySelector('#story .sub').textContent.startsWith(turn)), story.split(',')[0]);
    assert.deepEqual(await view(tab), before);
    assert.equal(await tab.evaluate(() => document.querySelector('#filter').value), 't');
  },

  'the token leaves the address at once': async (house) => {
    const tour = await house.tour();
    const tab = await house.watching(tour);
    assert.ok(!(await tab.evaluate(() => location.href)).includes(tour.token));
    await tab.keys(' ', 'j');
    await view(tab);
    const { entries } = await tab.send('Page.getNavigationHistory');
    assert.ok(!entries.some(({ url }) => url.includes(tour.token)), 'nor is it in the history');
    assert.ok(!(await tab.evaluate(() => document.documentElement.outerHTML)).includes(tour.token));
    await tab.reload();
    await tab.until('it to be watched again', () => (
      /live|paused/.test(document.querySelector('.feed-state').textContent)));
    assert.ok(await playhead(tab) >= 0);
  },
};
