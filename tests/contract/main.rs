//! What the program promises to those who call it: exit codes, JSON, messages, and what it refuses.

#![cfg(unix)]

mod bad_input;
mod earlier_release;
mod evidence;
mod footprint;
mod forecasts;
#[path = "../harness/mod.rs"]
mod harness;
mod html;
mod laws;
mod library;
mod list;
mod log_file;
mod mutations;
mod neighbours;
mod picked;
mod rebuild_header;
mod records;
mod remedies;
mod reset_guards;
mod reset_logs;
mod schema;
mod shared;
mod storage_groups;
mod verdicts;
mod verify;
mod verify_logs;
