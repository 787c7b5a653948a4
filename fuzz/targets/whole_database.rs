#![no_main]

#[path = "../../tests/crash/model/mod.rs"]
#[allow(dead_code)] // only the storage in memory is used
mod model;
#[path = "../entries.rs"]
#[allow(dead_code)] // one of them is used
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::whole_database(bytes));
