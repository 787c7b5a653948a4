//! What the page does for the program. Every buffer is one of the program's own: the page fills it, or reads it, before
//! the call returns.

use std::io;

use chrono::{DateTime, Utc};

/// What a read answers that failed; then the page keeps why.
const FAILED: i32 = -1;

#[link(wasm_import_module = "page")]
unsafe extern "C" {
    fn question_length() -> u32;
    fn take_question(into: *mut u8);
    fn read_slice(file: u32, offset: f64, into: *mut u8, length: u32) -> i32;
    fn trouble_length() -> u32;
    fn take_trouble(into: *mut u8);
    fn hear_answer(text: *const u8, length: u32);
    fn hear_panic(text: *const u8, length: u32);
    fn hear_stage(text: *const u8, length: u32);
    fn hear_begin(text: *const u8, length: u32, total: f64);
    fn hear_advance(done: f64);
    fn now_ms() -> f64;
}

/// What the page asks, as JSON.
pub fn question() -> Vec<u8> {
    taken(question_length, take_question)
}

/// A text of the page, with the functions that tell its length and that copy it.
fn taken(length: unsafe extern "C" fn() -> u32, take: unsafe extern "C" fn(*mut u8)) -> Vec<u8> {
    // SAFETY: the page fills as many bytes as it said there are.
    unsafe {
        let mut text = vec![0; length() as usize];
        take(text.as_mut_ptr());
        text
    }
}

/// Reads at most `buffer.len()` bytes of a file at an offset, which is below 2^53.
pub fn read(file: usize, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let (file, wanted) = (file as u32, buffer.len() as u32);
    // SAFETY: the page fills no more bytes than were asked for.
    let read = unsafe { read_slice(file, offset as f64, buffer.as_mut_ptr(), wanted) };
    if read == FAILED { Err(io::Error::other(trouble())) } else { Ok(read as usize) }
}

/// Why the last read failed, as the browser says it.
fn trouble() -> String {
    String::from_utf8_lossy(&taken(trouble_length, take_trouble)).into_owned()
}

/// Hands the answer over.
pub fn tell_answer(text: &str) {
    // SAFETY: the page reads the bytes of the text.
    unsafe { hear_answer(text.as_ptr(), text.len() as u32) }
}

/// Says why the program ends.
pub fn tell_panic(text: &str) {
    // SAFETY: the page reads the bytes of the text.
    unsafe { hear_panic(text.as_ptr(), text.len() as u32) }
}

/// Says what begins.
pub fn tell_stage(text: &str) {
    // SAFETY: the page reads the bytes of the text.
    unsafe { hear_stage(text.as_ptr(), text.len() as u32) }
}

/// Says that bytes will be read; of files it is not known how many there are, and `total` is 0.
pub fn tell_begin(text: &str, total: u64) {
    // SAFETY: the page reads the bytes of the text.
    unsafe { hear_begin(text.as_ptr(), text.len() as u32, total as f64) }
}

/// Says that so many more bytes or files were read.
pub fn tell_advance(done: u64) {
    // SAFETY: no memory is handed over.
    unsafe { hear_advance(done as f64) }
}

/// The time of the browser.
pub fn now() -> DateTime<Utc> {
    // SAFETY: no memory is handed over.
    let milliseconds = unsafe { now_ms() };
    DateTime::from_timestamp_millis(milliseconds as i64).unwrap_or_default()
}
