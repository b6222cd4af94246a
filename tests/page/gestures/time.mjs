export default {
  'x opens': async (house) => { const t = await house.opened(); console.log(await t.text('#story .sub'), await t.texts('.sentences li'), await t.text('.line-deferred'), await t.texts('.task-row'), await t.evaluate(() => location.hash)); await t.shot('/tmp/h/t-a.png'); },
  'x live': async (house) => { const t = await house.watching(); await t.keys(' '); await t.until('paused', () => /paused/.test(document.querySelector('.feed-state').textContent)); console.log(t.faults, await t.text('#story .sub')); await t.shot('/tmp/h/t-b.png'); },
};
