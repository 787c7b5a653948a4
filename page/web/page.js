'use strict';

const DATABASES = /\.(edb|dit|dat|sdb|mdb|msmessagestore)$/i;
const MOST_GLANCED = 100;
const MOST_LISTED = 200;
const PAUSE_MS = 100;
const [FEWEST_COLUMNS, MOST_COLUMNS] = [20, 80];

const by_id = (id) => document.getElementById(`page-${id}`);

function element(name, words = '', more = {}) {
  const made = Object.assign(document.createElement(name), more);
  made.textContent = words;
  return made;
}

// ---- the program, in a worker

let unpacked;
function program() {
  const packed = Uint8Array.from(atob(by_id('wasm').textContent.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

function started(unpacked) {
  const source = new Blob([by_id('worker').textContent], { type: 'text/javascript' });
  const worker = new Worker(URL.createObjectURL(source));
  worker.postMessage({ unpacked });
  return worker;
}

// Answers one question after the other, each of the files that it is about.
class Asked {
  #worker = null;
  #waiting = Promise.resolve();
  #stops = 0;
  #give_up = () => {};

  constructor(tell = () => {}) {
    this.tell = tell;
  }

  ask(asked, files) {
    const stops = this.#stops;
    const answered = this.#waiting.then(() => this.#answer({ asked, given: files }, stops));
    this.#waiting = answered.catch(() => {});
    return answered;
  }

  async #answer(question, stops) {
    const bytes = await (unpacked ??= program());
    if (stops !== this.#stops) throw new Stopped();
    return new Promise((resolve, reject) => {
      this.#give_up = reject;
      this.#worker ??= started(bytes);
      this.#hear(this.#worker, resolve, reject);
      this.#worker.postMessage(question);
    });
  }

  #hear(worker, resolve, reject) {
    worker.onmessage = ({ data }) => {
      if (data.kind === 'answer') resolve(data);
      else if (data.kind === 'panic') reject(new Error(data.what));
      else this.tell(data);
    };
    worker.onerror = (error) => {
      reject(new Error(error.message || 'the program could not be started in this browser'));
      this.stop();
    };
  }

  stop() {
    this.#stops += 1;
    this.#worker?.terminate();
    this.#worker = null;
    this.#give_up(new Stopped());
  }
}

class Stopped extends Error {}

// ---- what was given

// Files, each with its path, in the order of these.
let given = { files: [], folder: '.' };

function give(files) {
  const names = new Set(files.map(({ path }) => path.split('/')[0]));
  const folder = names.size === 1 ? [...names][0] : '.';
  const below = (path) => folder === '.' && !path.startsWith('./') ? `./${path}` : path;
  const all = files.map(({ path, file }) => ({ path: below(path), file }));
  given = { files: all.sort((one, other) => one.path < other.path ? -1 : 1), folder };
  abandon();
  aside.stop();
  by_id('trouble').replaceChildren();
  clear();
  offer_places();
  list();
  tell_given();
  by_id('look').disabled = files.length === 0;
  if (files.length > 0) look();
}

function tell_given(bytes) {
  const { files, folder } = given;
  const what = folder === '.' ? '' : `${shown(folder)}: `;
  const long = bytes === undefined ? '' : `, ${size(bytes)}`;
  by_id('given').textContent = files.length === 0 ? 'No file is there.' : `${what}${count(files.length, 'file')}${long}.`;
}

// A browser looks at a file on the disk when it is first asked for its length, and the page stands still meanwhile.
async function weigh(is_over) {
  tell({ kind: 'begin', what: 'asking how long the files are', total: 0 });
  let [bytes, paused] = [0, performance.now()];
  for (const [place, { file }] of given.files.entries()) {
    bytes += file.size;
    if (performance.now() - paused < PAUSE_MS) continue;
    progressed(place + 1);
    await new Promise((go_on) => setTimeout(go_on));
    if (is_over()) return;
    paused = performance.now();
  }
  tell_given(bytes);
}

const named = (file) => ({ path: file.webkitRelativePath || `./${file.name}`, file });

function picked({ target }) {
  give([...target.files].map(named));
}

// A browser tells of what is picked once only: who changed something in the folder picks it again.
const forget_picked = ({ target }) => { target.value = ''; };

const folder_of = (path) => path.slice(0, path.lastIndexOf('/'));

function offer_places() {
  const folders = [...new Set(given.files.map(({ path }) => folder_of(path)))].sort();
  for (const id of ['log-dir', 'system-dir']) {
    const same = id === 'log-dir' ? 'the same folder' : 'the folder of the logs';
    const options = folders.map((folder) => element('option', shown(folder), { value: folder }));
    by_id(id).replaceChildren(element('option', same, { value: '' }), ...options);
  }
  document.querySelectorAll('.places').forEach((line) => { line.hidden = folders.length < 2; });
}

// A folder that was dropped: what is in it comes a hundred at a time.
async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    const path = entry.fullPath.replace(/^\//, '');
    found.push({ path: path.includes('/') ? path : `./${path}`, file });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return;
    for (const below of entries) await walk(below, found);
  }
}

async function dropped(event) {
  event.preventDefault();
  document.querySelector('.pick').classList.remove('over');
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...event.dataTransfer.files];
  if (files.length === 0) return;
  try {
    const found = [];
    for (const entry of entries) await walk(entry, found);
    give(found);
  } catch (error) {
    if (entries.every((entry) => entry.isFile)) return give(files.map(named));
    trouble(`This browser hands no dropped folder to a page from a disk (${error.message}). Pick the folder with the button.`);
  }
}

// ---- looking

let kept = null;
let last_used = null;
let begun = { total: 0, at: 0 };
const looker = new Asked(tell);
const aside = new Asked();

function tell({ kind, what, total, done }) {
  if (kind === 'stage') by_id('stage').textContent = capital(what);
  if (kind === 'begin') {
    begun = { total, at: performance.now() };
    by_id('stage').textContent = capital(what);
    by_id('rate').textContent = '';
    by_id('bar').removeAttribute('value');
  }
  if (kind === 'advance') progressed(done);
}

function progressed(done) {
  const seconds = (performance.now() - begun.at) / 1000;
  if (begun.total === 0) {
    by_id('rate').textContent = count(done, 'file');
    return;
  }
  const rate = Math.max(done, 1) / Math.max(seconds, 0.001);
  const left = Math.ceil((begun.total - done) / rate);
  Object.assign(by_id('bar'), { max: begun.total, value: done });
  by_id('rate').textContent = `${size(done)} of ${size(begun.total)}, ${size(rate)}/s, ${time(left)} left`;
}

function question(deep) {
  return {
    what: 'check',
    folder: given.folder,
    log_dir: by_id('log-dir').value || null,
    system_dir: by_id('system-dir').value || null,
    recursive: by_id('recursive').checked,
    deep,
  };
}

// The look of this number is on the screen; what an earlier one still says is not heard.
let turn = 0;

function abandon() {
  turn += 1;
  looker.stop();
}

async function look() {
  abandon();
  clear();
  by_id('progress').hidden = false;
  by_id('trouble').replaceChildren();
  const mine = turn;
  try {
    await ask_all(() => mine !== turn);
  } catch (error) {
    if (mine === turn) failed(error);
  }
  if (mine === turn) by_id('progress').hidden = true;
}

// What is asked one after the other. The first answer comes from the headers of the databases alone.
async function ask_all(is_over) {
  const began = performance.now();
  const databases = given.files.filter(({ path }) => DATABASES.test(path)).slice(0, MOST_GLANCED);
  const first = await looker.ask({ what: 'glance', paths: databases.map(({ path }) => path) }, databases);
  if (is_over()) return;
  glance(first);
  await weigh(is_over);
  for (const deep of by_id('deep').checked ? [false, true] : [false]) {
    if (is_over()) return;
    const answer = await looker.ask(question(deep), given.files);
    if (is_over()) return;
    answered(answer, began);
  }
  lead_to_answer();
}

function stop() {
  abandon();
  by_id('progress').hidden = true;
  trouble('Stopped. Nothing is said of what was not read by then.');
}

// Whoever waited is led to the answer. Whoever is busy below, with a file or with a number, is left alone.
function lead_to_answer() {
  const at = document.activeElement;
  if (at === document.body || at.closest('#page-pick, #page-progress')) by_id('answer').focus();
}

function failed(error) {
  trouble(
    `The program met a fault of its own and ended: ${shown(error.message)}. Nothing was changed. ` +
    'Look with the program (edbmend check), or at fewer files, and report it with this sentence.',
  );
}

function trouble(words) {
  by_id('trouble').replaceChildren(element('p', words));
}

function clear() {
  kept = null;
  by_id('answer').replaceChildren();
  by_id('glance').hidden = true;
  by_id('save').hidden = true;
}

// The headers of the databases, before any log is read.
function glance({ answer: found, used }) {
  last_used = used;
  const known = found.filter(({ state }) => state);
  if (known.length === 0) return;
  const table = element('table');
  const head = table.createTHead().insertRow();
  ['Database', 'State'].forEach((title) => head.append(element('th', title, { scope: 'col' })));
  const body = table.createTBody();
  for (const { path, state } of known) {
    const row = body.insertRow();
    row.append(element('th', shown(path), { scope: 'row' }), element('td', capital(state.replaceAll('-', ' '))));
  }
  const title = element('h2', 'First: what the headers say', { id: 'page-glance-title' });
  by_id('glance').replaceChildren(title, table, element('p', 'The logs are being read. The answer follows.'));
  by_id('glance').hidden = false;
}

// The report comes as a whole page, in which everything from a file is escaped. Nothing in it can run: the policy of
// this page lets no other script in.
function answered({ answer, used }, began) {
  if (answer.trouble) throw new Error(answer.trouble);
  [kept, last_used] = [answer, used];
  const report = new DOMParser().parseFromString(answer.html, 'text/html');
  const parts = [...report.querySelectorAll('body > header, body > nav, main > section')];
  by_id('answer').replaceChildren(...parts);
  by_id('glance').hidden = true;
  by_id('save').hidden = false;
  const seconds = (performance.now() - began) / 1000;
  by_id('measured').textContent =
    `${size(used.read_bytes)} were read; ${seconds.toFixed(1)} s; the program took ${size(used.memory_bytes)} of memory.`;
}

// ---- files, explanations, saving

function list() {
  const wanted = by_id('filter').value.toLowerCase();
  const found = given.files.map(({ path }) => path).filter((path) => path.toLowerCase().includes(wanted));
  const rows = found.slice(0, MOST_LISTED).map(row);
  const more = found.length - rows.length;
  if (more > 0) rows.push(element('p', `and ${more} more: type a part of the name`));
  by_id('list').replaceChildren(...rows);
  by_id('files').hidden = given.files.length === 0;
}

function row(path) {
  const details = element('details');
  const dump = element('pre', 'reading', { className: 'dump', tabIndex: 0 });
  details.append(element('summary', shown(path)), dump);
  details.addEventListener('toggle', async () => {
    try {
      dump.textContent = (await aside.ask({ what: 'dump', path }, given.files)).answer.text.trim();
    } catch (error) {
      dump.textContent = `cannot be shown: ${shown(error.message)}`;
    }
  }, { once: true });
  return details;
}

// How many letters of a `pre` fit beside each other in a part of the page.
function columns_of(part) {
  const [line, ruler] = [element('pre'), element('span', '0'.repeat(MOST_COLUMNS), { id: 'page-ruler' })];
  line.append(ruler);
  part.replaceChildren(line);
  const { paddingLeft, paddingRight } = getComputedStyle(line);
  const room = line.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  const fit = Math.floor(room / ruler.getBoundingClientRect().width * MOST_COLUMNS);
  line.remove();
  return Math.max(FEWEST_COLUMNS, Math.min(MOST_COLUMNS, fit));
}

async function explain(event) {
  event.preventDefault();
  const topic = by_id('topic').value.trim();
  if (topic === '') return by_id('meaning').replaceChildren();
  try {
    const { answer } = await aside.ask({ what: 'explain', topic, columns: columns_of(by_id('meaning')) }, []);
    const words = answer.text.trim();
    const made = words ? element('pre', words) : element('p', `${shown(topic)} is not known here.`);
    by_id('meaning').replaceChildren(made);
  } catch (error) {
    if (!(error instanceof Stopped)) failed(error);
  }
}

function save(ending, type, text) {
  const name = given.folder.replaceAll(/[^\w.-]+/g, '_').replace(/^\.+$/, 'files');
  const address = URL.createObjectURL(new Blob([text], { type }));
  element('a', '', { href: address, download: `edbmend-check-${name}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function save_html() {
  const at = kept.html.lastIndexOf('<footer>');
  save('html', 'text/html', kept.html.slice(0, at) + by_id('limits').innerHTML + kept.html.slice(at));
}

// ---- words

// Marks that turn a line round, and control characters, are written out.
const shown = (text) => String(text).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu,
  (letter) => `\\u{${letter.codePointAt(0).toString(16)}}`);
const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);
const count = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;
const time = (seconds) => seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

function size(bytes) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${step === 0 ? Math.round(bytes) : (bytes / 1024 ** step).toFixed(1)} ${units[step]}`;
}

for (const id of ['folder', 'single']) {
  by_id(id).addEventListener('click', forget_picked);
  by_id(id).addEventListener('change', picked);
}
by_id('look').addEventListener('click', look);
by_id('stop').addEventListener('click', stop);
by_id('filter').addEventListener('input', list);
by_id('ask').addEventListener('submit', explain);
by_id('save-html').addEventListener('click', save_html);
by_id('save-json').addEventListener('click', () => save('json', 'application/json', kept.json));
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.querySelector('.pick').classList.add('over');
});
document.addEventListener('dragleave', () => document.querySelector('.pick').classList.remove('over'));
document.addEventListener('drop', dropped);
