#!/usr/bin/env node
// Opens target/page/edbmend.html in Chromium, gives it folders, and keeps what it says of them.
//
//   scripts/page/reports.mjs PAGE OUT FOLDER...
//
// The report on each folder goes to OUT, as NUMBER.json and NUMBER-deep.json. It fails where the page is in trouble,
// its program takes more than 64 MiB of memory, anything but the page itself is ever asked for, a dialog opens, or the
// console has a line.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { address_of, finish, launched, opened, trouble_at } from '../chromium.mjs';
import { given, reported } from './given.mjs';

const [file, out, ...folders] = process.argv.slice(2);
if (!file || !out || folders.length === 0) {
  console.error('usage: reports.mjs PAGE OUT FOLDER...');
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const { browser, over } = await launched();
const { page } = await opened(browser, address_of(file), {}, trouble_at('reports'));
for (const [number, folder] of folders.entries()) {
  for (const [deep, ending] of [[false, ''], [true, '-deep']]) {
    await given(page, folder, deep);
    writeFileSync(join(out, `${number}${ending}.json`), await reported(page, trouble_at(folder)));
  }
}
(await over()).forEach(trouble_at('the network'));
finish(`${folders.length} folders`);
