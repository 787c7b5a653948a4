//! The real program on the real kernel and real file systems: killed, failed, out of space, of threads, locked
//! out.

#![cfg(unix)]

mod backup;
mod environment;
mod exchange_2003;
mod exchanged;
mod full_disk;
#[path = "../harness/mod.rs"]
mod harness;
mod kill;
mod lease;
mod left_behind;
mod many_logs;
mod moved_along;
mod pending_operations;
mod power;
mod power_loss;
mod readers;
mod reset_volumes;
mod scene;
mod stalled;
mod trust;
mod two_runs;
mod unreadable_files;
mod volumes;
mod ways_back;
