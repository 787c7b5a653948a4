//! The program for Windows, under Wine, beside the one of this system.

#![cfg(unix)]

#[path = "../harness/mod.rs"]
mod harness;
mod prefix;
mod wine;
