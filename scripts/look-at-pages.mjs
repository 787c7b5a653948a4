#!/usr/bin/env node
// Opens pages of edbmend in Chromium, and looks whether everybody can read them.
//
//   scripts/look-at-pages.mjs PICTURES PAGE...
//
// Of each page a picture at three widths, in the light and in the dark, and one as it is printed, goes to the folder
// PICTURES. It fails where axe finds something, a line is wider than the screen, something is fetched or run,
// a detail is not printed, or the keyboard does not reach what can be opened.
import { basename, join } from 'node:path';
import { SCHEMES, WIDTHS, address_of, finish, in_every_way, judged, launched, opened, pictured, printed, trouble_at } from './chromium.mjs';

const [pictures, ...pages] = process.argv.slice(2);
if (!pictures || pages.length === 0) {
  console.error('usage: look-at-pages.mjs PICTURES PAGE...');
  process.exit(2);
}
const { browser, over } = await launched();

async function looked(file, options, way) {
  const said = trouble_at(`${basename(file)}, ${way}`);
  const path = join(pictures, basename(file, '.html'));
  const { context, page } = await opened(browser, address_of(file), options, said);
  await pictured(page, `${path}-${way}.png`, said);
  if (options.viewport.width === WIDTHS[1] && options.colorScheme === SCHEMES[0]) {
    await reached(page, said);
    await printed(page, path, 'body', said);
  }
  await context.close();
}

// The tabulator stops at every link and every summary, and shows where it is.
async function reached(page, said) {
  const count = await page.locator('a, summary').count();
  const most = Math.min(count, 40);
  for (let stop = 0; stop < most; stop++) {
    await page.keyboard.press('Tab');
    const seen = await page.evaluate(() => {
      const at = document.activeElement;
      return ['A', 'SUMMARY'].includes(at.tagName) && getComputedStyle(at).outlineStyle !== 'none';
    });
    if (!seen) return said(`the keyboard is lost at stop ${stop + 1} of ${count}`);
  }
}

async function unfolded(file, options, way) {
  const { context, page } = await opened(browser, address_of(file), { ...options, bypassCSP: true }, () => {});
  await page.evaluate(() => document.querySelectorAll('details').forEach((it) => { it.open = true; }));
  await judged(page, trouble_at(`${basename(file)}, ${way}`));
  await context.close();
}

for (const file of pages) {
  await in_every_way(async (options, way) => {
    await looked(file, options, way);
    await unfolded(file, options, way);
  });
}
(await over()).forEach(trouble_at('the network'));
finish(`${pages.length} pages, ${WIDTHS.length} widths, ${SCHEMES.length} schemes`);
