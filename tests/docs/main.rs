//! Documents and practice files are what the program does and makes.

#![cfg(unix)]

mod documents;
mod format_page;
#[path = "../harness/mod.rs"]
mod harness;
mod samples;
