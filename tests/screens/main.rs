//! What people see: the text of every finding and refusal, terminals, pipes, shells, man pages.

#![cfg(unix)]

mod book;
mod browser_page;
mod first_screen;
#[path = "../harness/mod.rs"]
mod harness;
mod interactive;
mod output;
mod pages;
mod shell;
