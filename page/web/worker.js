'use strict';
// The other side of the program: reads slices of the files, hands over the question, passes on what it is told.

// With 4 MiB a file took Chromium twice as long.
const MOST_BYTES = 16 * 1024 * 1024;
const HEAD_BYTES = 4096;
const MOST_HEADS = 256;
const PAUSE_MS = 100;
const FAILED = -1;
// A browser reads a file as it was when it was picked, or not at all.
const ADVICE = {
  NotFoundError: ' (was it moved since it was picked? pick the files again)',
  NotReadableError: ' (was it changed since it was picked? pick the files again)',
};

const reader = new FileReaderSync();
const text = new TextDecoder();
const bytes_of = new TextEncoder();

let program;
let memory;
let files = [];
let question = new Uint8Array();
let trouble = new Uint8Array();
let answer;
let panic;
// Where the program read last, and what is held for what it will ask next: a stretch of a file, and the first bytes of
// files that lie side by side.
let last;
let stretch;
let heads;
let done = 0;
let reads = 0;
let read_bytes = 0;
let told_at = 0;

const at = (pointer, length) => new Uint8Array(memory.buffer, pointer, length);
const text_at = (pointer, length) => text.decode(at(pointer, length));

function read(blob) {
  const bytes = new Uint8Array(reader.readAsArrayBuffer(blob));
  if (bytes.length !== blob.size) throw new DOMException('the file became shorter', 'NotReadableError');
  reads += 1;
  read_bytes += bytes.length;
  return bytes;
}

function forget() {
  last = { file: -1, end: 0 };
  stretch = { file: -1, start: 0, bytes: new Uint8Array(), asked: 0 };
  heads = { bytes_of: new Map(), next: -1, asked: 0 };
}

function bytes_from(file, offset, length) {
  const follows = file === last.file && offset === last.end;
  last = { file, end: offset + length };
  if (offset === 0 && length <= HEAD_BYTES) return head_of(file).subarray(0, length);
  const end = stretch.start + stretch.bytes.length;
  if (file !== stretch.file || offset < stretch.start || offset + length > end) {
    const wanted = follows ? Math.min(Math.max(stretch.asked, length) * 2, MOST_BYTES) : length;
    more_or_least(wanted, length, (bytes) => read_stretch(file, offset, bytes));
  }
  return stretch.bytes.subarray(offset - stretch.start, offset - stretch.start + length);
}

function head_of(file) {
  if (!heads.bytes_of.has(file)) {
    const wanted = file === heads.next ? Math.min(heads.asked * 2, MOST_HEADS) : 1;
    more_or_least(wanted, 1, (count) => read_heads(file, count));
  }
  return heads.bytes_of.get(file);
}

// A browser takes a millisecond or more for each read: who goes on gets more with each. Of what cannot be read as a whole
// only the least is asked for, for the fault may lie behind it.
function more_or_least(wanted, least, read_so_much) {
  try {
    read_so_much(wanted);
  } catch (error) {
    if (wanted <= least) throw error;
    read_so_much(least);
  }
}

function read_stretch(file, start, asked) {
  const bytes = read(files[file].slice(start, Math.min(start + asked, files[file].size)));
  stretch = { file, start, bytes, asked };
}

function read_heads(file, asked) {
  const parts = files.slice(file, file + asked).map((part) => part.slice(0, HEAD_BYTES));
  const bytes = read(new Blob(parts));
  heads = { bytes_of: new Map(), next: file + asked, asked };
  let end = 0;
  parts.forEach((part, place) => heads.bytes_of.set(file + place, bytes.subarray(end, end += part.size)));
}

function begin(what, total) {
  done = 0;
  told_at = 0;
  postMessage({ kind: 'begin', what, total });
}

const page = {
  question_length: () => question.length,
  take_question: (into) => at(into, question.length).set(question),
  read_slice(file, offset, into, length) {
    try {
      const bytes = bytes_from(file, offset, length);
      at(into, bytes.length).set(bytes);
      return bytes.length;
    } catch (error) {
      trouble = bytes_of.encode(`the browser says ${error.name}: ${error.message}${ADVICE[error.name] ?? ''}`);
      return FAILED;
    }
  },
  trouble_length: () => trouble.length,
  take_trouble: (into) => at(into, trouble.length).set(trouble),
  hear_answer(pointer, length) { answer = JSON.parse(text_at(pointer, length)); },
  hear_panic(pointer, length) { panic = text_at(pointer, length); },
  hear_stage: (pointer, length) => postMessage({ kind: 'stage', what: text_at(pointer, length) }),
  hear_begin: (pointer, length, total) => begin(text_at(pointer, length), total),
  hear_advance(more) {
    done += more;
    const now = performance.now();
    if (now - told_at < PAUSE_MS) return;
    told_at = now;
    postMessage({ kind: 'advance', done });
  },
  now_ms: () => Date.now(),
};

// Every question has an instance of its own: nothing of the one before is left, and a panic spoils no other.
async function ask(asked, given) {
  [answer, panic, reads, read_bytes] = [undefined, undefined, 0, 0];
  files = given.map(({ file }) => file);
  forget();
  const names = given.map(({ path, file }) => ({ path, bytes: file.size, modified_ms: file.lastModified }));
  question = bytes_of.encode(JSON.stringify({ asked, files: names }));
  const instance = await WebAssembly.instantiate(await program, { page });
  memory = instance.exports.memory;
  instance.exports.edbmend_answer();
  postMessage({ kind: 'answer', answer, used: { memory_bytes: memory.buffer.byteLength, reads, read_bytes } });
}

async function heard({ unpacked, asked, given }) {
  if (unpacked) program = WebAssembly.compile(unpacked);
  if (asked) await ask(asked, given);
}

function failed(error) {
  postMessage({ kind: 'panic', what: panic ?? `${error.name}: ${error.message}` });
}

// One question after the other.
let before = Promise.resolve();
onmessage = ({ data }) => { before = before.then(() => heard(data)).catch(failed); };
