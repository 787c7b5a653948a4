#!/usr/bin/env node
// Opens target/page/edbmend.html in Chromium, gives it folders, and keeps what it says of them.
//
//   scripts/look-with-page.mjs PAGE OUT FOLDER...
//
// The report on each folder goes to OUT, as NUMBER.json and NUMBER-deep.json. With the first folder the page is also
// looked at: at three widths in the light and in the dark, by axe, printed, with the keyboard, with a program that
// panics, and with reading that fails. It fails where anything is wrong there, or where anything but the page itself is
// ever asked for, a dialog opens, or the console has a line. playwright-core and axe-core are looked for as node does;
// CHROMIUM names the browser.
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.cwd(), 'package.json'));
const { chromium } = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

const WIDTHS = [360, 800, 1400];
const SCHEMES = ['light', 'dark'];
const MOST_MS = 120_000;
const MOST_MEMORY = 64 * 1024 * 1024;

const [file, out, ...folders] = process.argv.slice(2);
if (!file || !out || folders.length === 0) {
  console.error('usage: look-with-page.mjs PAGE OUT FOLDER...');
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const address = pathToFileURL(resolve(file)).href;
const troubles = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

async function opened(options, where) {
  const said = (what) => troubles.push(`${where}: ${what}`);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const is_own = (url) => url === address || url.startsWith('blob:');
  context.on('request', (request) => is_own(request.url()) || said(`fetches ${request.url()}`));
  page.on('console', (line) => said(`console: ${line.text()}`));
  page.on('pageerror', (error) => said(`an error of the page: ${error.message}`));
  page.on('dialog', (dialog) => { said('a dialog'); dialog.dismiss(); });
  page.setDefaultTimeout(MOST_MS);
  await page.goto(address);
  return { context, page, said };
}

// Gives the page a folder, and waits until it has looked.
async function given(page, folder, deep) {
  await page.setChecked('#page-deep', deep);
  await page.setInputFiles('#page-folder', resolve(folder));
  await looked(page);
}

const looked = (page) => page.waitForFunction(() => document.querySelector('#page-progress').hidden
  && (!document.querySelector('#page-save').hidden || document.querySelector('#page-trouble').textContent !== ''));

async function reported(page, folder, deep, name, said) {
  await given(page, folder, deep);
  const { json, trouble, memory } = await page.evaluate(() => ({
    json: kept?.json,
    trouble: document.querySelector('#page-trouble').textContent,
    memory: last_used?.memory_bytes,
  }));
  if (trouble) said(`${folder}: ${trouble}`);
  if (memory > MOST_MEMORY) said(`${folder}: the program took ${memory} bytes of memory`);
  if (json) writeFileSync(join(out, name), json);
}

async function all_reports() {
  const { context, page, said } = await opened({}, 'reports');
  for (const [number, folder] of folders.entries()) {
    await reported(page, folder, false, `${number}.json`, said);
    await reported(page, folder, true, `${number}-deep.json`, said);
  }
  await context.close();
}

async function pictured(width, colorScheme) {
  const where = `${width} px, ${colorScheme}`;
  const { context, page, said } = await opened({ colorScheme, viewport: { width, height: 900 } }, where);
  const picture = (what) => page.screenshot({ path: join(out, `${what}-${width}-${colorScheme}.png`), fullPage: true });
  await picture('empty');
  await given(page, folders[0], false);
  await page.locator('#page-list details').first().locator('summary').click();
  await page.fill('#page-topic', '-1216');
  await page.press('#page-topic', 'Enter');
  await page.waitForFunction(() => document.querySelector('#page-meaning pre'));
  await page.waitForFunction(() => document.querySelector('#page-list pre').textContent !== 'reading');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) said(`${overflow} px wider than the screen`);
  await picture('answer');
  if (width === WIDTHS[1] && colorScheme === 'light') {
    await reached(page, said);
    await page.emulateMedia({ media: 'print', colorScheme });
    await page.pdf({ path: join(out, 'answer.pdf'), format: 'A4' });
    await page.screenshot({ path: join(out, 'answer-print.png'), fullPage: true });
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
  for (const name of ['page-folder', 'page-deep', 'page-look', 'page-save-html', 'page-topic', 'SUMMARY']) {
    if (!names.has(name)) said(`the keyboard does not reach ${name}`);
  }
}

// The policy of the page lets no script in, not even this one: it is set aside here.
async function judged(colorScheme, width) {
  const options = { colorScheme, viewport: { width, height: 900 }, bypassCSP: true };
  const { context, page, said } = await opened(options, `axe, ${width} px, ${colorScheme}`);
  await given(page, folders[0], false);
  await page.locator('#page-list details').first().locator('summary').click();
  await page.evaluate(() => document.querySelectorAll('#page-answer details').forEach((it) => { it.open = true; }));
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const { id, help, nodes } of violations) {
    said(`${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | ')}`);
  }
  await context.close();
}

// What the program is, is a text in the page: with another one it panics, or cannot read. The page lives on.
async function faulty(was, becomes, words) {
  const { context, page, said } = await opened({}, words);
  const exchange = ([one, other]) => {
    const worker = document.querySelector('#page-worker');
    if (!worker.textContent.includes(one)) throw new Error(`the worker has no ${one}`);
    worker.textContent = worker.textContent.replace(one, other);
  };
  await page.evaluate(exchange, [was, becomes]);
  await given(page, folders[0], false);
  const body = await page.textContent('main');
  if (!body.includes(words)) said('is not said');
  await page.evaluate(exchange, [becomes, was]);
  await page.evaluate(() => stop());
  await page.click('#page-look');
  await page.waitForFunction(() => kept !== null);
  await looked(page);
  const trouble = await page.textContent('#page-trouble');
  if (trouble) said(`the page does not live on: ${trouble}`);
  await context.close();
}

await all_reports();
for (const scheme of SCHEMES) {
  for (const width of WIDTHS) {
    await pictured(width, scheme);
    await judged(scheme, width);
  }
}
await faulty('return bytes.length;', 'return bytes.length + 1;', 'met a fault of its own');
await faulty('const bytes = bytes_from(', 'if (length) throw new DOMException("gone", "NotReadableError"); const bytes = bytes_from(', 'the browser says NotReadableError: gone');
await browser.close();
troubles.forEach((line) => console.log(line));
console.log(`${folders.length} folders, ${WIDTHS.length} widths, ${SCHEMES.length} schemes: ${troubles.length} troubles`);
process.exit(troubles.length === 0 ? 0 : 1);
