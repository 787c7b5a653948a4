#!/usr/bin/env node
// Opens pages of edbmend in Chromium, and looks whether everybody can read them.
//
//   scripts/look-at-pages.mjs PICTURES PAGE...
//
// Of each page a picture at three widths, in the light and in the dark, and one as it is printed, goes to the folder
// PICTURES. It fails where axe finds something, a line is wider than the screen, something is fetched or run,
// a detail is not printed, or the keyboard does not reach what can be opened. playwright-core and axe-core are looked
// for as node does; CHROMIUM names the browser.
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.cwd(), 'package.json'));
const { chromium } = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

const WIDTHS = [360, 800, 1400];
const SCHEMES = ['light', 'dark'];

const [pictures, ...pages] = process.argv.slice(2);
if (!pictures || pages.length === 0) {
  console.error('usage: look-at-pages.mjs PICTURES PAGE...');
  process.exit(2);
}
const troubles = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

async function looked(file, colorScheme, width) {
  const where = `${basename(file)}, ${width} px, ${colorScheme}`;
  const said = (what) => troubles.push(`${where}: ${what}`);
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: false });
  const page = await context.newPage();
  const address = pathToFileURL(resolve(file)).href;
  page.on('request', (request) => request.url() === address || said(`fetches ${request.url()}`));
  page.on('console', (line) => said(`console: ${line.text()}`));
  page.on('dialog', (dialog) => { said('a dialog'); dialog.dismiss(); });
  await page.goto(address);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) said(`${overflow} px wider than the screen`);
  await page.screenshot({ path: join(pictures, `${basename(file, '.html')}-${width}-${colorScheme}.png`), fullPage: true });
  if (width === WIDTHS[1] && colorScheme === 'light') {
    await reached(page, said);
    await printed(page, file, said);
  }
  await context.close();
  await judged(file, colorScheme, width, said);
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

async function printed(page, file, said) {
  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  const hidden = await page.evaluate(() =>
    [...document.querySelectorAll('details > :not(summary)')].filter((it) => !it.checkVisibility()).length);
  if (hidden > 0) said(`${hidden} details are not printed`);
  await page.pdf({ path: join(pictures, `${basename(file, '.html')}.pdf`), format: 'A4' });
  await page.screenshot({ path: join(pictures, `${basename(file, '.html')}-print.png`), fullPage: true });
}

// The policy of the page lets no script in, not even this one: it is set aside here.
async function judged(file, colorScheme, width, said) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const page = await context.newPage();
  await page.goto(pathToFileURL(resolve(file)).href);
  await page.evaluate(() => document.querySelectorAll('details').forEach((it) => { it.open = true; }));
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const { id, help, nodes } of violations) {
    said(`axe ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | ')}`);
  }
  await context.close();
}

for (const file of pages) {
  for (const scheme of SCHEMES) {
    for (const width of WIDTHS) await looked(file, scheme, width);
  }
}
await browser.close();
troubles.forEach((line) => console.log(line));
console.log(`${pages.length} pages, ${WIDTHS.length} widths, ${SCHEMES.length} schemes: ${troubles.length} troubles`);
process.exit(troubles.length === 0 ? 0 : 1);
