#![no_main]

#[path = "../log_entries.rs"]
#[allow(dead_code)] // one of them is used
mod log_entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| log_entries::log_records(bytes));
