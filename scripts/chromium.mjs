// What the scripts share that look at pages in Chromium: pages that are opened, and what is asked of each of them.
// playwright-core and axe-core are looked for as node does; CHROMIUM names the browser.
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.cwd(), 'package.json'));
const { chromium } = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

export const WIDTHS = [360, 800, 1400];
export const SCHEMES = ['light', 'dark'];
const MOST_MS = 120_000;

// What Chromium's log of the network calls a request, and a look-up of a name.
const ON_NETWORK = ['URL_REQUEST_START_JOB', 'HOST_RESOLVER_MANAGER_REQUEST'];
const IS_LOCAL = /^(file|blob|data|about|chrome|devtools):/;

const troubles = [];
export const address_of = (file) => pathToFileURL(resolve(file)).href;

// Each trouble is told with where it was.
export const trouble_at = (where) => (what) => { troubles.push(`${where}: ${what}`); };

// A browser that keeps a log of all its network activity. `over` ends it, and says what of that files opened in it caused.
export async function launched() {
  const folder = mkdtempSync(join(tmpdir(), 'chromium-'));
  const log = join(folder, 'network.json');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', `--log-net-log=${log}`],
  });
  const over = async () => {
    await browser.close();
    const activity = on_network(JSON.parse(readFileSync(log, 'utf8')));
    rmSync(folder, { recursive: true, force: true });
    return activity;
  };
  return { browser, over };
}

function on_network({ constants, events }) {
  const names = new Map(Object.entries(constants.logEventTypes).map(([name, number]) => [number, name]));
  const told = events.map(({ type, params = {} }) => ({ name: names.get(type), params }));
  return told.filter(({ name, params }) => ON_NETWORK.includes(name) && is_of_a_file(params))
    .map(({ name, params }) => `${name} ${params.url ?? params.host}`);
}

// The browser asks for its own updates, too: without an origin, or in the name of its maker.
function is_of_a_file({ url = '', initiator, network_anonymization_key = '' }) {
  if (IS_LOCAL.test(url)) return false;
  return initiator ? initiator !== 'not an origin' : network_anonymization_key.startsWith('file:');
}

// Opens a page. Whatever it asks for but itself, and whatever it says in the console or in a dialog, is a trouble.
export async function opened(browser, address, options, said) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const is_own = (url) => url === address || url.startsWith('blob:');
  context.on('request', (request) => is_own(request.url()) || said(`fetches ${request.url()}`));
  page.on('console', (line) => said(`console: ${line.text()}`));
  page.on('pageerror', (error) => said(`an error of the page: ${error.message}`));
  page.on('dialog', (dialog) => { said('a dialog'); dialog.dismiss(); });
  page.setDefaultTimeout(MOST_MS);
  await page.goto(address);
  return { context, page };
}

// At each width, in the light and in the dark.
export async function in_every_way(look) {
  for (const colorScheme of SCHEMES) {
    for (const width of WIDTHS) await look({ colorScheme, viewport: { width, height: 900 } }, `${width}-${colorScheme}`);
  }
}

export async function pictured(page, path, said) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) said(`${overflow} px wider than the screen`);
  await page.screenshot({ path, fullPage: true });
}

// `part` is what of the page is on paper.
export async function printed(page, path, part, said) {
  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  const hidden = await page.evaluate((part) =>
    [...document.querySelectorAll(`${part} details > :not(summary)`)].filter((it) => !it.checkVisibility()).length, part);
  if (hidden > 0) said(`${hidden} details are not printed`);
  await page.pdf({ path: `${path}.pdf`, format: 'A4' });
  await page.screenshot({ path: `${path}-print.png`, fullPage: true });
}

// The policy of a page lets no script in, not even this one: the page has to be opened with `bypassCSP`.
export async function judged(page, said) {
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const { id, help, nodes } of violations) {
    said(`axe ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | ')}`);
  }
}

// Says what was found, and ends.
export function finish(what) {
  troubles.forEach((line) => console.error(line));
  console.error(`${what}: ${troubles.length} troubles`);
  process.exit(troubles.length === 0 ? 0 : 1);
}
