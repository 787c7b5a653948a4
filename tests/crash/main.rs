//! Operations that stop, fail or are disturbed at every single call to the file system, in this process.

#![cfg(unix)]

mod damaged_controls;
mod every_step;
mod faults;
#[path = "../harness/mod.rs"]
mod harness;
mod hostile;
mod hostile_logs;
mod model;
mod proof;
mod reset_every_step;
mod second_writer;
