#!/usr/bin/env node
// Opens target/page/edbmend.html in Chromium, and looks whether everybody can use it.
//
//   scripts/page/looks.mjs PAGE PICTURES FOLDER
//
// Of the page, empty and with its answer on the folder, a picture at three widths, in the light and in the dark, and
// one as it is printed, goes to PICTURES. It fails where axe finds something, a line is wider than the screen,
// something is fetched, a detail is not printed, or the keyboard does not reach what can be used.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMES, WIDTHS, address_of, finish, in_every_way, judged, launched, opened, pictured, printed, trouble_at } from '../chromium.mjs';
import { given } from './given.mjs';

const [file, pictures, folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: looks.mjs PAGE PICTURES FOLDER');
  process.exit(2);
}
mkdirSync(pictures, { recursive: true });
const { browser, over } = await launched();

// A folder was looked at, a file is open, and a number is explained.
async function used(page) {
  await given(page, folder, false);
  await page.locator('#page-list summary').first().click();
  await page.fill('#page-topic', '-1216');
  await page.press('#page-topic', 'Enter');
  await page.waitForFunction(() => document.querySelector('#page-meaning pre'));
  await page.waitForFunction(() => document.querySelector('#page-list pre').textContent !== 'reading');
}

async function seen(options, way) {
  const said = trouble_at(way);
  const { context, page } = await opened(browser, address_of(file), options, said);
  await pictured(page, join(pictures, `empty-${way}.png`), said);
  await used(page);
  await pictured(page, join(pictures, `answer-${way}.png`), said);
  if (options.viewport.width === WIDTHS[1] && options.colorScheme === SCHEMES[0]) {
    await reached(page, said);
    await printed(page, join(pictures, 'answer'), '#page-answer', said);
  }
  await context.close();
}

// The tabulator stops at what can be used, and shows where it is.
async function reached(page, said) {
  await page.evaluate(() => document.activeElement.blur());
  const names = new Set();
  for (let stop = 0; stop < 60; stop++) {
    await page.keyboard.press('Tab');
    const [name, is_seen] = await page.evaluate(() => {
      const at = document.activeElement;
      return [at.id || at.tagName, at === document.body || getComputedStyle(at).outlineStyle !== 'none'];
    });
    if (!is_seen) said(`the keyboard is not to be seen at ${name}`);
    names.add(name);
  }
  for (const name of ['page-folder', 'page-single', 'page-deep', 'page-look', 'page-save-html', 'page-topic', 'SUMMARY']) {
    if (!names.has(name)) said(`the keyboard does not reach ${name}`);
  }
}

async function unfolded(options, way) {
  const said = trouble_at(`axe, ${way}`);
  const { context, page } = await opened(browser, address_of(file), { ...options, bypassCSP: true }, said);
  await used(page);
  await page.evaluate(() => document.querySelectorAll('#page-answer details').forEach((it) => { it.open = true; }));
  await judged(page, said);
  await context.close();
}

await in_every_way(async (options, way) => {
  await seen(options, way);
  await unfolded(options, way);
});
(await over()).forEach(trouble_at('the network'));
finish(`${WIDTHS.length} widths, ${SCHEMES.length} schemes`);
