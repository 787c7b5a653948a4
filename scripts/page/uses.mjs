#!/usr/bin/env node
// Opens target/page/edbmend.html in Chromium, and uses everything that is on it.
//
//   scripts/page/uses.mjs PAGE OUT FOLDER LARGE WIDE
//
// FOLDER is a storage group with a folder `logs` in it, LARGE a folder with a database that takes long to read, WIDE a
// storage group that is read in several slices. What the page says and saves goes to OUT, to be compared with what the
// program says: files.json, dropped.json, logs.json, parts.json, saved.json, saved.html, dump-NAME.txt, explained.txt. It fails where something does not do what it is for, or where
// the browser asks for anything but the page.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { address_of, finish, launched, opened, trouble_at } from '../chromium.mjs';
import { exchange, given, looked, reported } from './given.mjs';

const [file, out, folder, large, wide] = process.argv.slice(2);
if (!wide) {
  console.error('usage: uses.mjs PAGE OUT FOLDER LARGE WIDE');
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const folder_name = basename(resolve(folder));
const files = readdirSync(folder).map((name) => resolve(folder, name)).filter((path) => statSync(path).isFile());
const keep = (name, text) => writeFileSync(join(out, name), text);
const text_of = (page, id) => page.locator(id).textContent();

async function expect_words(page, id, words, said) {
  const there = await text_of(page, id);
  if (!there.includes(words)) said(`${id} has no "${words}", but "${there}"`);
}

async function files_are_picked(page, said) {
  await page.setInputFiles('#page-single', files);
  await looked(page);
  keep('files.json', await reported(page, said));
}

// As a hand does it: the browser gets paths, and the page what the browser makes of them.
async function drop(page, paths) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: paths.map((path) => resolve(path)), dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
  }
}

async function files_are_dropped(page, said) {
  await drop(page, files);
  await looked(page);
  const [dropped, picked] = [JSON.parse(await reported(page, said)), JSON.parse(readFileSync(join(out, 'files.json')))];
  [dropped.run, picked.run] = [null, null];
  if (JSON.stringify(dropped) !== JSON.stringify(picked)) said('says something else than of picked files');
}

// This browser hands no dropped folder to a page from a disk.
async function dropped_folder_is_refused(page, said) {
  await drop(page, [folder]);
  await page.waitForFunction(() => document.querySelector('#page-trouble').textContent !== '');
  await expect_words(page, '#page-trouble', 'Pick the folder with the button', said);
}

async function logs_are_elsewhere(page, said) {
  await given(page, folder, false);
  await page.selectOption('#page-log-dir', `${folder_name}/logs`);
  await page.click('#page-look');
  await looked(page);
  keep('logs.json', await reported(page, said));
  await page.selectOption('#page-log-dir', '');
}

async function report_is_saved(page) {
  for (const [id, name] of [['#page-save-html', 'saved.html'], ['#page-save-json', 'saved.json']]) {
    const [saved] = await Promise.all([page.waitForEvent('download'), page.click(id)]);
    await saved.saveAs(join(out, name));
  }
}

async function files_are_shown(page, said) {
  for (const path of files) {
    const name = basename(path);
    await page.fill('#page-filter', `${folder_name}/${name}`);
    const shown = page.locator('#page-list details');
    if (await shown.count() !== 1) said(`${await shown.count()} files have ${name} in their names`);
    await shown.locator('summary').click();
    await page.waitForFunction(() => document.querySelector('#page-list pre').textContent !== 'reading');
    keep(`dump-${name}.txt`, await shown.locator('pre').textContent());
  }
  await page.fill('#page-filter', '');
}

async function numbers_are_explained(page, said) {
  const ask = async (topic, shown) => {
    await page.fill('#page-topic', topic);
    await page.press('#page-topic', 'Enter');
    await page.waitForSelector(`#page-meaning ${shown}`);
  };
  await ask('<b>x', 'p');
  await expect_words(page, '#page-meaning', '<b>x is not known here', said);
  await ask('-1216', 'pre');
  keep('explained.txt', await text_of(page, '#page-meaning pre'));
  await ask('event 459', 'pre');
  await expect_words(page, '#page-meaning', 'Event 459', said);
}

async function reading_is_stopped(page, said) {
  await page.setChecked('#page-deep', true);
  await page.setInputFiles('#page-folder', resolve(large));
  await page.waitForFunction(() => / of [\d.]+ GiB, .* left$/.test(document.querySelector('#page-rate').textContent));
  const rate = await text_of(page, '#page-rate');
  if (!/^[\d.]+ [KMG]iB of [\d.]+ GiB, [\d.]+ [KMG]iB\/s, (\d+ min )?\d+ s left$/.test(rate)) said(`the rate is "${rate}"`);
  await page.click('#page-stop');
  await page.waitForFunction(() => document.querySelector('#page-progress').hidden);
  await expect_words(page, '#page-trouble', 'Stopped.', said);
  // Whoever is impatient gets one answer, and no word of what they gave up.
  await page.click('#page-look');
  await page.setChecked('#page-deep', false);
  await page.click('#page-look');
  await looked(page);
  await reported(page, said);
}

async function change_is_told(page, said) {
  const copy = join(mkdtempSync(join(tmpdir(), 'changed-')), 'group');
  cpSync(folder, copy, { recursive: true });
  await given(page, copy, false);
  for (const name of readdirSync(copy)) if (name.endsWith('.log')) writeFileSync(join(copy, name), 'changed');
  await page.click('#page-look');
  await looked(page);
  await expect_words(page, '#page-answer', 'pick the files again', said);
  rmSync(join(copy, '..'), { recursive: true });
}

// With another program it panics, cannot read, or does not start. The page says so, and lives on.
async function faults_are_told(browser) {
  const said = trouble_at('faults_are_told');
  const { page, context } = await opened(browser, address_of(file), {}, () => {});
  const faults = [
    ['#page-worker', 'return bytes.length;', 'return bytes.length + 1;', 'met a fault of its own'],
    ['#page-worker', 'const bytes = bytes_from(', 'if (length) throw new DOMException("gone", "SecurityError"); const bytes = bytes_from(', 'the browser says SecurityError: gone'],
    ['#page-worker', 'compile(unpacked)', 'compile(new Uint8Array(8))', 'CompileError'],
    ['#page-worker', "'use strict';", 'not a script', 'SyntaxError'],
  ];
  for (const [id, was, becomes, words] of faults) {
    await exchange(page, id, was, becomes);
    await given(page, folder, false);
    await expect_words(page, 'main', words, said);
    await exchange(page, id, becomes, was);
    await given(page, folder, false);
    await reported(page, said);
  }
  await context.close();
}

// Where a slice cannot be read, nothing is lost but what the program would have lost.
async function parts_are_read(browser) {
  const said = trouble_at('parts_are_read');
  const { page, context } = await opened(browser, address_of(file), {}, said);
  const read = 'reader.readAsArrayBuffer(blob)';
  const with_a_fault = `(() => {
    if (blob.size > 128 * 1024) throw new DOMException('gone', 'NotReadableError');
    return ${read};
  })()`;
  await exchange(page, '#page-worker', read, with_a_fault);
  await given(page, wide, true);
  keep('parts.json', await reported(page, said));
  await context.close();
}

// From a web server a folder can be dropped, too. The server is asked for the page, and for nothing else.
async function folder_is_dropped(browser) {
  const [said, asked] = [trouble_at('from a web server'), []];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'content-type': 'text/html' }).end(readFileSync(file));
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const { page, context } = await opened(browser, `http://127.0.0.1:${server.address().port}/`, {}, said);
  await drop(page, [folder]);
  await looked(page);
  keep('dropped.json', await reported(page, said));
  await context.close();
  server.close();
  if (asked.length !== 1) said(`the server is asked for ${asked.join(', ')}`);
}

const uses = [files_are_picked, files_are_dropped, dropped_folder_is_refused, logs_are_elsewhere, report_is_saved,
  files_are_shown, numbers_are_explained, reading_is_stopped, change_is_told];
const { browser, over } = await launched();
const { page } = await opened(browser, address_of(file), { acceptDownloads: true }, trouble_at('the page'));
for (const use of uses) await use(page, trouble_at(use.name));
await faults_are_told(browser);
await parts_are_read(browser);
(await over()).forEach(trouble_at('the network'));
const served = await launched();
await folder_is_dropped(served.browser);
await served.over();
finish(`${uses.length + 3} uses`);
