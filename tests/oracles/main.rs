//! Files and programs that we did not write: engine-made sets, the engine's own dumps, other readers.

#![cfg(unix)]

mod cases;
mod cut_off;
mod engine_made;
mod engine_sets;
mod foreign_readers;
#[path = "../harness/mod.rs"]
mod harness;
mod log_resets;
mod mh_dumps;
mod ml_mk_dumps;
mod page_verdicts;
mod real_groups;
mod real_logs;
mod real_pages;
mod real_repair;
mod rebuilt_headers;
mod ways_out;
