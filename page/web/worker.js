'use strict';
// The other side of the program: reads slices of the files, hands over the question, passes on what it is told.

const AHEAD_BYTES = 4 * 1024 * 1024;
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
let paths = [];
let question = new Uint8Array();
let trouble = new Uint8Array();
let answer;
let panic;
let ahead = { file: -1, start: 0, bytes: new Uint8Array() };
let done = 0;
let read_bytes = 0;
let told_at = 0;

const at = (pointer, length) => new Uint8Array(memory.buffer, pointer, length);
const text_at = (pointer, length) => text.decode(at(pointer, length));

function slice(file, start, end) {
  const bytes = new Uint8Array(reader.readAsArrayBuffer(files[file].slice(start, end)));
  read_bytes += bytes.length;
  return bytes;
}

// What follows the last read comes in larger slices.
function bytes_from(file, offset, length) {
  const end_ahead = ahead.start + ahead.bytes.length;
  if (file === ahead.file && offset >= ahead.start && offset + length <= end_ahead) {
    return ahead.bytes.subarray(offset - ahead.start, offset - ahead.start + length);
  }
  const follows = file === ahead.file && offset === end_ahead;
  const wanted = follows ? Math.max(length, AHEAD_BYTES) : length;
  ahead = { file, start: offset, bytes: slice(file, offset, Math.min(offset + wanted, files[file].size)) };
  return ahead.bytes.subarray(0, length);
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
      ahead.file = -1;
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
async function ask(asked) {
  [answer, panic, read_bytes] = [undefined, undefined, 0];
  const names = files.map((file, place) => ({ path: paths[place], bytes: file.size, modified_ms: file.lastModified }));
  question = bytes_of.encode(JSON.stringify({ asked, files: names }));
  const instance = await WebAssembly.instantiate(await program, { page });
  memory = instance.exports.memory;
  instance.exports.edbmend_answer();
  postMessage({ kind: 'answer', answer, used: { memory_bytes: memory.buffer.byteLength, read_bytes } });
}

async function heard(data) {
  if (data.program) program = WebAssembly.compile(data.program);
  if (data.files) {
    ({ files, paths } = data);
    ahead.file = -1;
  }
  if (data.asked) await ask(data.asked);
}

function failed(error) {
  postMessage({ kind: 'panic', what: panic ?? `${error.name}: ${error.message}` });
}

// One question after the other.
let before = Promise.resolve();
onmessage = ({ data }) => { before = before.then(() => heard(data)).catch(failed); };
