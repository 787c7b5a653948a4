#!/usr/bin/env node
// Opens target/page/edbmend.html in Firefox, gives it files, and prints its report as JSON.
//
//   scripts/page/firefox.mjs PAGE FILE...
//
// Firefox is driven by its own protocol (Marionette), for which nothing has to be installed. FIREFOX names the browser.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const PORT = 28_280;
const MOST_MS = 120_000;
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

const [file, ...files] = process.argv.slice(2);
if (!file || files.length === 0) {
  console.error('usage: firefox.mjs PAGE FILE...');
  process.exit(2);
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Each message is its length, a colon, and JSON: [type, number, error, result].
class Marionette {
  #socket;
  #text = Buffer.alloc(0);
  #waiting = new Map();
  #number = 0;

  static async at(port) {
    for (const end = Date.now() + MOST_MS; Date.now() < end; await pause(200)) {
      const socket = connect(port, '127.0.0.1');
      const is_there = await new Promise((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
      if (is_there) return new Marionette(socket);
    }
    throw new Error('Firefox does not listen');
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (more) => this.#hear(more));
  }

  #hear(more) {
    this.#text = Buffer.concat([this.#text, more]);
    for (;;) {
      const colon = this.#text.indexOf(':');
      const end = colon + 1 + Number(this.#text.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || this.#text.length < end) return;
      const message = JSON.parse(this.#text.subarray(colon + 1, end));
      this.#text = this.#text.subarray(end);
      if (Array.isArray(message)) this.#answered(message);
    }
  }

  #answered([, number, error, result]) {
    const { resolve, reject } = this.#waiting.get(number);
    error ? reject(new Error(`${error.error}: ${error.message}`)) : resolve(result?.value ?? result);
  }

  ask(command, words = {}) {
    const number = ++this.#number;
    const text = JSON.stringify([0, number, command, words]);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
  }

  run(script) {
    return this.ask('WebDriver:ExecuteScript', { script, args: [], sandbox: null });
  }

  async until(script) {
    for (const end = Date.now() + MOST_MS; Date.now() < end; await pause(100)) {
      if (await this.run(script)) return;
    }
    throw new Error(`never came true: ${script}`);
  }
}

// The report as it was saved, once the browser has done that.
async function report() {
  for (const end = Date.now() + MOST_MS; Date.now() < end; await pause(100)) {
    const [name, ...more] = readdirSync(saved);
    const text = name?.endsWith('.json') && more.length === 0 ? readFileSync(join(saved, name), 'utf8') : '';
    if (text.trimEnd().endsWith('}')) return text;
  }
  throw new Error('the report was not saved');
}

const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
const saved = join(profile, 'saved');
const preferences = {
  'marionette.port': PORT,
  'browser.download.folderList': 2,
  'browser.download.dir': saved,
  'browser.helperApps.neverAsk.saveToDisk': 'application/json',
};
const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
writeFileSync(join(profile, 'user.js'), lines.join(''));
mkdirSync(saved);
const firefox = spawn(process.env.FIREFOX ?? 'firefox-esr',
  ['--headless', '--marionette', '--no-remote', '--profile', profile], { stdio: 'ignore' });
try {
  const browser = await Marionette.at(PORT);
  await browser.ask('WebDriver:NewSession', { capabilities: { alwaysMatch: {} } });
  await browser.ask('WebDriver:Navigate', { url: pathToFileURL(resolve(file)).href });
  const input = await browser.ask('WebDriver:FindElement', { using: 'css selector', value: '#page-single' });
  await browser.ask('WebDriver:ElementSendKeys', { id: input[ELEMENT], text: files.map((name) => resolve(name)).join('\n') });
  await browser.until('return document.querySelector("#page-progress").hidden && (document.querySelector("#page-trouble").textContent || !document.querySelector("#page-save").hidden)');
  const trouble = await browser.run('return document.querySelector("#page-trouble").textContent');
  if (trouble) throw new Error(trouble);
  await browser.run('document.querySelector("#page-topic").value = "-1216"; document.querySelector("#page-ask").requestSubmit()');
  await browser.until('return document.querySelector("#page-meaning").textContent.includes("-1216")');
  await browser.run('document.querySelector("#page-save-json").click()');
  console.log(await report());
} finally {
  firefox.kill();
  await new Promise((resolve) => firefox.on('exit', resolve));
  rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
}
process.exit(0);
