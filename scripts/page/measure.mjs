#!/usr/bin/env node
// Opens target/page/edbmend.html in Chromium, lets it look at a folder, and prints as JSON how long it took.
//
//   scripts/page/measure.mjs PAGE FOLDER [--deep]
//
// first_seconds, first_bytes: until the states of the databases stood there, and what was read by then; seconds: until
// all was over. Of the last question, memory_bytes: what the program took in the end, which is the most; reads,
// read_bytes: how often and how much it read.
import { address_of, finish, launched, opened, trouble_at } from '../chromium.mjs';
import { given, reported } from './given.mjs';

const [file, folder, deep] = process.argv.slice(2);
if (!folder) {
  console.error('usage: measure.mjs PAGE FOLDER [--deep]');
  process.exit(2);
}
const said = trouble_at('measure');
const { browser, over } = await launched();
const { page } = await opened(browser, address_of(file), {}, said);
page.setDefaultTimeout(0);
await page.evaluate(() => {
  const [glance, progress] = ['glance', 'progress'].map((id) => document.querySelector(`#page-${id}`));
  globalThis.clock = { begun: 0, first: 0, first_bytes: 0, end: 0 };
  document.addEventListener('change', () => { clock.begun = performance.now(); }, true);
  new MutationObserver(() => {
    if (!glance.hidden && !clock.first) Object.assign(clock, { first: performance.now(), first_bytes: last_used.read_bytes });
    if (progress.hidden) clock.end = performance.now();
  }).observe(document.querySelector('main'), { attributeFilter: ['hidden'], subtree: true });
});
await given(page, folder, deep === '--deep');
await reported(page, said);
const { clock, used } = await page.evaluate(() => ({ clock, used: last_used }));
await over();
const seconds_until = (time) => (time - clock.begun) / 1000;
console.log(JSON.stringify({
  first_seconds: seconds_until(clock.first), first_bytes: clock.first_bytes, seconds: seconds_until(clock.end), ...used,
}));
finish('measured');
